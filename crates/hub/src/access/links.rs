//! Links that let a browser in, each once and soon. In memory only: a hub that restarts knows none.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::access::secret::{self, SecretHash};

/// How long a link is good.
pub(crate) const GOOD_FOR: Duration = Duration::from_secs(60);
/// Most links that are good at once. One more ends the oldest.
const MOST: usize = 64;

/// The links that are good, by the hash of their key, and when each was made.
#[derive(Default)]
pub(crate) struct Links(Mutex<HashMap<SecretHash, Instant>>);

impl Links {
    /// Makes a link and gives its key.
    pub(crate) fn make(&self, now: Instant) -> String {
        let mut links = self.good(now);
        let oldest = links.iter().min_by_key(|(_, since)| **since).map(|(hash, _)| *hash);
        if let Some(oldest) = oldest.filter(|_| links.len() >= MOST) {
            links.remove(&oldest);
        }
        let key = secret::random_digits();
        links.insert(SecretHash::of(&key), now);
        key
    }

    /// Whether the key is good. Then it is not any more.
    pub(crate) fn take(&self, key: &str, now: Instant) -> bool {
        self.good(now).remove(&SecretHash::of(key)).is_some()
    }

    fn good(&self, now: Instant) -> MutexGuard<'_, HashMap<SecretHash, Instant>> {
        let mut links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        links.retain(|_, since| now.saturating_duration_since(*since) < GOOD_FOR);
        links
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_good_once_and_for_a_minute() {
        let (links, now) = (Links::default(), Instant::now());
        let key = links.make(now);
        assert!(!links.take("", now) && !links.take(&key[1..], now));
        assert!(links.take(&key, now + GOOD_FOR - Duration::from_millis(1)));
        assert!(!links.take(&key, now));
        let key = links.make(now);
        assert!(!links.take(&key, now + GOOD_FOR));
    }

    #[test]
    fn of_many_links_the_newest_are_good() {
        let (links, now) = (Links::default(), Instant::now());
        let keys: Vec<String> = (0..=MOST).map(|n| links.make(now + Duration::from_millis(n.try_into().unwrap()))).collect();
        let soon = now + Duration::from_secs(1);
        assert!(!links.take(&keys[0], soon));
        assert!(keys[1..].iter().all(|key| links.take(key, soon)));
    }
}
