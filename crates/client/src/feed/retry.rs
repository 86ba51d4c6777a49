//! When to try again. Pure: time and randomness come in as arguments.

use std::time::Duration;

use tokio::time::Instant;

use crate::Backoff;

/// Shortest delay, and the shortest that a hub may ask for.
const SHORTEST: Duration = Duration::from_secs(1);
/// Longest delay while the hub was seen lately, and the longest that a hub may ask for.
const LONGEST: Duration = Duration::from_secs(30);
/// Failing for this long means offline.
const OFFLINE_AFTER: Duration = Duration::from_secs(5 * 60);
/// One probe a minute while offline.
const PROBE: Duration = Duration::from_secs(60);
/// Share by which a probe's delay may be shorter or longer.
const PROBE_SPREAD: f64 = 0.2;

/// Whether a hub that is away counts as gone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Absence {
    /// It was there lately, and is looked for often.
    Short,
    /// It has been away for minutes, and is looked for once a minute.
    Long,
}

/// What is remembered of failures.
#[derive(Debug)]
pub(super) struct Retry {
    backoff: Backoff,
    failing_since: Option<Instant>,
}

impl Retry {
    pub(super) fn new() -> Self {
        Self { backoff: Backoff::new(SHORTEST, LONGEST), failing_since: None }
    }

    /// The delay after an attempt that failed `now`.
    pub(super) fn after_failure(&mut self, now: Instant, random: f64) -> (Absence, Duration) {
        let since = *self.failing_since.get_or_insert(now);
        if now.duration_since(since) >= OFFLINE_AFTER {
            return (Absence::Long, PROBE.mul_f64(1.0 - PROBE_SPREAD + 2.0 * PROBE_SPREAD * random.clamp(0.0, 1.0)));
        }
        (Absence::Short, self.backoff.after_failure(random))
    }

    /// Forgets past failures, because the connection was live for one keepalive period, or because this
    /// machine woke up. A server that only accepts and closes connections never gets so far, so its clients
    /// do back off.
    pub(super) fn start_over(&mut self) {
        self.failing_since = None;
        self.backoff.reset();
    }

    /// The hub asks for `hint` before a reconnect.
    pub(super) fn hint(&mut self, hint: Duration) {
        self.backoff.start_at(hint.clamp(SHORTEST, LONGEST));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    #[test]
    fn delays_grow_to_thirty_seconds_then_one_probe_a_minute() {
        let start = Instant::now();
        let mut retry = Retry::new();
        let mut now = start;
        let mut delays = Vec::new();
        while now.duration_since(start) < seconds(500) {
            let (_, delay) = retry.after_failure(now, 1.0);
            delays.push(delay.as_secs());
            now += delay;
        }
        assert_eq!(delays, [1, 2, 4, 8, 16, 30, 30, 30, 30, 30, 30, 30, 30, 30, 72, 72, 72]);
    }

    #[test]
    fn probes_spread_by_a_fifth_to_either_side() {
        for (random, delay) in [(0.0, 48), (0.5, 60), (1.0, 72)] {
            let mut retry = Retry::new();
            let start = Instant::now();
            retry.after_failure(start, random);
            assert_eq!(retry.after_failure(start + OFFLINE_AFTER, random), (Absence::Long, seconds(delay)));
        }
    }

    #[test]
    fn a_connection_that_settled_starts_over() {
        let start = Instant::now();
        let mut retry = Retry::new();
        retry.after_failure(start, 1.0);
        retry.start_over();
        assert_eq!(retry.after_failure(start + OFFLINE_AFTER * 2, 1.0), (Absence::Short, seconds(1)));
    }

    #[test]
    fn what_the_hub_asks_for_is_clamped() {
        for (hint, delay) in [(Duration::ZERO, 1), (seconds(5), 5), (seconds(86_400), 30)] {
            let mut retry = Retry::new();
            retry.hint(hint);
            assert_eq!(retry.after_failure(Instant::now(), 1.0), (Absence::Short, seconds(delay)));
        }
    }
}
