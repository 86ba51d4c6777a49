//! How this process ends: as the command did, so that whoever waits for us sees what it would have seen
//! without us. For example, a shell ends a loop when a program in it dies of SIGINT, but not when it exits
//! with 130.

use crate::ending::{Ending, Exit};

/// How this process is to end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ExitAs {
    /// It exits with this code.
    Code(i32),
    /// It dies of this signal.
    #[cfg(unix)]
    Signal(i32),
    /// It dies of SIGINT, and our whole process group with it, such as a script that runs us. The interrupt
    /// key was typed into our terminal, but only the command's own terminal has acted on it so far.
    #[cfg(unix)]
    Interrupt,
}

/// Whether the interrupt key was handed on to the command's own terminal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Typed {
    /// The interrupt key was.
    Interrupt,
    /// No interrupt key was handed on.
    Nothing,
}

impl ExitAs {
    /// How we end after a command that ended like this.
    pub(crate) fn after(exit: &Exit, ending: &Ending, typed: Typed) -> Self {
        #[cfg(unix)]
        if let Exit::Signal(signal) = *exit
            && ending.exit_code == exit.code()
        {
            let interrupt = typed == Typed::Interrupt && signal == signal_hook::consts::SIGINT;
            return if interrupt { Self::Interrupt } else { Self::Signal(signal) };
        }
        #[cfg(not(unix))]
        let _ = (exit, typed);
        Self::Code(ending.exit_code)
    }

    /// Ends this process by its signal, or returns the code to exit with.
    pub(crate) fn carry_out(self) -> i32 {
        match self {
            Self::Code(code) => code,
            #[cfg(unix)]
            Self::Signal(signal) => die_of(signal),
            #[cfg(unix)]
            Self::Interrupt => {
                let _ = rustix::process::kill_current_process_group(rustix::process::Signal::INT);
                die_of(signal_hook::consts::SIGINT)
            }
        }
    }
}

/// Dies of the signal that the command died of. When that does not kill us, returns 128 + n, as shells do.
#[cfg(unix)]
fn die_of(signal: i32) -> i32 {
    use rustix::process::{Resource, Rlimit, setrlimit};

    // The command has written a core file if one is wanted; a second one, of us, is of no use.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = signal_hook::low_level::emulate_default_handler(signal);
    128 + signal
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn we_end_as_the_command_did_unless_we_say_otherwise() {
        let after = |exit: Exit, typed| ExitAs::after(&exit, &Ending::of(&exit, &[], None), typed);
        assert_eq!(after(Exit::Code(3), Typed::Nothing), ExitAs::Code(3));
        assert_eq!(after(Exit::NotFound("no".to_owned()), Typed::Nothing), ExitAs::Code(127));
        assert_eq!(after(Exit::Signal(15), Typed::Interrupt), ExitAs::Signal(15));
        assert_eq!(after(Exit::Signal(2), Typed::Nothing), ExitAs::Signal(2));
        assert_eq!(after(Exit::Signal(2), Typed::Interrupt), ExitAs::Interrupt);
        let timed_out = Ending::timed_out(&Exit::Signal(15), std::time::Duration::from_secs(1));
        assert_eq!(ExitAs::after(&Exit::Signal(15), &timed_out, Typed::Nothing), ExitAs::Code(124));
    }
}
