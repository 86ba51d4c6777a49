//! `hub.json`: how clients of the same user find a hub that runs.
//!
//! The hub holds a lock on the file for as long as it runs, and the system lets go of it however the hub ends. A client sends its
//! token only where a locked file points to: after a crash somebody else may listen on the port that the file still names.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use doorbell_protocol::place::HubFile;

use crate::folder;

/// The file while the hub serves; removed when dropped.
pub(crate) struct Announced {
    path: PathBuf,
    content: HubFile,
    /// Holds the lock.
    _file: File,
}

/// Writes the file in one step: a reader sees all of it or the one before.
pub(crate) fn announce(path: &Path, url: String, data_dir: &Path) -> io::Result<Announced> {
    let content = HubFile { url, pid: std::process::id(), data_dir: data_dir.to_owned() };
    if let Some(parent) = path.parent() {
        folder::create_private(parent)?;
    }
    let draft = path.with_extension(format!("json.{}", content.pid));
    let mut file = File::create(&draft)?;
    file.write_all(&serde_json::to_vec_pretty(&content)?)?;
    lock(&file);
    fs::rename(&draft, path)?;
    Ok(Announced { path: path.to_owned(), content, _file: file })
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
        let ours = fs::read(&self.path).ok().and_then(|json| serde_json::from_slice::<HubFile>(&json).ok()) == Some(self.content.clone());
        if ours && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "could not remove the hub's file");
        }
    }
}
