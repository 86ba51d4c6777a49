//! Hands signals on: each that is sent to the wrapper reaches the command once, as it would have without the
//! wrapper.
//!
//! # Layout
//! - `route`: whom a signal is for, pure · `descendants`: what the command has started · `ignored`: which
//!   signals were ignored when we were started
//!
//! # Invariants
//! - The wrapper outlives the command: a signal that would end the wrapper is handed on, and the command
//!   decides.
//! - A signal that a terminal sent to the whole foreground group has reached a command in that group already;
//!   it is not sent again.
//! - What our parent ignored (`nohup`) stays ignored, for us and for the command.
//! - A process id is used only while the command has not been waited for: it cannot mean another process.

mod descendants;
mod ignored;
mod route;

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use rustix::process::{Pid, Signal};
use signal_hook::{
    consts::{SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2, SIGVTALRM, SIGWINCH},
    iterator::{SignalsInfo, exfiltrator::WithOrigin},
};

pub(crate) use self::route::CommandGroup;
use self::{
    descendants::Descendants,
    route::{Route, Sender},
};
use crate::{
    ending::StopReason,
    exit_as::ExitAs,
    job_control::suspend::{Whom, suspend},
    processes,
    stdio::{Terminals, terminal},
};

/// Signals that ask for an end. A command that dies of one of them was cancelled.
const STOPS: [i32; 3] = [SIGHUP, SIGINT, SIGTERM];
/// Signals that people and programs send and that would end or suspend us. The others are about what a
/// process itself has done.
const FORWARDED: [i32; 10] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGTSTP];

/// Signals that are caught, from before the command starts.
pub(crate) struct Signals(SignalsInfo<WithOrigin>);

/// The command that signals are for.
#[derive(Clone)]
pub(crate) struct Target(Arc<Mutex<State>>);

struct State {
    /// `None` once the command has exited.
    pid: Option<Pid>,
    group: CommandGroup,
    /// Whether a SIGTSTP that was meant for us has gone to the command.
    suspension_handed_on: bool,
    terminals: Terminals,
    told_to_stop: Vec<i32>,
    /// Why we have stopped the command, if we have.
    reason: Option<StopReason>,
    /// What the command had started when we stopped it.
    descendants: Descendants,
    /// How we end, once it is known.
    exit_as: Option<ExitAs>,
}

/// What told the command to stop before it exited.
pub(crate) struct StopHistory {
    /// The signals that asked for its end.
    pub(crate) told_to_stop: Vec<i32>,
    /// Why we have stopped it, if we have.
    pub(crate) reason: Option<StopReason>,
}

/// Whether [`Target::stop`] is news to the command.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum StopRequest {
    /// It was told for the first time.
    First,
    /// It was told before, or is over.
    Repeated,
}

impl Signals {
    /// Catches signals from now on. They wait until [`hand_on`](Self::hand_on).
    pub(crate) fn catch() -> io::Result<Self> {
        let ignored = ignored::at_start();
        let caught = FORWARDED.into_iter().filter(|signal| !ignored.contains(*signal)).chain([SIGWINCH, SIGCONT]);
        Ok(Self(SignalsInfo::new(caught)?))
    }

    /// Hands signals on to the command with this id.
    pub(crate) fn hand_on(mut self, pid: Option<Pid>, group: CommandGroup, terminals: Terminals) -> io::Result<Target> {
        let target = Target(Arc::new(Mutex::new(State {
            pid,
            group,
            suspension_handed_on: false,
            terminals: terminals.clone(),
            told_to_stop: Vec::new(),
            reason: None,
            descendants: Descendants::default(),
            exit_as: None,
        })));
        let shared = target.clone();
        thread::Builder::new().name("doorbell-signals".to_owned()).spawn(move || {
            for origin in self.0.forever() {
                let sender = if origin.process.is_some() { Sender::Process } else { Sender::Kernel };
                match origin.signal {
                    SIGWINCH => terminals.resize(),
                    SIGCONT => {
                        terminals.go_on();
                        shared.go_on();
                    }
                    SIGTSTP => {
                        shared.take(SIGTSTP, sender, &terminals);
                        // A command with a terminal of its own is suspended first, and then we are: see
                        // `suspend_with_command`.
                        if terminals.controlling().is_none() {
                            let _ = suspend(Whom::Ourselves);
                        }
                    }
                    signal => shared.take(signal, sender, &terminals),
                }
            }
        })?;
        Ok(target)
    }
}

