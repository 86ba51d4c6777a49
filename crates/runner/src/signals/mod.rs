//! Signals to the wrapper reach the command as they would have without it: each once, and none made up.
//!
//! # Layout
//! - `route`: whom a signal is for, pure · `stop`: when we stop with the command · `family`: what it has started · `ignored`: which signals were ignored when we were started
//!
//! # Invariants
//! - The wrapper outlives the command: a signal that would end it is handed on, and the command decides.
//! - A signal that a terminal sent to the whole foreground group has reached a command in that group already; it is not
//!   sent again.
//! - What our parent ignored (`nohup`) stays ignored, for us and for the command.
//! - A process id is used only while the command has not been waited for: it cannot mean another process.

mod family;
mod ignored;
mod route;
mod stop;

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

pub(crate) use self::route::Company;
pub(crate) use self::stop::{Stop, Whom, stop};
use self::{
    family::Family,
    route::{Route, Sender},
};
use crate::{
    farewell::Farewell,
    group,
    stdio::{Terminals, terminal},
    stop::Stopped,
};

/// Those that ask for an end: a command that dies of one of them was cancelled.
const STOPS: [i32; 3] = [SIGHUP, SIGINT, SIGTERM];
/// What people and programs send, and would end or stop us. The others tell of what a process itself has done.
const FORWARDED: [i32; 10] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGTSTP];

/// Signals that are caught, from before the command starts.
pub(crate) struct Signals(SignalsInfo<WithOrigin>);

/// The command that signals are for.
#[derive(Clone)]
pub(crate) struct Target(Arc<Mutex<State>>);

struct State {
    /// `None` once the command has exited.
    pid: Option<Pid>,
    company: Company,
    /// Whether a stop that was meant for us has gone to the command.
    stop_handed_on: bool,
    terminals: Terminals,
    told_to_stop: Vec<i32>,
    stopped: Option<Stopped>,
    /// What the command had started when we have stopped it.
    family: Family,
    /// How we end, once it is known.
    farewell: Option<Farewell>,
}

/// What the command was told before it exited.
pub(crate) struct Gone {
    /// The signals that asked for its end.
    pub(crate) told_to_stop: Vec<i32>,
    /// Why we have stopped it, if we have.
    pub(crate) stopped: Option<Stopped>,
}

/// Whether [`Target::stop`] is news to the command.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Asked {
    /// It was told for the first time.
    Now,
    /// It was told before, or is over.
    Before,
}

impl Signals {
    /// Catches signals from now on. They wait until [`hand_on`](Self::hand_on).
    pub(crate) fn catch() -> io::Result<Self> {
        let ignored = ignored::at_start();
        let caught = FORWARDED.into_iter().filter(|signal| !ignored.contains(*signal)).chain([SIGWINCH, SIGCONT]);
        Ok(Self(SignalsInfo::new(caught)?))
    }

    /// Hands signals on to the command with this id.
    pub(crate) fn hand_on(mut self, pid: Option<Pid>, company: Company, terminals: Terminals) -> io::Result<Target> {
        let target = Target(Arc::new(Mutex::new(State {
            pid,
            company,
            stop_handed_on: false,
            terminals: terminals.clone(),
            told_to_stop: Vec::new(),
            stopped: None,
            family: Family::default(),
            farewell: None,
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
                        // With a terminal of its own the command stops first, and then we do: see `suspend`.
                        if terminals.controlling().is_none() {
                            let _ = stop(Whom::Ourselves);
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
    /// The command has exited, but has not been waited for: its id is still its own, and is not used any more.
    pub(crate) fn gone(&self) -> Gone {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.pid = None;
        Gone { told_to_stop: std::mem::take(&mut state.told_to_stop), stopped: state.stopped }
    }

    /// Asks the command to stop.
    pub(crate) fn stop(&self, why: Stopped) -> Asked {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pid) = state.pid.filter(|_| state.stopped.is_none()) else { return Asked::Before };
        state.stopped = Some(why);
        state.send(pid, Signal::TERM);
        Asked::Now
    }

    /// We go on, and so does a command that we have handed a stop on to. Any other is woken by whoever has stopped it; to wake it
    /// again, later, might undo the next stop.
    fn go_on(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut state.stop_handed_on)
            && state.company == Company::Ours
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

    /// The command has been waited for: from now on a signal ends us as it has ended.
    pub(crate) fn ended_with(&self, farewell: Farewell) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).farewell = Some(farewell);
    }

    fn take(&self, signal: i32, sender: Sender, terminals: &Terminals) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pid) = state.pid else {
            // It came too late for the command. When only the last report or a reader that takes no output keeps us, nobody should
            // have to wait for that; before, it is known at once how the command ended.
            if let Some(farewell) = state.farewell {
                terminal::leave();
                std::process::exit(farewell.say());
            }
            return;
        };
        if STOPS.contains(&signal) {
            state.told_to_stop.push(signal);
        }
        let Some(named) = Signal::from_named_raw(signal) else { return };
        let route = route::route(sender, signal, state.company, terminals.controlling().is_some());
        state.stop_handed_on |= signal == SIGTSTP && route == Route::Command;
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
    /// To the command and all that it has started: its group, when it has one of its own. Stopped, it must go on to die.
    fn send(&mut self, pid: Pid, signal: Signal) {
        let foreground = self.terminals.foreground();
        let own = || group::of(pid).filter(|group| *group == pid);
        let sent = match foreground.or_else(own) {
            Some(group) => rustix::process::kill_process_group(group, signal).and_then(|()| match foreground {
                Some(group) => rustix::process::kill_process_group(group, Signal::CONT),
                None => Ok(()),
            }),
            None => {
                if signal == Signal::TERM {
                    self.family = Family::of(pid);
                }
                let sent = rustix::process::kill_process(pid, signal);
                self.family.send(signal);
                sent
            }
        };
        if let Err(e) = sent {
            tracing::debug!("cannot stop the command: {e}");
        }
    }
}
