//! Why a change was not made.

use crate::{
    domain::{job::Refusal, question},
    store::StoreError,
};

#[derive(Debug)]
pub(crate) enum WriteError {
    /// The state does not allow it.
    Refused(Refusal),
    /// The question's state does not allow it.
    Question(question::Refusal),
    /// The store failed; nothing was changed.
    Storage,
    /// The hub is going down.
    ShuttingDown,
}

impl From<Refusal> for WriteError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<question::Refusal> for WriteError {
    fn from(refusal: question::Refusal) -> Self {
        Self::Question(refusal)
    }
}

/// Says in the log what the store said, for whoever keeps this hub.
pub(super) fn storage_failed(error: &dyn std::error::Error) -> WriteError {
    tracing::error!(%error, "a change could not be stored");
    WriteError::Storage
}

impl From<StoreError> for WriteError {
    fn from(error: StoreError) -> Self {
        storage_failed(&error)
    }
}
