//! A timer for long waits.
//!
//! A timer of tokio's that is half a minute away wakes its thread about three times: it stands in a wheel, and moves through
//! finer ones as its moment comes near. A timer of the kernel wakes once. It takes a file descriptor and a few system calls,
//! so it is for the few waits that go on while nothing happens.

use tokio::time::Instant;

/// Returns when `deadline` has come.
pub(crate) async fn sleep_until(deadline: Instant) {
    #[cfg(target_os = "linux")]
    match linux::ring(deadline).await {
        Ok(()) => return,
        Err(error) => tracing::trace!(%error, "tokio waits in place of the kernel"),
    }
    tokio::time::sleep_until(deadline).await;
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{io, os::fd::OwnedFd, time::Duration};

    use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime};
    use tokio::{
        io::{Interest, unix::AsyncFd},
        sync::Semaphore,
        time::Instant,
    };

    /// Timers that this process may have at once. Where more waits than that, something happens all the time, and the file
    /// descriptors are for others.
    static FREE: Semaphore = Semaphore::const_new(64);
    const NEVER_AGAIN: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

    /// Returns when `deadline` has come.
    ///
    /// # Errors
    /// There is no timer to be had. Then it returns at once.
    pub(super) async fn ring(deadline: Instant) -> io::Result<()> {
        let left = deadline.saturating_duration_since(Instant::now());
        // To the kernel, no time at all is no timer.
        if left.is_zero() {
            return Ok(());
        }
        let _one = FREE.try_acquire().map_err(io::Error::other)?;
        timer(left)?.readable().await?.retain_ready();
        Ok(())
    }

    #[expect(
        deprecated,
        reason = "what takes its place is unsafe, for the sake of types that are not, as an `OwnedFd` is, sure to stay open"
    )]
    fn timer(left: Duration) -> io::Result<AsyncFd<OwnedFd>> {
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK)?;
        let once = Itimerspec { it_interval: NEVER_AGAIN, it_value: left.try_into().map_err(io::Error::other)? };
        timerfd_settime(&timer, TimerfdTimerFlags::empty(), &once)?;
        AsyncFd::with_interest(timer, Interest::READABLE)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn it_returns_when_its_moment_has_come_and_at_once_when_that_is_past() {
        let start = Instant::now();
        for millis in [20, 0, 20] {
            let deadline = start + Duration::from_millis(millis);
            sleep_until(deadline).await;
            assert!(Instant::now() >= deadline);
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_kernel_waits_for_a_few_and_tokio_for_the_rest() {
        let far = Instant::now() + Duration::from_secs(3_600);
        let mut few = Vec::new();
        let beyond = loop {
            let mut ring = Box::pin(linux::ring(far));
            match futures_util::poll!(&mut ring) {
                std::task::Poll::Pending => few.push(ring),
                std::task::Poll::Ready(beyond) => break beyond,
            }
        };
        assert!(beyond.is_err() && !few.is_empty(), "{beyond:?} after {}", few.len());
        let deadline = Instant::now() + Duration::from_millis(20);
        sleep_until(deadline).await;
        assert!(Instant::now() >= deadline);
    }
}
