//! The data folder of one hub: its user's alone, and locked for as long as the hub has it.

use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use doorbell_private as private;

/// A file or folder of the hub cannot be made or used, or is not its user's alone.
#[derive(Debug, thiserror::Error)]
#[error("cannot use {path}: {source}")]
pub struct FileError {
    /// Where it is.
    pub path: PathBuf,
    /// What went wrong.
    pub source: io::Error,
}

impl FileError {
    pub(crate) fn at(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self { path: path.to_owned(), source }
    }
}

/// Makes the folder where there is none, and takes it for one hub, for as long as the file is open; `None` when another hub has it.
pub(crate) fn take(folder: &Path) -> Result<Option<File>, FileError> {
    private::folder::make(folder).map_err(FileError::at(folder))?;
    let path = folder.join("lock");
    let file = private::file::open_or_make(&path).map_err(FileError::at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(FileError::at(&path)(error)),
    }
}
