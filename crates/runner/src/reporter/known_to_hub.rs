//! What the hub knows of the job by now, shared between the thread that reports and the one that waits for
//! it.

use std::sync::{Arc, Mutex, PoisonError};

use super::job::Opening;
use crate::spool::Known;

/// `None` when there is nothing more to report.
#[derive(Clone)]
pub(super) struct KnownToHub(Arc<Mutex<Option<Known>>>);

impl KnownToHub {
    /// Before the first report.
    pub(super) fn at_first(opening: &Opening) -> Self {
        let known = match opening {
            Opening::Create(new) => Known::Nothing(new.clone()),
            Opening::Claimed(lease) => Known::Start(lease.fence),
        };
        Self(Arc::new(Mutex::new(Some(known))))
    }

    pub(super) fn get(&self) -> Option<Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, known: Option<Known>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = known;
    }
}
