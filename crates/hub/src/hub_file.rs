//! `hub.json`: how clients of the same user find a hub that runs.
//!
//! The hub holds a lock on the file for as long as it runs, and the system lets go of it however the hub ends. A client sends its
//! token only where a locked file points to: after a crash somebody else may listen on the port that the file still names.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use doorbell_private as private;
use doorbell_protocol::place::{FILE_BYTES, HubFile};

use crate::folder::FileError;

/// The file while the hub serves; removed when dropped.
pub(crate) struct Announced {
    path: PathBuf,
    content: HubFile,
    /// Holds the lock.
    _file: File,
}

/// Writes the file, which nobody else can read and so nobody else can lock, in one step.
pub(crate) fn announce(path: &Path, url: String, data_dir: &Path) -> Result<Announced, FileError> {
    let content = HubFile { url, pid: std::process::id(), data_dir: data_dir.to_owned() };
    if let Some(folder) = path.parent() {
        private::folder::make(folder).map_err(FileError::at(folder))?;
    }
    let written = private::file::replace(path, |file| {
        file.write_all(&serde_json::to_vec_pretty(&content)?)?;
        lock(file);
        Ok(())
    });
    Ok(Announced { path: path.to_owned(), content, _file: written.map_err(FileError::at(path))? })
}

/// What the file says, as long as it says something.
fn read(path: &Path) -> Option<HubFile> {
    serde_json::from_slice(&private::file::read(path, FILE_BYTES).ok()?).ok()
}

/// Where the system knows no locks, clients cannot look for one either, and trust the file as it is.
#[cfg(unix)]
fn lock(file: &File) {
    if let Err(error) = file.lock() {
        tracing::warn!(%error, "the hub's file cannot be locked");
    }
}

/// On Windows a locked file cannot be read.
#[cfg(not(unix))]
fn lock(_: &File) {}

impl Drop for Announced {
    fn drop(&mut self) {
        // A hub that started since has written its own.
        let is_ours = read(&self.path).as_ref() == Some(&self.content);
        if is_ours && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "could not remove the hub's file");
        }
    }
}
