//! What to report to the hub next, and when. Pure.

use std::time::Duration;

use doorbell_client::Backoff;
use tokio::time::Instant;

/// Shortest time between two progress reports: a person sees no more than four changes a second.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);

/// Longest time without a report: the answer to each says whether somebody wants the job stopped.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// Pauses between two tries of a call that failed.
pub(super) fn retries() -> Backoff {
    const FIRST: Duration = Duration::from_millis(200);
    const LONGEST: Duration = Duration::from_secs(5);

    Backoff::new(FIRST, LONGEST)
}

/// What is due.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Due {
    /// The newest progress.
    Progress,
    /// The lease, because there was no other report for a while.
    Renewal,
}

/// When reports were made last.
#[derive(Debug)]
pub(super) struct Pace {
    renew_every: Duration,
    renewed: Instant,
    progressed: Option<Instant>,
    /// No report before this moment: the last one failed.
    not_before: Option<Instant>,
}

impl Pace {
    /// A lease of `ttl` was given `now`.
    pub(super) fn new(ttl: Duration, now: Instant) -> Self {
        Self { renew_every: (ttl / 3).min(ASK_EVERY), renewed: now, progressed: None, not_before: None }
    }

    /// The next report and its time. `untold` says whether there is progress that was not reported.
    pub(super) fn next(&self, untold: bool) -> (Instant, Due) {
        let renewal = self.renewed + self.renew_every;
        // The first progress is due at once, so any moment in the past will do.
        let progress = self.progressed.map_or(self.renewed, |last| last + PROGRESS_EVERY);
        let (at, due) = if untold && progress <= renewal { (progress, Due::Progress) } else { (renewal, Due::Renewal) };
        (self.not_before.map_or(at, |earliest| at.max(earliest)), due)
    }

    /// The hub took the report `now`.
    pub(super) fn told(&mut self, due: Due, now: Instant) {
        self.renewed = now;
        self.not_before = None;
        if due == Due::Progress {
            self.progressed = Some(now);
        }
    }

    /// The report failed `now`. The next one is not before `delay` has passed.
    pub(super) fn failed(&mut self, now: Instant, delay: Duration) {
        self.not_before = Some(now + delay);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_secs(3);

    fn millis(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_quiet_job_renews_its_lease_three_times_a_lifetime() {
        let start = Instant::now();
        let mut pace = Pace::new(TTL, start);
        assert_eq!(pace.next(false), (start + millis(1_000), Due::Renewal));
        pace.told(Due::Renewal, start + millis(1_000));
        assert_eq!(pace.next(false), (start + millis(2_000), Due::Renewal));
    }

    #[test]
    fn a_long_lease_is_renewed_every_two_seconds_to_hear_of_a_cancel() {
        let start = Instant::now();
        assert_eq!(Pace::new(Duration::from_secs(60), start).next(false), (start + millis(2_000), Due::Renewal));
    }

    #[test]
    fn the_first_progress_is_told_at_once_and_the_next_after_a_quarter_second() {
        let start = Instant::now();
        let mut pace = Pace::new(TTL, start);
        assert_eq!(pace.next(true), (start, Due::Progress));
        pace.told(Due::Progress, start + millis(10));
        assert_eq!(pace.next(true), (start + millis(260), Due::Progress));
    }

    #[test]
    fn progress_renews_the_lease() {
        let start = Instant::now();
        let mut pace = Pace::new(TTL, start);
        pace.told(Due::Progress, start + millis(800));
        assert_eq!(pace.next(false), (start + millis(1_800), Due::Renewal));
    }

    #[test]
    fn a_failure_delays_whatever_is_due() {
        let start = Instant::now();
        let mut pace = Pace::new(TTL, start);
        pace.failed(start, millis(800));
        assert_eq!(pace.next(true), (start + millis(800), Due::Progress));
        assert_eq!(pace.next(false), (start + millis(1_000), Due::Renewal));
    }
}
