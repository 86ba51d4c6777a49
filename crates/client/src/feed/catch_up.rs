//! Tells what was missed from what happens now. Pure.
//!
//! The hub says with its answer which event is its newest. Events up to that one happened while nobody was connected; what comes
//! after them happens now. No clock takes part, so none can be wrong.

use doorbell_protocol::{EventId, Sequence};

use super::When;

/// What is still to come on a connection until it is as far as the hub was when it opened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum CatchUp {
    /// A snapshot.
    Snapshot,
    /// The events up to this one; or a snapshot in place of them.
    Events(Sequence),
    /// Nothing was missed, or the hub did not say what its newest event is: any sign of life will do. (A proxy that keeps
    /// everything back lets the head of the answer through.)
    Life,
    /// Nothing.
    Done,
}

impl CatchUp {
    /// At the start of a connection that asked for what follows `last`, to a hub whose newest event is `newest`.
    pub(super) fn new(last: Option<EventId>, newest: Option<EventId>) -> Self {
        match (last, newest) {
            (Some(_), None) => Self::Life,
            (Some(last), Some(newest)) if last == newest => Self::Life,
            (Some(last), Some(newest)) if last.epoch == newest.epoch && last.seq < newest.seq => Self::Events(newest.seq),
            _ => Self::Snapshot,
        }
    }

    /// Anything at all has come.
    pub(super) fn heard(&mut self) {
        if *self == Self::Life {
            *self = Self::Done;
        }
    }

    /// A snapshot has come.
    pub(super) fn snapshot(&mut self) {
        *self = Self::Done;
    }

    /// An event has come.
    pub(super) fn event(&mut self, id: Option<EventId>) -> When {
        let (when, next) = match (*self, id) {
            (Self::Events(newest), Some(id)) if id.seq < newest => (When::Missed, *self),
            (Self::Events(newest), Some(id)) if id.seq == newest => (When::Missed, Self::Done),
            _ => (When::Now, Self::Done),
        };
        *self = next;
        when
    }

    pub(super) fn is_done(self) -> bool {
        self == Self::Done
    }
}

#[cfg(test)]
mod tests {
    use doorbell_protocol::Epoch;

    use super::*;

    fn id(epoch: u64, seq: u64) -> EventId {
        EventId { epoch: Epoch(epoch), seq: Sequence(seq) }
    }

    #[test]
    fn what_must_come_follows_from_where_both_are() {
        for (last, newest, expected) in [
            (None, Some(id(1, 5)), CatchUp::Snapshot),
            (Some(id(1, 3)), Some(id(1, 5)), CatchUp::Events(Sequence(5))),
            (Some(id(1, 5)), Some(id(1, 5)), CatchUp::Life),
            (Some(id(1, 6)), Some(id(1, 5)), CatchUp::Snapshot),
            (Some(id(2, 3)), Some(id(1, 5)), CatchUp::Snapshot),
            (Some(id(1, 3)), None, CatchUp::Life),
            (None, None, CatchUp::Snapshot),
        ] {
            assert_eq!(CatchUp::new(last, newest), expected, "{last:?} {newest:?}");
        }
    }

    #[test]
    fn events_up_to_the_newest_were_missed_and_later_ones_happen_now() {
        let mut catch_up = CatchUp::new(Some(id(1, 3)), Some(id(1, 5)));
        let mut told = |seq| {
            let when = catch_up.event(Some(id(1, seq)));
            (when, catch_up.is_done())
        };
        assert_eq!([told(4), told(5), told(6)], [(When::Missed, false), (When::Missed, true), (When::Now, true)]);
    }

    #[test]
    fn a_snapshot_stands_for_all_that_was_missed() {
        for (last, newest) in [(None, Some(id(1, 5))), (Some(id(1, 3)), Some(id(1, 5)))] {
            let mut catch_up = CatchUp::new(last, newest);
            catch_up.heard();
            assert!(!catch_up.is_done());
            catch_up.snapshot();
            assert!(catch_up.is_done());
        }
    }

    #[test]
    fn when_nothing_was_missed_any_byte_shows_that_the_way_is_open() {
        let mut catch_up = CatchUp::new(Some(id(1, 5)), Some(id(1, 5)));
        assert!(!catch_up.is_done());
        catch_up.heard();
        assert!(catch_up.is_done());
    }
}
