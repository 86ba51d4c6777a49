//! The asks of workers that wait for a job now, so that of two with one id only the newer gets one.
//!
//! A worker repeats an ask whose answer it did not hear. The one before may still wait here, behind a connection that is gone and says
//! nothing: a job that it got would be run by nobody.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use doorbell_protocol::ClaimId;

#[derive(Clone, Default)]
pub(crate) struct Asks(Arc<Mutex<Newest>>);

#[derive(Default)]
struct Newest {
    count: u64,
    by_id: HashMap<ClaimId, u64>,
}

/// An ask that waits. It is over when this is dropped.
pub(crate) struct Ask {
    asks: Asks,
    id: Option<ClaimId>,
    number: u64,
}

impl Asks {
    /// An ask begins, and takes the place of one with the same id. One without an id takes nobody's.
    pub(crate) fn begin(&self, id: Option<ClaimId>) -> Ask {
        let mut newest = self.lock();
        newest.count += 1;
        let number = newest.count;
        if let Some(id) = id {
            newest.by_id.insert(id, number);
        }
        Ask { asks: self.clone(), id, number }
    }

    fn lock(&self) -> MutexGuard<'_, Newest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ask {
    /// Whether no other has taken its place.
    pub(crate) fn is_newest(&self) -> bool {
        self.id.is_none_or(|id| self.asks.lock().by_id.get(&id) == Some(&self.number))
    }
}

impl Drop for Ask {
    fn drop(&mut self) {
        if let Some(id) = self.id
            && self.is_newest()
        {
            self.asks.lock().by_id.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn of_two_asks_with_one_id_the_newer_counts_also_when_it_is_over() {
        let asks = Asks::default();
        let id = Some(ClaimId(Uuid::nil()));
        let (first, other, none) = (asks.begin(id), asks.begin(Some(ClaimId(Uuid::max()))), asks.begin(None));
        assert!(first.is_newest() && other.is_newest() && none.is_newest());
        let second = asks.begin(id);
        assert!(!first.is_newest() && second.is_newest() && other.is_newest() && none.is_newest());
        drop(second);
        assert!(!first.is_newest());
        drop((first, other));
        assert!(asks.lock().by_id.is_empty());
    }
}
