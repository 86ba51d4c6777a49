//! Suspends this process as the key Ctrl-Z would, but only where somebody would wake it again.

use std::{thread, time::Duration};

use rustix::process::{Signal, getppid, kill_current_process_group, kill_process};

use crate::{
    processes,
    stdio::{Terminals, terminal},
};

/// Whom a suspension is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Whom {
    /// This process: the others have been suspended by whoever suspended it.
    Ourselves,
    /// This process, which stands for the command before a process that will wake it.
    StandIn,
    /// All of our group, as the key would.
    OurGroup,
}

/// What came of a suspension.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Suspension {
    /// It takes effect at any moment. It ends with SIGCONT.
    Sent,
    /// Nobody would wake us. The kernel does not suspend such a process either.
    Refused,
}

/// Suspends `whom`, if anybody would wake them.
pub(crate) fn suspend(whom: Whom) -> Suspension {
    if whom != Whom::StandIn && !would_be_woken() {
        return Suspension::Refused;
    }
    let sent = match whom {
        Whom::Ourselves | Whom::StandIn => kill_process(rustix::process::getpid(), Signal::STOP),
        Whom::OurGroup => kill_current_process_group(Signal::STOP),
    };
    match sent {
        Ok(()) => Suspension::Sent,
        Err(e) => {
            tracing::debug!("cannot suspend: {e}");
            Suspension::Refused
        }
    }
}

/// Suspends `whom` and returns when somebody has woken us, or at once when nobody would.
pub(crate) fn suspend_until_woken(whom: Whom, terminals: &Terminals) {
    terminals.begin_suspension();
    terminal::give_back();
    match suspend(whom) {
        // The signal may reach another thread first, while this one runs on. So this one waits for the signal
        // with which we are woken.
        Suspension::Sent => terminals.wait_for_go_on(),
        Suspension::Refused => terminals.go_on(),
    }
}

/// The command was suspended: gives our terminal back and suspends all of our group, as the key would have
/// without us. Returns when we go on, or at once when nobody would wake us.
pub(crate) fn suspend_with_command(terminals: &Terminals) {
    /// Time for what the command has shown last to be moved on.
    const LAST_SHOWN: Duration = Duration::from_millis(50);

    thread::sleep(LAST_SHOWN);
    suspend_until_woken(Whom::OurGroup, terminals);
}

/// Whether somebody of our session, outside our group, waits for a process of our group: a shell with job
/// control. Where the parents of other processes are not known, a group of several generations counts as one
/// that nobody waits for.
fn would_be_woken() -> bool {
    let (session, group) = (processes::our_session(), processes::our_group());
    let mut ancestor = getppid();
    while let Some(process) = ancestor {
        if processes::session_of(process) != session {
            return false;
        }
        if processes::group_of(process) != group {
            return true;
        }
        ancestor = processes::parent_of(process);
    }
    false
}
