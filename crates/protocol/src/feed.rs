//! The feed: two events a run, two more a question, and the snapshot that a subscriber starts from.

use serde::{Deserialize, Serialize};

use crate::{Job, Timestamp, omitted::is_default, question::Question};

/// How many jobs there are, as of one sequence. Any single event makes a badge right.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Counts {
    /// Jobs that run.
    pub running: u32,
    /// Jobs that wait for a worker.
    #[serde(default)]
    pub queued: u32,
    /// Questions that are open.
    #[serde(default)]
    pub waiting: u32,
}

/// The data of an event.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Event {
    /// When the hub committed it.
    pub at: Timestamp,
    /// Counts as of this event.
    pub counts: Counts,
    /// The job as of this event.
    pub job: Job,
    /// The question as of this event, when it tells about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<Question>,
    /// Whether a run that was told as lost has ended after all. The counts do not move.
    #[serde(default, skip_serializing_if = "is_default")]
    pub late: bool,
}

/// The data of an event about a question: an `Event`, and which question somebody should look at now. A reader that does not
/// show questions one at a time reads it as an `Event`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct QuestionEvent {
    /// What every event has.
    #[serde(flatten)]
    pub event: Event,
    /// The oldest of the questions that are open as of this event, of whatever job; `None` when none is. How many there are
    /// stands in the counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Question>,
}

/// What an event tells. On the wire the SSE `event` field.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum EventKind {
    /// `job.started`: a job runs; also when a lost one comes back.
    JobStarted,
    /// `job.finished`: a job ended, was cancelled or was lost.
    JobFinished,
    /// `question.asked`: a job waits for somebody's answer.
    QuestionAsked,
    /// `question.closed`: it was answered, withdrawn or expired, or its job is over.
    QuestionClosed,
}

/// The data of a `snapshot`: everything a subscriber must know before its first event.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Snapshot {
    /// Counts as of the snapshot's id.
    pub counts: Counts,
    /// Every running job, oldest start first, without progress; of thousands, those that started last, as
    /// many as 1.5 MiB hold.
    pub running: Vec<Job>,
    /// Every open question, oldest first, within the same bound.
    #[serde(default)]
    pub questions: Vec<Question>,
    /// The hub's clock.
    pub now: Timestamp,
    /// Whether events may have been missed: the Last-Event-ID was too old or unknown.
    pub gap: bool,
}

/// One message of the feed.
#[derive(Clone, Debug, PartialEq)]
pub enum FeedMessage {
    /// The state to start from; replaces all that was known.
    Snapshot(Snapshot),
    /// One change.
    Event(FeedEvent),
}

/// One change, as the feed tells it: each kind with the data that it has, which is all that it is written as.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum FeedEvent {
    /// See [`EventKind::JobStarted`].
    JobStarted(Box<Event>),
    /// See [`EventKind::JobFinished`].
    JobFinished(Box<Event>),
    /// See [`EventKind::QuestionAsked`].
    QuestionAsked(Box<QuestionEvent>),
    /// See [`EventKind::QuestionClosed`].
    QuestionClosed(Box<QuestionEvent>),
}

/// Why a message of the feed could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the hub sent a {event} that cannot be read: {source}")]
pub struct DecodeError {
    event: String,
    source: serde_json::Error,
}

impl EventKind {
    /// Every kind that this version knows.
    pub const ALL: [Self; 4] = [Self::JobStarted, Self::JobFinished, Self::QuestionAsked, Self::QuestionClosed];

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::JobStarted => "job.started",
            Self::JobFinished => "job.finished",
            Self::QuestionAsked => "question.asked",
            Self::QuestionClosed => "question.closed",
        }
    }

    /// The kind that `name` stands for, if this version knows it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl FeedMessage {
    /// SSE `event` field of a snapshot.
    pub const SNAPSHOT: &str = "snapshot";
    /// Header of the answer that opens a feed: the id of the newest event at that moment.
    pub const NEWEST_HEADER: &str = "doorbell-newest";

    /// Reads a message by its SSE `event` and `data` fields. `None` is an event of a later version, to be passed over.
    ///
    /// # Errors
    /// The data is not what the event's name promises.
    pub fn decode(event: &str, data: &str) -> Result<Option<Self>, DecodeError> {
        let error = |source| DecodeError { event: event.to_owned(), source };
        if event == Self::SNAPSHOT {
            return serde_json::from_str(data).map(|snapshot| Some(Self::Snapshot(snapshot))).map_err(error);
        }
        EventKind::from_name(event).map(|kind| FeedEvent::decode(kind, data).map(Self::Event).map_err(error)).transpose()
    }

    /// How many jobs there are, as of this message.
    #[must_use]
    pub fn counts(&self) -> Counts {
        match self {
            Self::Snapshot(snapshot) => snapshot.counts,
            Self::Event(event) => event.data().counts,
        }
    }
}

impl FeedEvent {
    /// What it tells.
    #[must_use]
    pub fn kind(&self) -> EventKind {
        match self {
            Self::JobStarted(_) => EventKind::JobStarted,
            Self::JobFinished(_) => EventKind::JobFinished,
            Self::QuestionAsked(_) => EventKind::QuestionAsked,
            Self::QuestionClosed(_) => EventKind::QuestionClosed,
        }
    }

    /// What every event has.
    #[must_use]
    pub fn data(&self) -> &Event {
        match self {
            Self::JobStarted(event) | Self::JobFinished(event) => event,
            Self::QuestionAsked(question) | Self::QuestionClosed(question) => &question.event,
        }
    }

    /// What every event has, without what only some have.
    #[must_use]
    pub fn into_data(self) -> Event {
        match self {
            Self::JobStarted(event) | Self::JobFinished(event) => *event,
            Self::QuestionAsked(question) | Self::QuestionClosed(question) => question.event,
        }
    }

    fn decode(kind: EventKind, data: &str) -> serde_json::Result<Self> {
        Ok(match kind {
            EventKind::JobStarted => Self::JobStarted(serde_json::from_str(data)?),
            EventKind::JobFinished => Self::JobFinished(serde_json::from_str(data)?),
            EventKind::QuestionAsked => Self::QuestionAsked(serde_json::from_str(data)?),
            EventKind::QuestionClosed => Self::QuestionClosed(serde_json::from_str(data)?),
        })
    }
}
