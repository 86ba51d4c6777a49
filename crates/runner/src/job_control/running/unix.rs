//! A running command on Unix: it may be suspended, and a signal may end it.

use std::{io, process::Command};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use signal_hook::consts::SIGINT;

use crate::{
    ending::{Ending, Exit},
    exit_as::{ExitAs, Typed},
    job_control::{
        signals::{CommandGroup, Signals, StopHistory, Target},
        stopper::Stopper,
        suspend::suspend_with_command,
    },
    stdio::Attached,
};

/// The command, its streams, and who hands signals on to it.
pub(crate) struct RunningCommand {
    attached: Attached,
    target: Target,
}

impl RunningCommand {
    /// Starts `command` by `attach`.
    pub(crate) fn start(command: Command, attach: impl FnOnce(Command) -> io::Result<Attached>) -> io::Result<Self> {
        // Signals are caught first, so that one that comes while the command starts is kept for it.
        let signals = Signals::catch()?;
        let attached = attach(command)?;
        let pid = Pid::from_child(&attached.child);
        let target = signals.hand_on(Some(pid), CommandGroup::Ours, attached.terminals())?;
        Ok(Self { attached, target })
    }

    /// Stops the command when its job is cancelled.
    pub(crate) fn stopper(&self) -> Stopper {
        Stopper::new(self.target.clone())
    }

    /// Waits until the command has ended and its output was moved. Says how its job ended, and how we are to
    /// end.
    pub(crate) fn wait(mut self) -> (Ending, ExitAs) {
        self.wait_for_exit();
        let StopHistory { mut told_to_stop, reason } = self.target.command_exited();
        let typed = if self.attached.terminals().was_interrupted() { Typed::Interrupt } else { Typed::Nothing };
        if typed == Typed::Interrupt {
            told_to_stop.push(SIGINT);
        }
        let exit = Exit::of(self.attached.child.wait());
        let ending = |last_words: Option<&str>| match reason {
            Some(reason) => Ending::stopped(reason, &exit),
            None => Ending::of(&exit, &told_to_stop, last_words),
        };
        let exit_as = ExitAs::after(&exit, &ending(None), typed);
        self.target.exit_on_signal(exit_as);
        let last_words = self.attached.detach();
        (ending(last_words.as_deref()), exit_as)
    }

    /// Returns when the process has exited, and leaves its status for later: until that is taken, no other
    /// process can get its id, so a signal cannot hit another process. While a command with a terminal of its
    /// own is suspended, so are we.
    fn wait_for_exit(&self) {
        let pid = Pid::from_child(&self.attached.child);
        let terminals = self.attached.terminals();
        let stops = if terminals.controlling().is_some() { WaitIdOptions::STOPPED } else { WaitIdOptions::empty() };
        loop {
            match waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | stops) {
                Ok(Some(status)) if status.stopped() => {
                    // Takes this report, so that the next wait is for another one.
                    let _ = waitid(WaitId::Pid(pid), stops | WaitIdOptions::NOHANG);
                    suspend_with_command(&terminals);
                    let _ = kill_process(pid, Signal::CONT);
                }
                Err(rustix::io::Errno::INTR) => {}
                Ok(_) | Err(_) => return,
            }
        }
    }
}
