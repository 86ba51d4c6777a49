//! Whether a thread that moves output waits for more.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

/// Since when a thread waits for output. It does not wait while it writes, which may take as long as our
/// reader likes.
#[derive(Clone, Default)]
pub(super) struct Waiting(Arc<Mutex<Option<Instant>>>);

impl Waiting {
    /// The wait begins now.
    pub(super) fn begin(&self) {
        self.set(Some(Instant::now()));
    }

    /// The wait is over: something was read.
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
