//! Stops a command because its job was cancelled or its time is up: first it is asked, and after a grace time
//! it is killed.
//!
//! A command is stopped with all that it has started: its process group, when it has one of its own. In a
//! group that it shares with us, others are not the job's; there Linux tells who has started whom, and
//! elsewhere it is stopped alone.

#[cfg(unix)]
mod unix;
#[cfg(not(unix))]
mod windows;

use std::{thread, time::Duration};

#[cfg(unix)]
pub(crate) use self::unix::Stopper;
#[cfg(not(unix))]
pub(crate) use self::windows::Stopper;
use crate::ending::StopReason;

impl Stopper {
    /// Stops the command when it still runs after `time`.
    pub(crate) fn stop_after(&self, time: Duration) {
        let stopper = self.clone();
        let timeout = move || {
            thread::sleep(time);
            stopper.stop(StopReason::TimedOut(time));
        };
        // The thread ends with the process.
        if let Err(e) = thread::Builder::new().name("doorbell-timeout".to_owned()).spawn(timeout) {
            tracing::warn!("the command's time will not be up: {e}");
        }
    }
}
