//! The state machine of a question: every move that exists, and nothing else.
//!
//! Pure, as [`job`](crate::domain::job) is. A move changes the question and its job together: `job.waiting` is how many of the
//! job's questions are open, before and after.

use std::time::Duration;

use doorbell_protocol::{
    EventKind, Fence, JobState, Question, QuestionId, QuestionState, Timestamp, limits,
    question::{Answer, NewAnswer, NewQuestion},
};

use crate::domain::{
    job::{self, Record},
    rights::Actor,
};

/// A question's new state, its job's, and what the feed tells about it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Move {
    pub(crate) record: Record,
    pub(crate) question: Question,
    pub(crate) kind: EventKind,
}

#[derive(Clone, Debug)]
pub(crate) enum Command {
    /// The person `by` answers. The answer has passed its checks.
    Answer { answer: NewAnswer, by: String },
    /// The asker needs no answer any more.
    Withdraw { fence: Option<Fence>, by: Actor },
    /// Its time may be up.
    Expire,
    /// Its job ends.
    Close,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    NotFound(QuestionId),
    IdTaken(QuestionId),
    LeaseStale,
    /// They may not speak for the run.
    NoSpeaker(job::Refusal),
    TooMany,
    AlreadyAnswered,
    NotOpen(QuestionState),
    NoSuchChoice,
    NoFreeText,
}

/// Asks. `new` has passed its checks.
pub(crate) fn ask(record: &Record, id: QuestionId, new: NewQuestion, by: Actor, now: Timestamp) -> Result<Move, Refusal> {
    record.check_speaker(by, new.fence).map_err(Refusal::NoSpeaker)?;
    if new.fence.is_some_and(|fence| fence != record.fence) || record.job.state != JobState::Running {
        return Err(Refusal::LeaseStale);
    }
    if record.job.waiting >= limits::QUESTIONS_OPEN {
        return Err(Refusal::TooMany);
    }
    let question = Question {
        id,
        job: record.job.id,
        state: QuestionState::Open,
        prompt: new.prompt,
        detail: new.detail,
        choices: new.choices,
        free_text: new.free_text,
        asked_at: now,
        expires_at: new.expires_in_ms.map(|millis| now + Duration::from_millis(millis)),
        closed_at: None,
        answer: None,
    };
    let mut record = record.clone();
    record.job.waiting += 1;
    Ok(Move { record, question, kind: EventKind::QuestionAsked })
}

/// What `command` does to `question` and to its job; `None` when it was done before and changes nothing.
pub(crate) fn decide(record: &Record, question: &Question, command: Command, now: Timestamp) -> Result<Option<Move>, Refusal> {
    let is_due = question.expires_at.is_some_and(|at| at <= now);
    if let Command::Withdraw { fence, by } = &command {
        record.check_speaker(*by, *fence).map_err(Refusal::NoSpeaker)?;
    }
    match (question.state, command) {
        (QuestionState::Open, Command::Answer { .. }) if is_due => Err(Refusal::NotOpen(QuestionState::Expired)),
        (QuestionState::Open, Command::Answer { answer, by }) => answered(record, question, answer, by, now).map(Some),
        (QuestionState::Open, Command::Withdraw { fence: Some(fence), .. }) if fence != record.fence => Err(Refusal::LeaseStale),
        (QuestionState::Open, Command::Withdraw { .. }) => Ok(Some(close(record, question, QuestionState::Withdrawn, now))),
        (QuestionState::Open, Command::Expire) => Ok(is_due.then(|| close(record, question, QuestionState::Expired, now))),
        (QuestionState::Open, Command::Close) => Ok(Some(close(record, question, QuestionState::Closed, now))),
        (QuestionState::Withdrawn, Command::Withdraw { .. }) | (_, Command::Expire | Command::Close) => Ok(None),
        (QuestionState::Answered, Command::Answer { .. } | Command::Withdraw { .. }) => Err(Refusal::AlreadyAnswered),
        (closed, Command::Answer { .. } | Command::Withdraw { .. }) => Err(Refusal::NotOpen(closed)),
    }
}

