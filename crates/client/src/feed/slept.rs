//! Notices that this machine slept.
//!
//! While a machine sleeps its wall clock goes on and its monotonic clock stands still, so comparing the two
//! tells how long it slept. The supervisor compares them whenever it wakes for another reason, which costs
//! nothing. On Linux it is also woken for this: the wall clock jumps when the machine wakes up, and a timer
//! can be set to be cancelled by that. So nothing has to look every few seconds. On Windows the monotonic
//! clock goes on as well, and nothing is noticed here; there the alarm for silence counts the sleep, and goes
//! off.

use std::time::{Duration, Instant, SystemTime};

/// A wall clock that is ahead by this much more than before jumped. Corrections by a time server are smaller.
const JUMP: Duration = Duration::from_secs(5);

/// What both clocks said when they were last compared.
#[derive(Debug)]
pub(super) struct Clocks {
    wall: SystemTime,
    monotonic: Instant,
}

/// Whether the machine slept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Sleep {
    /// It slept, or its clock was set forward. The two cannot be told apart; a mistake costs one reconnect.
    Slept,
    /// It did not sleep.
    Awake,
}

impl Clocks {
    pub(super) fn now() -> Self {
        Self { wall: SystemTime::now(), monotonic: Instant::now() }
    }

    /// Compares these clocks with `later` ones, which take their place.
    pub(super) fn compare(&mut self, later: Self) -> Sleep {
        // A wall clock that was set back does not count as a sleep.
        let wall = later.wall.duration_since(self.wall).unwrap_or_default();
        let monotonic = later.monotonic.duration_since(self.monotonic);
        *self = later;
        if wall > monotonic + JUMP { Sleep::Slept } else { Sleep::Awake }
    }
}

/// Returns when the wall clock has jumped. Never returns where the system does not tell.
#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
pub(super) struct Jumps;

#[cfg(not(target_os = "linux"))]
impl Jumps {
    pub(super) fn watch() -> Self {
        Self
    }

    pub(super) async fn next(&self) {
        std::future::pending().await
    }
}

#[cfg(target_os = "linux")]
pub(super) use linux::Jumps;

#[cfg(target_os = "linux")]
mod linux {
    use std::{io, os::fd::OwnedFd};

    use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime};
    use tokio::io::{Interest, unix::AsyncFd};

    /// A timer that never rings, but is cancelled when the wall clock jumps.
    #[derive(Debug)]
    pub(in super::super) struct Jumps(Option<AsyncFd<OwnedFd>>);

    impl Jumps {
        pub(in super::super) fn watch() -> Self {
            let timer = timer();
            if let Err(error) = &timer {
                tracing::debug!(%error, "jumps of the clock cannot be watched");
            }
            Self(timer.ok())
        }

        pub(in super::super) async fn next(&self) {
            if let Some(timer) = &self.0
                && let Ok(mut ready) = timer.readable().await
            {
                // The read fails, as the timer was cancelled. It is needed to make the timer wait for the
                // next jump.
                let _ = rustix::io::read(timer, &mut [0; 8]);
                ready.clear_ready();
                return;
            }
            std::future::pending().await
        }
    }

    #[expect(
        deprecated,
        reason = "what takes its place is unsafe, for the sake of types that are not, as an `OwnedFd` is, sure to stay open"
    )]
    fn timer() -> io::Result<AsyncFd<OwnedFd>> {
        let timer = timerfd_create(TimerfdClockId::Realtime, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK)?;
        let never = Itimerspec {
            it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: Timespec { tv_sec: i64::MAX / 1_000_000_000, tv_nsec: 0 },
        };
        timerfd_settime(&timer, TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET, &never)?;
        AsyncFd::with_interest(timer, Interest::READABLE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares clocks of which `wall` and `monotonic` seconds have passed.
    fn after(wall: i64, monotonic: u64) -> Sleep {
        let mut clocks = Clocks::now();
        let moved = Duration::from_secs(wall.unsigned_abs());
        let wall = if wall < 0 { clocks.wall - moved } else { clocks.wall + moved };
        let later = Clocks { wall, monotonic: clocks.monotonic + Duration::from_secs(monotonic) };
        clocks.compare(later)
    }

    #[test]
    fn a_wall_clock_that_runs_ahead_means_sleep() {
        for (wall, monotonic, sleep) in [
            (3_600, 3_600, Sleep::Awake),
            (3_604, 3_600, Sleep::Awake),
            (3_600, 10, Sleep::Slept),
            (-3_600, 10, Sleep::Awake),
            (10, 3_600, Sleep::Awake),
        ] {
            assert_eq!(after(wall, monotonic), sleep, "{wall} {monotonic}");
        }
    }

    #[test]
    fn a_sleep_is_noticed_once() {
        let mut clocks = Clocks::now();
        let later = |seconds| Clocks { wall: SystemTime::now() + Duration::from_secs(seconds), monotonic: Instant::now() };
        assert_eq!([later(100), later(101)].map(|later| clocks.compare(later)), [Sleep::Slept, Sleep::Awake]);
    }

    #[tokio::test]
    async fn a_clock_that_does_not_jump_wakes_nobody() {
        let jumps = Jumps::watch();
        assert!(tokio::time::timeout(Duration::from_millis(50), jumps.next()).await.is_err());
    }
}
