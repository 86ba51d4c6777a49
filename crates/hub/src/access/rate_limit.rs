//! A token bucket: so many calls a second in the long run, and so many at once after a rest. Pure; time is an argument.

use std::time::{Duration, Instant};

use crate::bounds;

#[derive(Debug)]
pub(crate) struct Bucket {
    calls: f64,
    filled_at: Instant,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn new(now: Instant) -> Self {
        Self { calls: f64::from(bounds::CALLS_AT_ONCE), filled_at: now }
    }

    /// Takes one call out, or says how long to wait for one.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let rate = f64::from(bounds::CALLS_PER_SECOND);
        let gained = now.saturating_duration_since(self.filled_at).as_secs_f64() * rate;
        self.calls = (self.calls + gained).min(f64::from(bounds::CALLS_AT_ONCE));
        self.filled_at = self.filled_at.max(now);
        if self.calls < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - self.calls) / rate));
        }
        self.calls -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(bucket: &mut Bucket, now: Instant) -> u32 {
        let mut taken = 0;
        while bucket.take(now).is_ok() {
            taken += 1;
        }
        taken
    }

    #[test]
    fn a_full_bucket_gives_a_burst_and_then_the_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::new(start);
        assert_eq!(taken(&mut bucket, start), bounds::CALLS_AT_ONCE);
        assert_eq!(taken(&mut bucket, start + Duration::from_secs(1)), bounds::CALLS_PER_SECOND);
        assert_eq!(taken(&mut bucket, start + Duration::from_secs(3_600)), bounds::CALLS_AT_ONCE);
    }

    #[test]
    fn an_empty_bucket_says_when_the_next_call_is_due() {
        let start = Instant::now();
        let mut bucket = Bucket::new(start);
        taken(&mut bucket, start);
        let wait = bucket.take(start).unwrap_err();
        assert!(wait <= Duration::from_secs(1));
        assert_eq!(bucket.take(start + wait), Ok(()));
    }

    #[test]
    fn a_clock_that_seems_to_go_back_gives_nothing_for_free() {
        let start = Instant::now();
        let mut bucket = Bucket::new(start + Duration::from_secs(1));
        taken(&mut bucket, start + Duration::from_secs(1));
        assert!(bucket.take(start).is_err());
        assert_eq!(taken(&mut bucket, start + Duration::from_secs(2)), bounds::CALLS_PER_SECOND);
    }
}
