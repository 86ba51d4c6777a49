//! Whether a thread that moves output waits for more.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

/// Since when a thread waits for output, if it does: not while it writes, which may take as long as our reader likes.
#[derive(Clone, Default)]
pub(super) struct Waiting(Arc<Mutex<Option<Instant>>>);

impl Waiting {
    /// It waits from now on.
    pub(super) fn begin(&self) {
        self.set(Some(Instant::now()));
    }

    /// It has read something.
    pub(super) fn end(&self) {
        self.set(None);
    }

    /// When the wait began; none while there is none.
    pub(super) fn since(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, since: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }
}
