//! What rows hold, read back.

use doorbell_protocol::Question;

use super::super::error::StoreError;
use crate::domain::job::Record;

pub(super) fn parse_record(json: &str) -> Result<Record, StoreError> {
    serde_json::from_str(json).map_err(corrupt("job"))
}

pub(super) fn parse_question(json: &str) -> Result<Question, StoreError> {
    serde_json::from_str(json).map_err(corrupt("question"))
}

/// What is wrong with a row whose `what` cannot be read.
pub(super) fn corrupt<E: Into<Box<dyn std::error::Error + Send + Sync>>>(what: &'static str) -> impl Fn(E) -> StoreError {
    move |source| StoreError::Corrupt { what, source: source.into() }
}
