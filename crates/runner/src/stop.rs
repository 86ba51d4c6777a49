//! Stops a command because its job was cancelled or its time is up: first it is asked, and after a grace time it is killed.
//!
//! A command is stopped with all that it has started: its process group, when it has one of its own. In a group that it shares with
//! us, others are not the job's; there Linux tells who has started whom, and elsewhere it is stopped alone.

#[cfg(unix)]
pub(crate) use self::unix::Stopper;
#[cfg(not(unix))]
pub(crate) use self::windows::Stopper;

#[cfg(not(unix))]
mod windows;

use std::{thread, time::Duration};

/// Why a command was stopped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stopped {
    /// Somebody wants its job cancelled.
    Cancelled,
    /// It has run for so long.
    TimedOut(Duration),
}

impl Stopper {
    /// Stops the command when it still runs after `time`.
    pub(crate) fn stop_after(&self, time: Duration) {
        let stopper = self.clone();
        let clock = move || {
            thread::sleep(time);
            stopper.stop(Stopped::TimedOut(time));
        };
        // It ends with the process.
        if let Err(e) = thread::Builder::new().name("doorbell-timeout".to_owned()).spawn(clock) {
            tracing::warn!("the command's time will not be up: {e}");
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::{thread, time::Duration};

    use super::Stopped;
    use crate::signals::{Asked, Target};

    /// From SIGTERM to SIGKILL.
    const GRACE: Duration = Duration::from_secs(10);

    /// Stops one command.
    #[derive(Clone)]
    pub(crate) struct Stopper(Target);

    impl Stopper {
        pub(crate) fn new(target: Target) -> Self {
            Self(target)
        }

        /// Does nothing when the command is over or was told before.
        pub(crate) fn stop(&self, why: Stopped) {
            if self.0.stop(why) == Asked::Before {
                return;
            }
            let target = self.0.clone();
            let killer = move || {
                thread::sleep(GRACE);
                target.kill();
            };
            // It ends with the process, and finds a command that is over gone.
            if let Err(e) = thread::Builder::new().name("doorbell-kill".to_owned()).spawn(killer) {
                tracing::warn!("cannot wait for the command to stop by itself: {e}");
                self.0.kill();
            }
        }
    }
}
