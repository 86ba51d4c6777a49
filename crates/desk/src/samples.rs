//! Values that tests start from.

use doorbell_protocol::{
    Counts, Event, EventKind, FeedEvent, Job, JobId, JobState, Question, QuestionEvent, QuestionId, QuestionState, Timestamp,
};

use crate::hub_id::HubId;

/// The hub that most tests have.
pub(crate) fn hub() -> HubId {
    HubId::discovered()
}

/// A running job.
pub(crate) fn job(n: u8) -> Job {
    let id = format!("00000000-0000-7000-8000-0000000000{n:02x}");
    let at = Timestamp::from_millis(i64::from(n));
    Job { state: JobState::Running, started_at: Some(at), attempt: 1, ..Job::new(id.parse::<JobId>().unwrap(), "make", "make", at) }
}

/// An open question of [`job`]`(n)`.
pub(crate) fn question(n: u8) -> Question {
    Question {
        id: QuestionId(job(n).id.0),
        job: job(n).id,
        state: QuestionState::Open,
        prompt: "Deploy?".to_owned(),
        detail: None,
        choices: Vec::new(),
        free_text: true,
        asked_at: Timestamp::from_millis(i64::from(n)),
        expires_at: None,
        closed_at: None,
        answer: None,
    }
}

/// An event of `job`, after which `running` jobs run.
pub(crate) fn event(kind: EventKind, running: u32, job: Job) -> FeedEvent {
    tell(kind, data(running, job))
}

/// What every event has, when it is about `job` and `running` jobs run after it.
pub(crate) fn data(running: u32, job: Job) -> Event {
    Event { at: Timestamp::EPOCH, counts: Counts { running, ..Counts::default() }, job, question: None, late: false }
}

/// The same of an event about a question.
pub(crate) fn about(question: Question, running: u32, job: Job) -> Event {
    Event { question: Some(question), ..data(running, job) }
}

/// What is told of a question that is as `question` says, when this is so and `head` is first then.
pub(crate) fn about_question(question: Question, counts: Counts, head: Option<Question>) -> FeedEvent {
    let is_open = question.state == QuestionState::Open;
    let job = Job { waiting: u32::from(is_open), id: question.job, ..job(1) };
    let told = Box::new(QuestionEvent { event: Event { counts, ..about(question, 1, job) }, head });
    if is_open { FeedEvent::QuestionAsked(told) } else { FeedEvent::QuestionClosed(told) }
}

/// The event that tells this, of a hub that does not say which question is first.
pub(crate) fn tell(kind: EventKind, event: Event) -> FeedEvent {
    let question = |event| Box::new(QuestionEvent { event, head: None });
    match kind {
        EventKind::JobStarted => FeedEvent::JobStarted(Box::new(event)),
        EventKind::JobFinished => FeedEvent::JobFinished(Box::new(event)),
        EventKind::QuestionAsked => FeedEvent::QuestionAsked(question(event)),
        EventKind::QuestionClosed => FeedEvent::QuestionClosed(question(event)),
    }
}
