//! Connections that have shown no token yet. Anybody can make them, so they get a part of the room: those who have a token always
//! find a place.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;

/// Each may stay for so long. Callers that come back all at once have shown their tokens by then.
const PATIENCE: Duration = Duration::from_millis(100);

/// The strangers, by when they came. When there are too many, the one that came first is shown out.
pub(crate) struct Strangers {
    most: usize,
    here: Mutex<Here>,
    /// One was there, and has gone or shown its token.
    left: Notify,
}

#[derive(Default)]
struct Here {
    came: u64,
    by_arrival: BTreeMap<u64, Arrival>,
}

struct Arrival {
    at: Instant,
    shown_out: CancellationToken,
}

/// A connection that is a stranger's until a token is shown on it. Dropped when it ends.
pub(crate) struct Stranger {
    number: u64,
    shown_out: CancellationToken,
    strangers: Arc<Strangers>,
}

impl Strangers {
    /// Of so many connections, a quarter may be strangers'.
    pub(crate) fn of(connections: usize) -> Arc<Self> {
        Arc::new(Self { most: (connections / 4).max(1), here: Mutex::default(), left: Notify::new() })
    }

    /// Lets another one in, once there is room.
    pub(crate) async fn enter(self: &Arc<Self>) -> Stranger {
        loop {
            match self.try_enter(Instant::now()) {
                Ok(stranger) => return stranger,
                Err(room_at) => drop(timeout_at(room_at, self.left.notified()).await),
            }
        }
    }

    /// Lets another one in, or says when the one that came first has to make room.
    fn try_enter(self: &Arc<Self>, now: Instant) -> Result<Stranger, Instant> {
        let mut here = self.here();
        if here.by_arrival.len() >= self.most
            && let Some(first) = here.by_arrival.first_entry()
        {
            let room_at = first.get().at + PATIENCE;
            if now < room_at {
                return Err(room_at);
            }
            first.remove().shown_out.cancel();
        }
        let (number, shown_out) = (here.came, CancellationToken::new());
        here.came += 1;
        here.by_arrival.insert(number, Arrival { at: now, shown_out: shown_out.clone() });
        Ok(Stranger { number, shown_out, strangers: self.clone() })
    }

    fn here(&self) -> MutexGuard<'_, Here> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stranger {
    /// Is a stranger no more: a token was shown that is good.
    pub(crate) fn is_known(&self) {
        if self.strangers.here().by_arrival.remove(&self.number).is_some() {
            self.strangers.left.notify_one();
        }
    }

    /// Returns when it has to go.
    pub(crate) async fn shown_out(&self) {
        self.shown_out.cancelled().await;
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.is_known();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn came(strangers: &Arc<Strangers>, count: usize) -> Vec<Stranger> {
        let mut came = Vec::new();
        for _ in 0..count {
            came.push(strangers.enter().await);
        }
        came
    }

    fn have_to_go(came: &[Stranger]) -> Vec<bool> {
        came.iter().map(|stranger| stranger.shown_out.is_cancelled()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn the_stranger_who_came_first_goes_when_there_are_too_many() {
        let strangers = Strangers::of(12);
        let start = Instant::now();
        let came = came(&strangers, 5).await;
        assert_eq!(have_to_go(&came), [true, true, false, false, false]);
        assert!((PATIENCE..PATIENCE * 2).contains(&start.elapsed()));
    }

    #[tokio::test(start_paused = true)]
    async fn callers_who_come_all_at_once_and_show_their_tokens_are_all_let_in() {
        let strangers = Strangers::of(8);
        let mut known = Vec::new();
        for _ in 0..50 {
            let stranger = Arc::new(strangers.enter().await);
            tokio::spawn({
                let stranger = stranger.clone();
                async move { stranger.is_known() }
            });
            known.push(stranger);
        }
        assert!(!known.iter().any(|stranger| stranger.shown_out.is_cancelled()));
    }

    #[tokio::test(start_paused = true)]
    async fn who_shows_a_token_or_leaves_makes_room_and_is_left_alone() {
        let strangers = Strangers::of(8);
        let start = Instant::now();
        let known = strangers.enter().await;
        known.is_known();
        drop(strangers.enter().await);
        let came = came(&strangers, 2).await;
        assert_eq!((have_to_go(&came), start.elapsed()), (vec![false, false], Duration::ZERO));
        let _next = strangers.enter().await;
        assert_eq!((known.shown_out.is_cancelled(), have_to_go(&came)), (false, vec![true, false]));
    }

    #[tokio::test(start_paused = true)]
    async fn even_where_there_is_room_for_few_a_stranger_may_show_a_token() {
        assert!(!Strangers::of(0).enter().await.shown_out.is_cancelled());
    }
}
