//! Links that let a browser in, each once and soon. In memory only: a hub that restarts knows none.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use doorbell_protocol::Role;

use crate::access::secret::{self, SecretHash};

/// How long a link is good.
pub(crate) const GOOD_FOR: Duration = Duration::from_secs(60);
/// Most links that are good at once. One more ends the oldest.
const MOST: usize = 64;

/// The links that are good, by the hash of their key.
#[derive(Default)]
pub(crate) struct Links(Mutex<HashMap<SecretHash, Link>>);

struct Link {
    since: Instant,
    session: Session,
}

/// What a browser that comes by a link may do, and for whom.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Session {
    pub(crate) role: Role,
    pub(crate) person: String,
}

impl Links {
    /// Makes a link to `session` and gives its key.
    pub(crate) fn make(&self, session: Session, now: Instant) -> String {
        let mut links = self.good(now);
        let oldest = links.iter().min_by_key(|(_, link)| link.since).map(|(hash, _)| *hash);
        if let Some(oldest) = oldest.filter(|_| links.len() >= MOST) {
            links.remove(&oldest);
        }
        let key = secret::random_digits();
        links.insert(SecretHash::of(&key), Link { since: now, session });
        key
    }

    /// What the key is good for, if it is. Then it is not any more.
    pub(crate) fn take(&self, key: &str, now: Instant) -> Option<Session> {
        self.good(now).remove(&SecretHash::of(key)).map(|link| link.session)
    }

    fn good(&self, now: Instant) -> MutexGuard<'_, HashMap<SecretHash, Link>> {
        let mut links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        links.retain(|_, link| now.saturating_duration_since(link.since) < GOOD_FOR);
        links
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        Session { role: Role::View, person: "ada".to_owned() }
    }

    #[test]
    fn a_link_is_good_once_and_for_a_minute() {
        let (links, now) = (Links::default(), Instant::now());
        let key = links.make(session(), now);
        assert!(links.take("", now).is_none() && links.take(&key[1..], now).is_none());
        assert_eq!(links.take(&key, now + GOOD_FOR - Duration::from_millis(1)), Some(session()));
        assert_eq!(links.take(&key, now), None);
        let key = links.make(session(), now);
        assert_eq!(links.take(&key, now + GOOD_FOR), None);
    }

    #[test]
    fn of_many_links_the_newest_are_good() {
        let (links, now) = (Links::default(), Instant::now());
        let keys: Vec<String> = (0..=MOST).map(|n| links.make(session(), now + Duration::from_millis(n.try_into().unwrap()))).collect();
        let soon = now + Duration::from_secs(1);
        assert_eq!(links.take(&keys[0], soon), None);
        assert!(keys[1..].iter().all(|key| links.take(key, soon).is_some()));
    }
}
