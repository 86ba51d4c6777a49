//! What the log says of a database that fails: each thing once, not for each call that meets it.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::super::error::StoreError;

/// Most that is remembered. A file with more faults than this has told its story.
const FAULTS: usize = 100;

/// What was said by now, by a store and its readers together.
#[derive(Clone, Default)]
pub(super) struct Said(Arc<Mutex<Faults>>);

#[derive(Default)]
struct Faults {
    rows: BTreeSet<String>,
    /// Since something was kept last.
    failures: BTreeSet<String>,
}

impl Said {
    /// What a row holds, unless it cannot be read: then it hides nothing but itself.
    pub(super) fn readable<T>(&self, id: &str, read: Result<T, StoreError>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(error) => {
                if is_new(&mut self.lock().rows, id) {
                    tracing::warn!(id, %error, "left out what cannot be read");
                }
                None
            }
        }
    }

    /// The store failed.
    pub(super) fn failed(&self, error: &StoreError) {
        if is_new(&mut self.lock().failures, &error.to_string()) {
            tracing::error!("{error}");
        }
    }

    /// Something was kept.
    pub(super) fn works(&self) {
        let mut faults = self.lock();
        if !faults.failures.is_empty() {
            faults.failures.clear();
            tracing::info!("the database takes changes again");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Faults> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_new(said: &mut BTreeSet<String>, what: &str) -> bool {
    said.len() < FAULTS && said.insert(what.to_owned())
}
