//! The secret of a run. Its command finds it beside the id of its job, and shows it to report for itself; the hub knows its hash alone.

use std::{ffi::OsString, fmt, fmt::Write as _};

use doorbell_protocol::run_secret::RunSecretHash;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

/// Holds the secret of the run that a command is. Its name is one of those whose values are redacted.
pub const VARIABLE: &str = "DOORBELL_JOB_SECRET";

/// Stands before the digits. What is printed rarely ends with it, so that hardly ever output waits for the next because it may be the
/// beginning of a secret.
const BEGINS: &str = "_";

/// 256 bits that nobody can guess.
#[derive(Clone, Deserialize, Serialize)]
#[serde(transparent)]
pub struct RunSecret(String);

impl RunSecret {
    /// Of a run that is about to begin.
    #[must_use]
    pub fn random() -> Self {
        let mut secret = BEGINS.to_owned();
        for byte in rand::random::<[u8; 32]>() {
            let _ = write!(secret, "{byte:02x}");
        }
        Self(secret)
    }

    /// Of the run that this process is a part of.
    #[must_use]
    pub fn of_environment() -> Option<Self> {
        std::env::var(VARIABLE).ok().map(Self)
    }

    /// What the hub is told.
    #[must_use]
    pub fn hash(&self) -> RunSecretHash {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, self.0.as_bytes()).as_ref());
        RunSecretHash(hash)
    }

    /// What is shown to the hub.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The variable and its value, for who looks for secrets among variables.
    #[must_use]
    pub fn variable(&self) -> (OsString, OsString) {
        (VARIABLE.into(), self.0.clone().into())
    }
}

impl fmt::Debug for RunSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RunSecret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_told_as_its_hash() {
        let secret = RunSecret("abc".to_owned());
        assert!(secret.hash().to_string().starts_with("ba7816bf8f01cfea"));
        assert_ne!(RunSecret::random().hash(), RunSecret::random().hash());
        assert_eq!(format!("{secret:?}"), "RunSecret");
    }
}
