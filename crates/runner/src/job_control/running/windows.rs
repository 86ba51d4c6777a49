//! A running command on Windows: console events and keys tell it to stop, and a job object holds all that it
//! starts.

use std::{io, process::Command};

use crate::{
    ending::{Ending, Exit},
    exit_as::{ExitAs, Typed},
    job_control::{
        console_events::{ConsoleEvents, StopFlag},
        stopper::Stopper,
    },
    stdio::Attached,
};

/// The command, its streams, and what may stop it.
pub(crate) struct RunningCommand {
    attached: Attached,
    stopper: Stopper,
    told_to_stop: StopFlag,
}

impl RunningCommand {
    /// Starts `command` by `attach`.
    pub(crate) fn start(command: Command, attach: impl FnOnce(Command) -> io::Result<Attached>) -> io::Result<Self> {
        // Events are caught first: a Ctrl-C that comes while the command starts must not end us.
        let events = ConsoleEvents::catch()?;
        let attached = attach(command)?;
        let stopper = Stopper::new(attached.process());
        let told_to_stop = events.hand_on(attached.pseudo())?;
        Ok(Self { attached, stopper, told_to_stop })
    }

    /// Stops the command when its job is cancelled.
    pub(crate) fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Waits until the command has ended and its output was moved. Says how its job ended, and how we are to
    /// end.
    pub(crate) fn wait(mut self) -> (Ending, ExitAs) {
        const INTERRUPT: i32 = 2;

        let status = self.attached.wait();
        let stopped = self.stopper.command_exited();
        let typed = if self.attached.was_interrupted() { Typed::Interrupt } else { Typed::Nothing };
        let was_told = self.told_to_stop.is_set() || typed == Typed::Interrupt;
        let last_words = self.attached.detach();
        let exit = Exit::of(status);
        let ending = match stopped {
            Some(reason) => Ending::stopped(reason, &Stopper::exit(exit.clone())),
            None => Ending::of(&exit, if was_told { &[INTERRUPT] } else { &[] }, last_words.as_deref()),
        };
        let exit_as = ExitAs::after(&exit, &ending, typed);
        (ending, exit_as)
    }
}
