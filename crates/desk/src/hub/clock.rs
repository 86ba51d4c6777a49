//! The hub's clock, as well as this machine knows it.

use doorbell_protocol::Timestamp;

/// How far the hub's clock is ahead of this machine's.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HubClock {
    ahead_millis: i64,
}

impl HubClock {
    /// The hub's clock said `hub` when this machine's said `now`.
    pub(super) fn set(&mut self, hub: Timestamp, now: Timestamp) {
        self.ahead_millis = hub.as_millis().saturating_sub(now.as_millis());
    }

    /// What the hub's clock says at `now`, by this machine's clock.
    pub(super) fn at(self, now: Timestamp) -> Timestamp {
        Timestamp::from_millis(now.as_millis().saturating_add(self.ahead_millis))
    }

    /// What this machine's clock says when the hub's says `hub`.
    pub(super) fn here(self, hub: Timestamp) -> Timestamp {
        Timestamp::from_millis(hub.as_millis().saturating_sub(self.ahead_millis))
    }
}
