//! Folders that only their owner can enter, and the lock that a hub takes on its own.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::Path,
};

/// Makes the folder, closed to other users. One that exists is left as it is.
pub(crate) fn create_private(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Takes the folder for one hub, for as long as the file is open; `None` when another hub has it.
pub(crate) fn lock(folder: &Path) -> io::Result<Option<File>> {
    let file = File::options().create(true).truncate(false).write(true).open(folder.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
