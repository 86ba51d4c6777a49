//! The hub's own bounds. No client has to know them; those that clients keep to are in [`doorbell_protocol::limits`].

use std::time::Duration;

/// Events that the feed can replay.
pub const RING_EVENTS: usize = 1_024;
/// Time between two events of `GET /v1/changes`: what changes in between is told together.
pub const CHANGES_PAUSE: Duration = Duration::from_millis(100);
/// Calls in a second that one issued token is good for in the long run.
pub const CALLS_PER_SECOND: u32 = 2_000;
/// Calls that one issued token is good for at once, after a rest.
pub const CALLS_AT_ONCE: u32 = 4_000;
/// Silence after which a worker that runs nothing is dropped.
pub const WORKER_SILENCE: Duration = Duration::from_secs(5 * 60);
/// What is under way at a shutdown may take this long.
pub(crate) const GRACE: Duration = Duration::from_secs(3);
