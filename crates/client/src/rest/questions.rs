//! Calls about questions.

use std::time::Duration;

use doorbell_protocol::{
    Fence, JobId, Question, QuestionId, limits,
    question::{NewAnswer, NewQuestion, OneQuestion, QuestionList, Withdrawal},
};
use reqwest::Method;

use super::{CALL, Call, CallError, Client};

impl Client {
    /// `POST /v1/jobs/{id}/questions`. With an id of the asker's choice it is safe to repeat. Also renews the lease.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn ask(&self, job: JobId, question: &NewQuestion) -> Result<Question, CallError> {
        let answer: OneQuestion = self.call(Method::POST, &format!("/v1/jobs/{job}/questions"), question).await?;
        Ok(answer.question)
    }

    /// `GET /v1/questions?state=open`, oldest first.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn open_questions(&self) -> Result<Vec<Question>, CallError> {
        let list: QuestionList = self.get("/v1/questions?state=open").await?;
        Ok(list.questions)
    }

    /// `GET /v1/questions/{id}?wait_ms=`: the question as soon as it is closed, or as it is after `wait`, at most 60 s.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn question(&self, id: QuestionId, wait: Duration) -> Result<Question, CallError> {
        let wait = wait.min(limits::WAIT);
        let path = format!("/v1/questions/{id}?wait_ms={}", wait.as_millis());
        let answer: OneQuestion = self.send(Call::<()> { timeout: wait + CALL, ..Call::new(Method::GET, path) }).await?.json()?;
        Ok(answer.question)
    }

    /// `POST /v1/questions/{id}/answer`. The first answer wins.
    ///
    /// # Errors
    /// See [`CallError`]. A question that is not open is 409.
    pub async fn answer_question(&self, id: QuestionId, answer: &NewAnswer) -> Result<Question, CallError> {
        let answer: OneQuestion = self.call(Method::POST, &format!("/v1/questions/{id}/answer"), answer).await?;
        Ok(answer.question)
    }

    /// `POST /v1/questions/{id}/withdraw`: the asker needs no answer any more. Twice is no error.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn withdraw_question(&self, id: QuestionId, fence: Option<Fence>) -> Result<Question, CallError> {
        let answer: OneQuestion = self.call(Method::POST, &format!("/v1/questions/{id}/withdraw"), &Withdrawal { fence }).await?;
        Ok(answer.question)
    }
}
