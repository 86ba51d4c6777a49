//! What a hub counts about itself since it started.

use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Default)]
pub(crate) struct Figures {
    /// Answers of any kind.
    pub(crate) requests: Count,
    /// Answers that refused the call: status 400 to 499.
    pub(crate) refused: Count,
    /// Answers that could not serve it: status 500 and above.
    pub(crate) failed: Count,
}

/// A figure that only grows.
#[derive(Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Figures {
    pub(crate) fn count_answer(&self, status: u16) {
        self.requests.add_one();
        match status {
            400..500 => self.refused.add_one(),
            500.. => self.failed.add_one(),
            _ => {}
        }
    }
}