fn answered(
    record: &Record,
    question: &Question,
    NewAnswer { choice, text, from }: NewAnswer,
    by: String,
    now: Timestamp,
) -> Result<Move, Refusal> {
    if choice.as_ref().is_some_and(|id| !question.choices.iter().any(|choice| choice.id == *id)) {
        return Err(Refusal::NoSuchChoice);
    }
    if text.is_some() && !question.free_text {
        return Err(Refusal::NoFreeText);
    }
    let mut answered = close(record, question, QuestionState::Answered, now);
    answered.question.answer = Some(Answer { choice, text, by: Some(by), from, at: now });
    Ok(answered)
}

fn close(record: &Record, question: &Question, state: QuestionState, now: Timestamp) -> Move {
    let mut record = record.clone();
    record.job.waiting = record.job.waiting.saturating_sub(1);
    // A clock that was set back closes nothing before it was asked.
    let question = Question { state, closed_at: Some(now.max(question.asked_at)), ..question.clone() };
    Move { record, question, kind: EventKind::QuestionClosed }
}

#[cfg(test)]
mod tests {
    use doorbell_protocol::{Choice, JobId, Outcome, jobs::FinishReport, jobs::NewJob, question::ChoiceStyle};
    use uuid::Uuid;

    use super::*;
    use crate::domain::rights::Principal;

    const NOW: Timestamp = Timestamp::EPOCH;

    fn later(seconds: u64) -> Timestamp {
        NOW + Duration::from_secs(seconds)
    }

    fn running() -> Record {
        let new = NewJob { name: "deploy".to_owned(), start: true, ..NewJob::default() };
        job::create(JobId(Uuid::from_u128(1)), new, Principal::Owner, Fence(1), NOW).record
    }

    fn new(fence: u64) -> NewQuestion {
        let choice = |id: &str| Choice { id: id.to_owned(), label: id.to_owned(), style: ChoiceStyle::Plain };
        NewQuestion {
            id: None,
            fence: Some(Fence(fence)),
            prompt: "Deploy?".to_owned(),
            detail: None,
            choices: vec![choice("yes"), choice("no")],
            free_text: false,
            expires_in_ms: Some(60_000),
        }
    }

    fn asked() -> Move {
        ask(&running(), QuestionId(Uuid::from_u128(2)), new(1), Actor::OWNER, NOW).unwrap()
    }

    fn answer(answer: NewAnswer) -> Command {
        Command::Answer { answer, by: "ada".to_owned() }
    }

    fn yes() -> Command {
        answer(NewAnswer { choice: Some("yes".to_owned()), ..NewAnswer::default() })
    }

    fn then(before: &Move, command: Command, at: Timestamp) -> Result<Option<Move>, Refusal> {
        decide(&before.record, &before.question, command, at)
    }

    #[test]
    fn a_question_is_told_twice_and_its_job_waits_in_between() {
        let asked = asked();
        assert_eq!((asked.kind, asked.record.job.waiting, asked.question.expires_at), (EventKind::QuestionAsked, 1, Some(later(60))));
        let answered = then(&asked, yes(), later(5)).unwrap().unwrap();
        assert_eq!((answered.kind, answered.record.job.waiting), (EventKind::QuestionClosed, 0));
        assert_eq!((answered.question.state, answered.question.closed_at), (QuestionState::Answered, Some(later(5))));
        let answer = answered.question.answer.unwrap();
        assert_eq!((answer.choice.as_deref(), answer.by.as_deref(), answer.at), (Some("yes"), Some("ada"), later(5)));
    }

