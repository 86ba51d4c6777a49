//! Stops a command by SIGTERM, which asks, and later by SIGKILL, which ends.

use std::{thread, time::Duration};

use crate::{
    ending::StopReason,
    job_control::signals::{StopRequest, Target},
};

/// From SIGTERM to SIGKILL.
const GRACE: Duration = Duration::from_secs(10);

/// Stops one command.
#[derive(Clone)]
pub(crate) struct Stopper(Target);

impl Stopper {
    pub(crate) fn new(target: Target) -> Self {
        Self(target)
    }

    /// Stops the command. Does nothing when it is over or was told before.
    pub(crate) fn stop(&self, reason: StopReason) {
        if self.0.stop(reason) == StopRequest::Repeated {
            return;
        }
        let target = self.0.clone();
        let kill = move || {
            thread::sleep(GRACE);
            target.kill();
        };
        // The thread ends with the process, and does nothing to a command that is over.
        if let Err(e) = thread::Builder::new().name("doorbell-kill".to_owned()).spawn(kill) {
            tracing::warn!("cannot wait for the command to stop by itself: {e}");
            self.0.kill();
        }
    }
}
