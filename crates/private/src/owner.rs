//! Whose a file or a folder is.

use std::{fs::Metadata, io, os::unix::fs::MetadataExt};

/// Ours is what belongs to this user, or to root, who can do everything anyway.
pub(crate) fn check(metadata: &Metadata, advice: &str) -> io::Result<()> {
    let owner = metadata.uid();
    if owner == 0 || owner == rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("it belongs to another user (uid {owner}); {advice}")))
}
