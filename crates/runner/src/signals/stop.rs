//! Stops this process as a key would: only where somebody would wake it.

use rustix::process::{Pid, Signal, getppid, kill_current_process_group, kill_process};

use crate::group;

/// Whom a stop is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Whom {
    /// This process: the others have been stopped by whoever stopped it.
    Ourselves,
    /// This process, which stands for the command before one that will wake it.
    StandIn,
    /// All of our group, as the key would.
    OurGroup,
}

/// What came of a stop.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stop {
    /// It takes effect at any moment. It ends with SIGCONT.
    Sent,
    /// Nobody would wake us. The kernel drops such a stop, too.
    Refused,
}

/// Stops until somebody wakes us, if anybody would.
pub(crate) fn stop(whom: Whom) -> Stop {
    if whom != Whom::StandIn && !would_be_woken() {
        return Stop::Refused;
    }
    let stopped = match whom {
        Whom::Ourselves | Whom::StandIn => kill_process(rustix::process::getpid(), Signal::STOP),
        Whom::OurGroup => kill_current_process_group(Signal::STOP),
    };
    match stopped {
        Ok(()) => Stop::Sent,
        Err(e) => {
            tracing::debug!("cannot stop: {e}");
            Stop::Refused
        }
    }
}

/// Whether somebody of our session, outside our group, waits for one of our group: a shell with job control.
fn would_be_woken() -> bool {
    let (session, group) = (group::our_session(), group::ours());
    let mut ancestor = getppid();
    while let Some(pid) = ancestor {
        if group::session_of(pid) != session {
            return false;
        }
        if group::of(pid) != group {
            return true;
        }
        ancestor = parent_of(pid);
    }
    false
}

/// Known on Linux only. Elsewhere a group of several generations counts as orphaned.
pub(super) fn parent_of(pid: Pid) -> Option<Pid> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // The name stands in parentheses and may contain anything.
    let (_, rest) = stat.rsplit_once(") ")?;
    Pid::from_raw(rest.split(' ').nth(1)?.parse().ok()?)
}
