//! SQLite as the store.
//!
//! # Layout
//! - `database`: the store · `history`: jobs that are over · `parse`: what rows hold · `said`: what the log says of faults · `version`: how a file of an older version becomes one of this

mod database;
mod history;
mod parse;
mod said;
mod version;

pub(crate) use self::database::SqliteStore;
