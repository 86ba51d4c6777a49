//! Why the database could not be used.

use std::{
    io,
    path::{Path, PathBuf},
};

use rusqlite::ErrorCode;

/// The database could not be read or written: disk full, I/O error, or a file that is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused.
    #[error("the database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// SQLite refused, for another reason than those below.
    #[error("the database {path}: {source}")]
    Failed {
        /// The path of the database.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The disk is full.
    #[error("there is no room on the disk of {path}: make some; until then no change can be kept")]
    Full {
        /// The path of the database.
        path: PathBuf,
    },
    /// The file is no database, or not a whole one.
    #[error("the database {path} is damaged: {cause}. {way_back}", way_back = way_back(path))]
    Damaged {
        /// The path of the database.
        path: PathBuf,
        /// What SQLite said.
        cause: String,
    },
    /// The file has no bytes.
    #[error("the database {path} is empty: what it held is lost. {way_back}", way_back = way_back(path))]
    Empty {
        /// The path of the database.
        path: PathBuf,
    },
    /// The file was deleted or replaced while the hub had it open.
    #[error(
        "the database {path} is gone: it was deleted or replaced while the hub ran. Put it back, or start Doorbell again, with an empty one"
    )]
    Gone {
        /// The path of the database.
        path: PathBuf,
    },
    /// What was read is not what this version writes.
    #[error("the {what} in a row of the database cannot be read: {source}")]
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

impl StoreError {
    /// What SQLite said of the database at `path`.
    pub(crate) fn at(self, path: &Path) -> Self {
        let Self::Sqlite(source) = self else { return self };
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged { path, cause: source.to_string() },
            Some(ErrorCode::DiskFull) => Self::Full { path },
            _ => Self::Failed { path, source },
        }
    }
}

fn way_back(path: &Path) -> String {
    format!(
        "End Doorbell, move {path} and the -wal and -shm beside it to another folder, and start it again: it begins with an empty database. \
         The jobs, schedules and tokens that this one held are then only in what you moved; a backup can take its place",
        path = path.display()
    )
}
