//! The feed: what each subscriber is sent, and in which order.
//!
//! # Invariants
//! - A subscriber sees every event after its starting point once and in order, or a snapshot that says `gap`.
//! - Events wait in one shared ring, never in a queue of a subscriber's own: a slow one costs its cursor.

use std::{mem, sync::Arc};

use doorbell_protocol::{EventId, Sequence};
use tokio::sync::watch;

use crate::{
    clock,
    state::{
        frame::{Frame, RETRY},
        live::Live,
    },
};

/// Most bytes that are copied for one subscriber.
const COPIED: usize = 16 * 1024;

/// How many listen now.
#[derive(Clone, Default)]
pub(crate) struct Subscribers(Arc<watch::Sender<u32>>);

/// One who listens, from its first frame to its drop.
pub(crate) struct Subscriber {
    live: Arc<Live>,
    feed: watch::Receiver<()>,
    /// What is sent next, before the frame after `cursor`; the last one first.
    ahead: Vec<Frame>,
    cursor: Sequence,
    /// The newest keepalive that it knows of.
    keepalives: u64,
    _counted: Counted,
}

struct Counted(Subscribers);

impl Subscribers {
    pub(crate) fn count(&self) -> u32 {
        *self.0.borrow()
    }

    /// Returns when somebody listens.
    pub(crate) async fn any(&self) {
        // Never fails: the sender is held here.
        let _ = self.0.subscribe().wait_for(|count| *count > 0).await;
    }

    fn enter(&self) -> Counted {
        self.0.send_modify(|count| *count += 1);
        Counted(self.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}

impl Subscriber {
    /// Takes the place in the feed and what must be sent first in one step: nothing falls between.
    ///
    /// `last` is the Last-Event-ID: `None` when there was none, `Some(None)` when it cannot be read.
    pub(crate) fn new(live: Arc<Live>, last: Option<Option<EventId>>, subscribers: &Subscribers) -> Self {
        let feed = live.feed();
        let retry = Frame::new(RETRY);
        let (ahead, cursor, keepalives) = {
            let mut now = live.lock();
            let known = last.flatten().filter(|last| last.epoch == now.epoch);
            match known.filter(|last| now.ring.after(last.seq).is_some()) {
                Some(last) => (vec![retry], last.seq, now.keepalives),
                None => {
                    let [shared, own] = now.snapshot(clock::now(), last.is_some());
                    (ahead([retry, shared, own]), now.seq, now.keepalives)
                }
            }
        };
        Self { live, feed, ahead, cursor, keepalives, _counted: subscribers.enter() }
    }

    /// The next frame, if one is due. A subscriber that fell behind the ring goes on from a snapshot.
    pub(crate) fn next(&mut self) -> Option<Frame> {
        if let Some(next) = self.ahead.pop() {
            if self.ahead.is_empty() {
                // There are thousands of subscribers, and this is needed once.
                self.ahead = Vec::new();
            }
            return Some(next);
        }
        let mut now = self.live.lock();
        // Under the lock: what is told after this look must wake.
        self.feed.mark_unchanged();
        // Whatever is sent is a sign of life as well.
        let was_silent = mem::replace(&mut self.keepalives, now.keepalives) != now.keepalives;
        let missed = now.ring.after(self.cursor).map(|mut missed| missed.next().cloned());
        if let Some(next) = missed {
            let Some(next) = next else { return was_silent.then(Frame::keepalive) };
            self.cursor = self.cursor.next();
            return Some(next);
        }
        self.cursor = now.seq;
        self.ahead = ahead(now.snapshot(clock::now(), true));
        self.ahead.pop()
    }

    /// Returns after the next event or keepalive.
    pub(crate) async fn woken(&mut self) {
        // Never fails: `live` has the sender, and is held here.
        let _ = self.feed.changed().await;
    }
}

/// What is to be sent in this order, the last one first. A large part is shared with others; small ones are worth a copy, so
/// that they are one write.
fn ahead<const PARTS: usize>(parts: [Frame; PARTS]) -> Vec<Frame> {
    if parts.iter().map(Frame::size).sum::<usize>() <= COPIED {
        return vec![Frame::joined(&parts)];
    }
    parts.into_iter().rev().collect()
}
