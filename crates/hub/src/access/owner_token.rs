//! The secret that a caller must know: a file that only its owner can read.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use doorbell_private as private;
use doorbell_protocol::place::FILE_BYTES;

use crate::access::secret::{SecretHash, random_digits};

/// Shortest token that is accepted from the file, in characters.
const SHORTEST: usize = 32;

pub(crate) struct OwnerToken(String);

/// The token file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// It could not be read or written.
    #[error("cannot use the token file {path}: {source}")]
    Io {
        /// The path of the file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// Other users of the machine could read it.
    #[error("other users can read the token file {path}; run `chmod 600 {path}`, or delete it to get a new one")]
    Exposed {
        /// The path of the file.
        path: PathBuf,
    },
    /// It is empty or too short to be a secret.
    #[error("the token file {path} holds no token of at least {SHORTEST} characters; delete it to get a new one")]
    TooShort {
        /// The path of the file.
        path: PathBuf,
    },
}

impl OwnerToken {
    /// Reads the token, and makes one first when there is none.
    pub(crate) fn load_or_create(path: &Path) -> Result<Self, TokenError> {
        let failed = |source| TokenError::Io { path: path.to_owned(), source };
        match create(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => created.map_err(failed)?,
        }
        let file = private::file::open(path).map_err(failed)?;
        if is_exposed(&file).map_err(failed)? {
            return Err(TokenError::Exposed { path: path.to_owned() });
        }
        let token = io::read_to_string(file.take(FILE_BYTES)).map_err(failed)?.trim().to_owned();
        if token.len() < SHORTEST {
            return Err(TokenError::TooShort { path: path.to_owned() });
        }
        Ok(Self(token))
    }

    /// A new one, which is not in the file yet.
    pub(crate) fn new() -> Self {
        Self(random_digits())
    }

    /// Puts it in the place of the one in the file, at once and on disk.
    pub(crate) fn replace(&self, path: &Path) -> io::Result<()> {
        private::file::replace(path, |file| writeln!(file, "{}", self.0).and_then(|()| file.sync_all())).map(drop)
    }

    pub(crate) fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }
}

fn create(path: &Path) -> io::Result<()> {
    let mut file = private::file::make(path)?;
    let written = writeln!(file, "{}", random_digits()).and_then(|()| file.sync_all());
    if written.is_err() {
        // A disk that is full must not leave an empty file behind, which the next start would refuse.
        let _ = fs::remove_file(path);
    }
    written
}

#[cfg(unix)]
fn is_exposed(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & 0o077 != 0)
}

/// The user's profile folder is closed to others on Windows.
#[cfg(not(unix))]
fn is_exposed(_file: &File) -> io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let made = OwnerToken::load_or_create(&path).unwrap();
        let read = OwnerToken::load_or_create(&path).unwrap();
        assert_eq!((&read.0, made.0.len()), (&made.0, 64));
        assert_eq!(read.hash(), SecretHash::of(&made.0));
    }

    #[test]
    fn a_token_is_replaced_by_another_that_others_cannot_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let first = OwnerToken::load_or_create(&path).unwrap();
        let second = OwnerToken::new();
        second.replace(&path).unwrap();
        let read = OwnerToken::load_or_create(&path).unwrap();
        assert_eq!(read.0, second.0);
        assert_ne!(read.0, first.0);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_token_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        OwnerToken::load_or_create(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(OwnerToken::load_or_create(&path), Err(TokenError::Exposed { .. })));
    }

    #[test]
    fn an_empty_token_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        OwnerToken::load_or_create(&path).unwrap();
        fs::write(&path, "\n").unwrap();
        assert!(matches!(OwnerToken::load_or_create(&path), Err(TokenError::TooShort { .. })));
    }
}
