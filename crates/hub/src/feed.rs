//! The feed: what each subscriber is sent, and in which order.
//!
//! # Invariants
//! - A subscriber sees every event after its starting point once and in order, or a snapshot that says `gap`.
//! - Events wait in one shared ring, never in a queue of a subscriber's own: a slow one costs its cursor.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use doorbell_protocol::{EventId, Sequence};
use tokio::sync::watch;

use crate::{
    block::{Block, RETRY},
    bounds, clock,
    live::Live,
};

/// Most bytes that are copied for one subscriber.
const COPIED: usize = 16 * 1024;

/// The newest events as SSE blocks, without a gap between them.
#[derive(Default)]
pub(crate) struct Ring {
    /// Sequence of the newest block.
    newest: Sequence,
    blocks: VecDeque<Block>,
}

/// Who listens now.
#[derive(Clone, Default)]
pub(crate) struct Subscribers(Arc<AtomicU32>);

/// One who listens, from its first block to its drop.
pub(crate) struct Subscriber {
    live: Arc<Live>,
    commits: watch::Receiver<()>,
    /// What is sent next, before the block after `cursor`; the last one first.
    ahead: Vec<Block>,
    cursor: Sequence,
    _counted: Counted,
}

struct Counted(Subscribers);

impl Ring {
    pub(crate) fn push(&mut self, seq: Sequence, block: Block) {
        if self.blocks.len() == bounds::RING_EVENTS {
            self.blocks.pop_front();
        }
        self.newest = seq;
        self.blocks.push_back(block);
    }

    /// The blocks after `cursor`, or `None` when some of them are gone or `cursor` is in the future.
    pub(crate) fn after(&self, cursor: Sequence) -> Option<impl Iterator<Item = &Block>> {
        let missed = usize::try_from(self.newest.0.checked_sub(cursor.0)?).ok()?;
        let skip = self.blocks.len().checked_sub(missed)?;
        Some(self.blocks.range(skip..))
    }
}

impl Subscribers {
    pub(crate) fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    fn enter(&self) -> Counted {
        self.0.fetch_add(1, Ordering::Relaxed);
        Counted(self.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Subscriber {
    /// Takes the place in the feed and what must be sent first in one step: nothing falls between.
    ///
    /// `last` is the Last-Event-ID: `None` when there was none, `Some(None)` when it cannot be read.
    pub(crate) fn new(live: Arc<Live>, last: Option<Option<EventId>>, subscribers: &Subscribers) -> Self {
        let commits = live.commits();
        let retry = Block::new(RETRY);
        let (ahead, cursor) = {
            let mut now = live.lock();
            let known = last.flatten().filter(|last| last.epoch == now.epoch);
            match known.filter(|last| now.ring.after(last.seq).is_some()) {
                Some(last) => (vec![retry], last.seq),
                None => {
                    let [shared, own] = now.snapshot(clock::now(), last.is_some());
                    (ahead([retry, shared, own]), now.seq)
                }
            }
        };
        Self { live, commits, ahead, cursor, _counted: subscribers.enter() }
    }

    /// The next block, if one is due. A subscriber that fell behind the ring goes on from a snapshot.
    pub(crate) fn next(&mut self) -> Option<Block> {
        if let Some(next) = self.ahead.pop() {
            if self.ahead.is_empty() {
                // There are thousands of subscribers, and this is needed once.
                self.ahead = Vec::new();
            }
            return Some(next);
        }
        let mut now = self.live.lock();
        // Under the lock: a commit after this look must wake.
        self.commits.mark_unchanged();
        let missed = now.ring.after(self.cursor).map(|mut missed| missed.next().cloned());
        if let Some(next) = missed {
            let next = next?;
            self.cursor = self.cursor.next();
            return Some(next);
        }
        self.cursor = now.seq;
        self.ahead = ahead(now.snapshot(clock::now(), true));
        self.ahead.pop()
    }

    /// Returns after the next commit.
    pub(crate) async fn woken(&mut self) {
        // The sender is in `live`, which is held here.
        let _ = self.commits.changed().await;
    }
}

/// What is to be sent in this order, the last one first. A large part is shared with others; small ones are worth a copy, so
/// that they are one write.
fn ahead<const PARTS: usize>(parts: [Block; PARTS]) -> Vec<Block> {
    if parts.iter().map(Block::size).sum::<usize>() <= COPIED {
        return vec![Block::joined(&parts)];
    }
    parts.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Framing;

    fn ring(events: u64) -> Ring {
        let mut ring = Ring::default();
        for seq in 1..=events {
            ring.push(Sequence(seq), Block::new(&seq.to_string()));
        }
        ring
    }

    fn after(ring: &Ring, cursor: u64) -> Option<Vec<u64>> {
        let number = |block: &Block| std::str::from_utf8(block.framed(Framing::UntilClose)).unwrap().parse().unwrap();
        ring.after(Sequence(cursor)).map(|blocks| blocks.map(number).collect())
    }

    #[test]
    fn a_ring_replays_what_came_after() {
        assert_eq!(after(&ring(0), 0), Some(vec![]));
        assert_eq!(after(&ring(5), 5), Some(vec![]));
        assert_eq!(after(&ring(5), 3), Some(vec![4, 5]));
        assert_eq!(after(&ring(5), 0), Some(vec![1, 2, 3, 4, 5]));
    }

    #[test]
    fn the_future_and_what_fell_out_cannot_be_replayed() {
        let events = bounds::RING_EVENTS as u64 + 3;
        assert_eq!(after(&ring(events), events + 1), None);
        assert_eq!(after(&ring(events), 2), None);
        assert_eq!(after(&ring(events), 3).map(|blocks| blocks.len()), Some(bounds::RING_EVENTS));
    }
}
