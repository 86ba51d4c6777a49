//! Calls about questions.

use std::time::Duration;

use doorbell_protocol::{
    Fence, JobId, Question, QuestionId, limits,
    question::{NewAnswer, NewQuestion, OneQuestion, QuestionList, QuestionQuery, QuestionWait, Withdrawal},
    routes,
};

use super::{Call, CallError, Client};

impl Client {
    /// `POST /v1/jobs/{id}/questions`. With an id of the asker's choice it is safe to repeat. Also renews the
    /// lease.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn ask_question(&self, job: JobId, question: &NewQuestion) -> Result<Question, CallError> {
        Ok(self.call_with(&routes::ASK_QUESTION, job, question).await?.question)
    }

    /// `GET /v1/questions?state=open`, oldest first.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn open_questions(&self) -> Result<Vec<Question>, CallError> {
        Ok(self.questions(&QuestionQuery::default()).await?.questions)
    }

    /// `GET /v1/questions`: every open question, or a page of those that `query` asks for.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn questions(&self, query: &QuestionQuery) -> Result<QuestionList, CallError> {
        self.call(&routes::LIST_QUESTIONS, (), query).await
    }

    /// `GET /v1/questions/{id}?wait_ms=`: the question as soon as it is closed, or as it is after `wait`, at
    /// most 60 s.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn question(&self, id: QuestionId, wait: Duration) -> Result<Question, CallError> {
        let wait = wait.min(limits::WAIT);
        let query = QuestionWait { wait_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX) };
        let answer: OneQuestion = self.send(Call::of(&routes::GET_QUESTION, &id, &query).waiting(wait)).await?.json()?;
        Ok(answer.question)
    }

    /// `POST /v1/questions/{id}/answer`. The first answer wins.
    ///
    /// # Errors
    /// See [`CallError`]. A question that is not open is 409.
    pub async fn answer_question(&self, id: QuestionId, answer: &NewAnswer) -> Result<Question, CallError> {
        Ok(self.call_with(&routes::ANSWER_QUESTION, id, answer).await?.question)
    }

    /// `POST /v1/questions/{id}/withdraw`: the asker needs no answer any more. Calling it twice is no error.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn withdraw_question(&self, id: QuestionId, fence: Option<Fence>) -> Result<Question, CallError> {
        Ok(self.call_with(&routes::WITHDRAW_QUESTION, id, &Withdrawal { fence }).await?.question)
    }
}
