//! Tells apart what was missed and what happens now. Pure.
//!
//! The hub says with its answer which event is its newest. Events up to that one happened while there was no
//! connection, and later ones happen now. No clock is needed for that.

use doorbell_protocol::EventId;

use super::update::When;

/// What is still to come on a connection until it is as far as the hub was when it opened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum CatchUp {
    /// A snapshot. Nothing else says what is true now, so nothing else is taken in.
    Snapshot,
    /// The events up to this one, or a snapshot in their place.
    Events(EventId),
    /// Any byte of the stream: the hub said that nothing was missed. The head of the answer is not enough,
    /// since there are proxies that let it through and hold back the rest.
    Life,
    /// An event that follows this one, or a snapshot. The answer did not say which event is the newest: a
    /// proxy has dropped the header, or what answers is no hub.
    Proof(EventId),
    /// Nothing.
    Done,
}

impl CatchUp {
    /// At the start of a connection that asked for what follows `last`, to a hub whose newest event is
    /// `newest`.
    pub(super) fn new(last: Option<EventId>, newest: Option<EventId>) -> Self {
        match (last, newest) {
            (Some(last), None) => Self::Proof(last),
            (Some(last), Some(newest)) if last == newest => Self::Life,
            (Some(last), Some(newest)) if last.epoch == newest.epoch && last.seq < newest.seq => Self::Events(newest),
            _ => Self::Snapshot,
        }
    }

    /// Anything at all has come, such as a comment.
    pub(super) fn heard(&mut self) {
        if *self == Self::Life {
            *self = Self::Done;
        }
    }

    /// A snapshot has come.
    pub(super) fn snapshot(&mut self) {
        *self = Self::Done;
    }

    /// An event has come. Returns when it happened, or `None` when it means nothing yet because a snapshot
    /// must come first.
    pub(super) fn event(&mut self, id: Option<EventId>) -> Option<When> {
        let (when, next) = match (*self, id) {
            (Self::Snapshot, _) => return None,
            (Self::Events(newest), Some(id)) if id.epoch == newest.epoch && id.seq > newest.seq => (When::Now, Self::Done),
            (Self::Events(newest), Some(id)) if id == newest => (When::Missed, Self::Done),
            (Self::Events(_), _) => (When::Missed, *self),
            (Self::Proof(last), Some(id)) if id.epoch == last.epoch && id.seq > last.seq => (When::Now, Self::Done),
            (Self::Proof(_), _) => return None,
            (Self::Life | Self::Done, _) => (When::Now, Self::Done),
        };
        *self = next;
        Some(when)
    }

    pub(super) fn is_done(self) -> bool {
        self == Self::Done
    }

    /// Whether nothing has shown that the other end knows the event that was asked for. To ask it again for
    /// what follows might wait for ever, so the next attempt asks for a snapshot.
    pub(super) fn is_unproven(self) -> bool {
        matches!(self, Self::Proof(_))
    }
}

#[cfg(test)]
mod tests {
    use doorbell_protocol::{Epoch, Sequence};

    use super::*;

    fn id(epoch: u64, seq: u64) -> EventId {
        EventId { epoch: Epoch(epoch), seq: Sequence(seq) }
    }

    #[test]
    fn what_must_come_follows_from_where_both_are() {
        for (last, newest, expected) in [
            (None, Some(id(1, 5)), CatchUp::Snapshot),
            (Some(id(1, 3)), Some(id(1, 5)), CatchUp::Events(id(1, 5))),
            (Some(id(1, 5)), Some(id(1, 5)), CatchUp::Life),
            (Some(id(1, 6)), Some(id(1, 5)), CatchUp::Snapshot),
            (Some(id(2, 3)), Some(id(1, 5)), CatchUp::Snapshot),
            (Some(id(1, 3)), None, CatchUp::Proof(id(1, 3))),
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
        assert_eq!([told(4), told(5), told(6)], [(Some(When::Missed), false), (Some(When::Missed), true), (Some(When::Now), true)]);
    }

    #[test]
    fn an_event_without_a_place_of_this_hub_ends_no_replay() {
        let mut catch_up = CatchUp::new(Some(id(1, 3)), Some(id(1, 5)));
        for event in [None, Some(id(2, 5)), Some(id(2, 9))] {
            assert_eq!((catch_up.event(event), catch_up.is_done()), (Some(When::Missed), false), "{event:?}");
        }
    }

    #[test]
    fn where_a_snapshot_must_come_first_events_and_comments_say_nothing() {
        for (last, newest) in [(None, Some(id(1, 5))), (None, None), (Some(id(2, 3)), Some(id(1, 5)))] {
            let mut catch_up = CatchUp::new(last, newest);
            for event in [None, Some(id(1, 5)), Some(id(1, 6)), Some(id(2, 4))] {
                catch_up.heard();
                assert_eq!((catch_up.event(event), catch_up.is_done()), (None, false), "{last:?} {newest:?} {event:?}");
            }
        }
    }

    #[test]
    fn whoever_does_not_say_its_newest_event_proves_itself_by_the_next_one_or_a_snapshot() {
        let unproven = CatchUp::new(Some(id(1, 3)), None);
        let mut catch_up = unproven;
        for event in [None, Some(id(1, 3)), Some(id(2, 4))] {
            catch_up.heard();
            assert_eq!((catch_up.event(event), catch_up.is_unproven()), (None, true), "{event:?}");
        }
        assert_eq!((catch_up.event(Some(id(1, 4))), catch_up), (Some(When::Now), CatchUp::Done));
        catch_up = unproven;
        catch_up.snapshot();
        assert!(catch_up.is_done() && !catch_up.is_unproven());
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
