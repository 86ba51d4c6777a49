//! Why a change was not made.

use crate::{
    domain::{job, plan, question},
    state::workers,
    store::StoreError,
};

#[derive(Debug)]
pub(crate) enum WriteError {
    /// The job's state does not allow it.
    Job(job::Refusal),
    /// The question's state does not allow it.
    Question(question::Refusal),
    /// The worker's state does not allow it.
    Worker(workers::Refusal),
    /// There is no such schedule.
    Schedule(plan::Unknown),
    /// The store failed, and nothing was changed: why, for people.
    Storage(String),
    /// The hub is going down.
    ShuttingDown,
}

impl From<job::Refusal> for WriteError {
    fn from(refusal: job::Refusal) -> Self {
        Self::Job(refusal)
    }
}

impl From<question::Refusal> for WriteError {
    fn from(refusal: question::Refusal) -> Self {
        Self::Question(refusal)
    }
}

impl From<workers::Refusal> for WriteError {
    fn from(refusal: workers::Refusal) -> Self {
        Self::Worker(refusal)
    }
}

impl From<plan::Unknown> for WriteError {
    fn from(unknown: plan::Unknown) -> Self {
        Self::Schedule(unknown)
    }
}

/// The store has said it in the log.
impl From<StoreError> for WriteError {
    fn from(error: StoreError) -> Self {
        Self::Storage(error.to_string())
    }
}
