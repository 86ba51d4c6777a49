//! The newest events, which subscribers are sent and which can be replayed.

use std::collections::VecDeque;

use doorbell_protocol::Sequence;

use super::frame::Frame;
use crate::bounds;

/// The newest events as SSE frames, without a gap between them.
#[derive(Default)]
pub(crate) struct Ring {
    /// Sequence of the newest frame.
    newest: Sequence,
    frames: VecDeque<Frame>,
}

impl Ring {
    pub(crate) fn push(&mut self, seq: Sequence, frame: Frame) {
        if self.frames.len() == bounds::RING_EVENTS {
            self.frames.pop_front();
        }
        self.newest = seq;
        self.frames.push_back(frame);
    }

    /// The frames after `cursor`, or `None` when some of them are gone or `cursor` is in the future.
    pub(crate) fn after(&self, cursor: Sequence) -> Option<impl Iterator<Item = &Frame>> {
        let missed = usize::try_from(self.newest.0.checked_sub(cursor.0)?).ok()?;
        let skip = self.frames.len().checked_sub(missed)?;
        Some(self.frames.range(skip..))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::frame::Framing;

    fn ring(events: u64) -> Ring {
        let mut ring = Ring::default();
        for seq in 1..=events {
            ring.push(Sequence(seq), Frame::new(&seq.to_string()));
        }
        ring
    }

    fn after(ring: &Ring, cursor: u64) -> Option<Vec<u64>> {
        let number = |frame: &Frame| std::str::from_utf8(frame.framed(Framing::UntilClose)).unwrap().parse().unwrap();
        ring.after(Sequence(cursor)).map(|frames| frames.map(number).collect())
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
        assert_eq!(after(&ring(events), 3).map(|frames| frames.len()), Some(bounds::RING_EVENTS));
    }
}
