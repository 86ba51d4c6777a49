//! Why the database could not be used.

use std::{io, path::PathBuf};

/// The database could not be read or written: disk full, I/O error, or a file that is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused.
    #[error("the database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// What was read is not what this version writes.
    #[error("the database has a {what} that cannot be read: {source}")]
    Corrupt {
        /// What it should have been.
        what: &'static str,
        /// Why it cannot be read.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A read did not come to its end.
    #[error("a read of the database broke off: {0}")]
    BrokeOff(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A file of the database is none, or cannot be closed to other users.
    #[error("cannot use {path}: {source}")]
    Private {
        /// The path of the file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The file was written by a newer version.
    #[error("the database has version {found}, and this program knows versions up to {known}; update Doorbell")]
    Newer {
        /// The version of the file.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
}
