//! Where jobs, questions and events are kept: a transaction runner that a database can implement.
//!
//! # Invariants
//! - [`Store::commit`] is all or nothing, and durable when it returns.
//! - A [`Read`] sees what was committed before it was asked, and never half a commit.
//!
//! [`conformance`] checks both for any store.

#[cfg(test)]
pub(crate) mod conformance;
mod contract;
mod error;
mod sqlite;

pub use self::error::StoreError;
pub(crate) use self::{
    contract::{Change, Loaded, PageQuery, QuestionsQuery, Read, Store, StoredEvent, Write},
    sqlite::SqliteStore,
};