    #[test]
    fn only_the_runner_of_a_running_job_asks_or_its_program() {
        let id = QuestionId(Uuid::from_u128(2));
        assert!(ask(&running(), id, NewQuestion { fence: None, ..new(1) }, Actor::OWNER, NOW).is_ok());
        assert_eq!(ask(&running(), id, new(2), Actor::OWNER, NOW), Err(Refusal::LeaseStale));
        let report = FinishReport { fence: Fence(1), outcome: Outcome::Succeeded, exit_code: None, failure: None, finished_at: None };
        let over = job::decide(&running(), job::Command::Finish { report, progress: None, by: Actor::OWNER }, NOW).unwrap().unwrap().record;
        assert_eq!(ask(&over, id, new(1), Actor::OWNER, NOW), Err(Refusal::LeaseStale));
    }

    #[test]
    fn a_job_has_sixteen_open_questions_at_most() {
        let mut record = running();
        for n in 0..limits::QUESTIONS_OPEN {
            record = ask(&record, QuestionId(Uuid::from_u128(n.into())), new(1), Actor::OWNER, NOW).unwrap().record;
        }
        assert_eq!(ask(&record, QuestionId(Uuid::nil()), new(1), Actor::OWNER, NOW), Err(Refusal::TooMany));
    }

    #[test]
    fn an_answer_is_one_that_the_question_offers() {
        let text = NewAnswer { text: Some("maybe".to_owned()), ..NewAnswer::default() };
        let choice = NewAnswer { choice: Some("maybe".to_owned()), ..NewAnswer::default() };
        assert_eq!(then(&asked(), answer(text.clone()), NOW), Err(Refusal::NoFreeText));
        assert_eq!(then(&asked(), answer(choice), NOW), Err(Refusal::NoSuchChoice));
        let mut free = asked();
        free.question.free_text = true;
        assert!(matches!(then(&free, answer(text), NOW), Ok(Some(_))));
    }

    #[test]
    fn what_is_closed_stays_as_it_is() {
        let asked = asked();
        let withdraw = || Command::Withdraw { fence: Some(Fence(1)), by: Actor::OWNER };
        for (first, again, others) in [
            (yes(), Err(Refusal::AlreadyAnswered), Refusal::AlreadyAnswered),
            (withdraw(), Ok(None), Refusal::NotOpen(QuestionState::Withdrawn)),
            (Command::Close, Err(Refusal::NotOpen(QuestionState::Closed)), Refusal::NotOpen(QuestionState::Closed)),
        ] {
            let closed = then(&asked, first, later(1)).unwrap().unwrap();
            assert_eq!(then(&closed, withdraw(), later(2)), again);
            assert_eq!(then(&closed, yes(), later(2)), Err(others));
            assert_eq!(then(&closed, Command::Expire, later(99)), Ok(None));
            assert_eq!(then(&closed, Command::Close, later(99)), Ok(None));
        }
    }

    #[test]
    fn another_runner_withdraws_nothing() {
        assert_eq!(then(&asked(), Command::Withdraw { fence: Some(Fence(2)), by: Actor::OWNER }, NOW), Err(Refusal::LeaseStale));
    }

    #[test]
    fn an_answer_that_comes_when_time_is_up_is_none_even_before_the_timer() {
        let asked = asked();
        assert_eq!(then(&asked, Command::Expire, later(59)), Ok(None));
        assert_eq!(then(&asked, yes(), later(60)), Err(Refusal::NotOpen(QuestionState::Expired)));
        let expired = then(&asked, Command::Expire, later(60)).unwrap().unwrap();
        assert_eq!((expired.question.state, expired.question.answer, expired.record.job.waiting), (QuestionState::Expired, None, 0));
    }

    #[test]
    fn a_clock_that_was_set_back_closes_nothing_before_it_was_asked() {
        let asked = ask(&running(), QuestionId(Uuid::nil()), new(1), Actor::OWNER, later(10)).unwrap();
        let closed = then(&asked, Command::Close, later(5)).unwrap().unwrap();
        assert_eq!(closed.question.closed_at, Some(later(10)));
    }
}
