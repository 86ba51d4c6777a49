//! What a database must do to be the store, and what goes in and out of it.

use doorbell_protocol::{Epoch, EventKind, Job, JobId, JobState, Question, QuestionId, ScheduleId, Sequence, Timestamp, TokenId, limits};

use super::error::StoreError;
use crate::{
    access::tokens::StoredToken,
    domain::{job::Record, plan::Plan},
};

/// The writing side of a store. One thread owns it.
pub(crate) trait Store: Read {
    /// What the hub must know to go on where it stopped.
    fn load(&mut self) -> Result<Loaded, StoreError>;

    /// Keeps all of `writes`, in their order, or none of them.
    fn commit(&mut self, writes: &[Write]) -> Result<(), StoreError>;

    /// Deletes at most `most` of the jobs that ended before `before`, or that are not among the `keep` which ended last, the
    /// oldest first, with all that belongs to them. Gives their ids, so that what is kept elsewhere can go as well.
    fn delete_old(&mut self, before: Timestamp, keep: usize, most: usize) -> Result<Vec<JobId>, StoreError>;

    /// When the job that ended first did so.
    fn oldest_end(&mut self) -> Result<Option<Timestamp>, StoreError>;

    /// Gives at most `pages` free pages back to the file system, and says whether there are more.
    fn give_back(&mut self, pages: u32) -> Result<bool, StoreError>;

    /// Every token that was kept and not dropped.
    fn tokens(&mut self) -> Result<Vec<StoredToken>, StoreError>;

    fn keep_token(&mut self, token: &StoredToken) -> Result<(), StoreError>;

    /// Removes a token, and says whether there was one.
    fn drop_token(&mut self, id: TokenId) -> Result<bool, StoreError>;

    /// A connection of its own, for reads that must not hold up the writer.
    fn reader(&self) -> Result<Box<dyn Read>, StoreError>;
}

/// Reads of what was committed.
pub(crate) trait Read: Send {
    fn record(&mut self, id: JobId) -> Result<Option<Record>, StoreError>;

    fn question(&mut self, id: QuestionId) -> Result<Option<Question>, StoreError>;

    /// The jobs that `query` asks for, newest first.
    fn page(&mut self, query: &PageQuery) -> Result<Vec<Job>, StoreError>;

    /// The questions that `query` asks for, newest first.
    fn questions(&mut self, query: &QuestionsQuery) -> Result<Vec<Question>, StoreError>;
}

/// One thing that a commit keeps.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly every write is a job")]
pub(crate) enum Write {
    /// A job is new or has changed.
    Job(Change),
    /// A job is deleted.
    Delete(JobId),
    /// A schedule is new or has changed.
    Schedule(Plan),
    /// A schedule is deleted.
    Unschedule(ScheduleId),
}

/// A record's new state, that of its question when that is what changed, and the event that tells it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    pub(crate) record: Record,
    pub(crate) question: Option<Question>,
    pub(crate) event: Option<StoredEvent>,
}

/// An event as it goes over the wire. The newest [`RING_EVENTS`](crate::bounds::RING_EVENTS) are kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StoredEvent {
    pub(crate) seq: Sequence,
    pub(crate) kind: EventKind,
    /// The event as JSON, see [`doorbell_protocol::Event`].
    pub(crate) data: String,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Loaded {
    pub(crate) epoch: Epoch,
    /// The sequence of the newest event; 0 before the first.
    pub(crate) seq: Sequence,
    /// The newest events, oldest first.
    pub(crate) events: Vec<StoredEvent>,
    /// Every queued and running job.
    pub(crate) active: Vec<Record>,
    pub(crate) schedules: Vec<Plan>,
    /// Every open question.
    pub(crate) questions: Vec<Question>,
}

#[derive(Clone, Debug)]
pub(crate) struct PageQuery {
    pub(crate) state: Option<JobState>,
    pub(crate) key: Option<String>,
    /// Only parts of this job.
    pub(crate) parent: Option<JobId>,
    /// Only jobs with this label, by its name and its value.
    pub(crate) label: Option<(String, String)>,
    /// Only jobs with this in their name; ASCII letters in either case.
    pub(crate) text: Option<String>,
    pub(crate) finished_after: Option<Timestamp>,
    /// Only jobs of this token: that it created, or whose run it holds.
    pub(crate) of: Option<TokenId>,
    /// Only jobs older than this one.
    pub(crate) before: Option<JobId>,
    pub(crate) limit: usize,
}

/// Which questions are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QuestionsQuery {
    /// Also those that are open.
    pub(crate) with_open: bool,
    /// Only questions of this job.
    pub(crate) job: Option<JobId>,
    /// Only questions of the jobs of this token.
    pub(crate) of: Option<TokenId>,
    /// Only questions older than this one.
    pub(crate) before: Option<QuestionId>,
    pub(crate) limit: usize,
}

impl Default for PageQuery {
    fn default() -> Self {
        Self {
            state: None,
            key: None,
            parent: None,
            label: None,
            text: None,
            finished_after: None,
            of: None,
            before: None,
            limit: limits::PAGE_JOBS_DEFAULT,
        }
    }
}
