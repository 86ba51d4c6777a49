//! Secrets of callers: made from 256 random bits, and known afterwards by their hash alone.

use std::{
    fmt::Write as _,
    hash::{Hash, Hasher},
};

use ring::digest::{SHA256, digest};
use subtle::ConstantTimeEq;

/// What stands before the digits of an issued secret, so that scanners of public code can find one that leaked.
const PREFIX: &str = "doorbell_";

/// The SHA-256 of a secret. Compared in constant time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SecretHash([u8; 32]);

/// 64 hexadecimal digits that nobody can guess.
pub(crate) fn random_digits() -> String {
    let mut digits = String::with_capacity(64);
    for byte in rand::random::<[u8; 32]>() {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// A new secret for an issued token.
pub(crate) fn issue() -> String {
    format!("{PREFIX}{}", random_digits())
}

impl SecretHash {
    pub(crate) fn of(secret: &str) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, secret.as_bytes()).as_ref());
        Self(hash)
    }

    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretHash {}

/// Which bucket of a map is looked into depends on the hash of a guess, which tells the guesser nothing about a secret.
impl Hash for SecretHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_its_hash() {
        let secret = issue();
        assert_eq!(secret.len(), PREFIX.len() + 64);
        assert_eq!(SecretHash::of(&secret), SecretHash::of(&secret));
        assert_ne!(SecretHash::of(&secret), SecretHash::of(&issue()));
        let empty = SecretHash::of("");
        assert_eq!(empty.as_bytes()[..4], [0xe3, 0xb0, 0xc4, 0x42]);
    }
}
