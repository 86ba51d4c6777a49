//! What rows hold, read back.

use doorbell_protocol::{EventKind, Question, Sequence};
use rusqlite::Row;
use serde::de::IgnoredAny;

use super::super::{contract::StoredEvent, error::StoreError};
use crate::domain::job::Record;

pub(super) fn parse_record(json: &[u8]) -> Result<Record, StoreError> {
    serde_json::from_slice(json).map_err(corrupt("job"))
}

pub(super) fn parse_question(json: &[u8]) -> Result<Question, StoreError> {
    serde_json::from_slice(json).map_err(corrupt("question"))
}

/// An event goes to listeners as it is, so it must be what they can read.
pub(super) fn parse_event(seq: Sequence, kind: &[u8], data: Vec<u8>) -> Result<StoredEvent, StoreError> {
    let name = String::from_utf8_lossy(kind);
    let kind = EventKind::from_name(&name).ok_or_else(|| corrupt("kind of event")(name.into_owned()))?;
    let data = String::from_utf8(data).map_err(corrupt("event"))?;
    serde_json::from_str::<IgnoredAny>(&data).map_err(corrupt("event"))?;
    Ok(StoredEvent { seq, kind, data })
}

/// A column of text as it is. That of a file that is damaged may be no text.
pub(super) fn bytes(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<u8>> {
    Ok(row.get_ref(column)?.as_bytes()?.to_vec())
}

/// What is wrong with a row whose `what` cannot be read.
pub(super) fn corrupt<E: Into<Box<dyn std::error::Error + Send + Sync>>>(what: &'static str) -> impl Fn(E) -> StoreError {
    move |source| StoreError::Corrupt { what, source: source.into() }
}
