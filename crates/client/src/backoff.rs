//! How long to wait after a failure: twice as long each time, up to a bound, and never the same for two
//! clients.

use std::time::Duration;

/// Delays that double from `first` to `most`. Pure: the random part comes in as an argument.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    most: Duration,
    failures: u32,
}

impl Backoff {
    /// Starts at `first` and never exceeds `most`.
    #[must_use]
    pub const fn new(first: Duration, most: Duration) -> Self {
        Self { first, most, failures: 0 }
    }

    /// The delay after one more failure. For a full delay of d it lies in [d/2, d]; `random`, 0 to 1, says
    /// where. Without that spread, all clients of a hub that restarts would come back in the same instant.
    pub fn after_failure(&mut self, random: f64) -> Duration {
        let full =
            2u32.checked_pow(self.failures).and_then(|factor| self.first.checked_mul(factor)).map_or(self.most, |d| d.min(self.most));
        self.failures = self.failures.saturating_add(1);
        let half = full / 2;
        half + half.mul_f64(random.clamp(0.0, 1.0))
    }

    /// Forgets past failures: the next delay is the first one again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// The first delay is `first` from now on; the number of failures stays.
    pub fn start_at(&mut self, first: Duration) {
        self.first = first.min(self.most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_bound_and_lie_in_their_upper_half() {
        let delays = |random: f64| {
            let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
            [(); 8].map(|()| backoff.after_failure(random).as_millis())
        };
        assert_eq!(delays(1.0), [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
        assert_eq!(delays(0.0), [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
    }

    #[test]
    fn a_thousand_failures_do_not_overflow() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
        let last = (0..1_000).map(|_| backoff.after_failure(1.0)).last();
        assert_eq!(last, Some(Duration::from_secs(30)));
    }

    #[test]
    fn after_a_reset_the_first_delay_comes_again() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
        backoff.after_failure(1.0);
        backoff.after_failure(1.0);
        backoff.reset();
        assert_eq!(backoff.after_failure(1.0), Duration::from_secs(1));
    }
}