impl Target {
    /// The command has exited, but has not been waited for: its id is still its own, and is not used any
    /// more.
    pub(crate) fn command_exited(&self) -> StopHistory {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.pid = None;
        StopHistory { told_to_stop: std::mem::take(&mut state.told_to_stop), reason: state.reason }
    }

    /// Asks the command to stop.
    pub(crate) fn stop(&self, reason: StopReason) -> StopRequest {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pid) = state.pid.filter(|_| state.reason.is_none()) else { return StopRequest::Repeated };
        state.reason = Some(reason);
        state.send(pid, Signal::TERM);
        StopRequest::First
    }

    /// We go on, and so does a command that we have handed a SIGTSTP on to. Any other command is woken by
    /// whoever has suspended it; if we woke it as well, and later, we might undo its next suspension.
    fn go_on(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut state.suspension_handed_on)
            && state.group == CommandGroup::Ours
            && let Some(pid) = state.pid.filter(|_| state.terminals.controlling().is_none())
        {
            let _ = rustix::process::kill_process(pid, Signal::CONT);
        }
    }

    /// Ends the command, if it is still there.
    pub(crate) fn kill(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pid) = state.pid {
            state.send(pid, Signal::KILL);
        }
    }

    /// The command has been waited for. From now on a signal ends us, in the way that the command has ended.
    pub(crate) fn exit_on_signal(&self, exit_as: ExitAs) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).exit_as = Some(exit_as);
    }

    fn take(&self, signal: i32, sender: Sender, terminals: &Terminals) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pid) = state.pid else {
            // The signal came too late for the command. We may still be waiting for the last report or for a
            // reader that takes no output, and nobody should have to wait for that. So we end as soon as it
            // is known how.
            if let Some(exit_as) = state.exit_as {
                terminal::leave();
                std::process::exit(exit_as.carry_out());
            }
            return;
        };
        if STOPS.contains(&signal) {
            state.told_to_stop.push(signal);
        }
        let Some(named) = Signal::from_named_raw(signal) else { return };
        let route = route::route(sender, signal, state.group, terminals.controlling().is_some());
        state.suspension_handed_on |= signal == SIGTSTP && route == Route::Command;
        let sent = match route {
            Route::Reached => Ok(()),
            Route::Command => rustix::process::kill_process(pid, named),
            Route::Foreground => rustix::process::kill_process_group(terminals.foreground().unwrap_or(pid), named),
        };
        if let Err(e) = sent {
            tracing::debug!(signal, "cannot hand on a signal: {e}");
        }
    }
}

impl State {
    /// Sends a signal to the command and all that it has started: to its process group, when it has one of
    /// its own. Where it may be suspended, SIGCONT follows, since only a process that runs can obey.
    fn send(&mut self, pid: Pid, signal: Signal) {
        let foreground = self.terminals.foreground();
        let own = || processes::group_of(pid).filter(|group| *group == pid);
        let sent = match foreground.or_else(own) {
            Some(group) => rustix::process::kill_process_group(group, signal).and_then(|()| match foreground {
                Some(group) => rustix::process::kill_process_group(group, Signal::CONT),
                None => Ok(()),
            }),
            None => {
                if signal == Signal::TERM {
                    self.descendants = Descendants::of(pid);
                }
                let sent = rustix::process::kill_process(pid, signal);
                self.descendants.send(signal);
                sent
            }
        };
        if let Err(e) = sent {
            tracing::debug!("cannot stop the command: {e}");
        }
    }
}
