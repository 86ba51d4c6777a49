//! How a command ended, and what that means for its job. Pure.

use std::{io, process::ExitStatus, time::Duration};

use doorbell_protocol::{Outcome, Timestamp, limits, text};

/// What became of the command's process.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Exit {
    /// It exited by itself.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
    /// There is no such command. Says so, in one line.
    NotFound(String),
    /// The command exists, but the system refuses to run it. Says why, in one line.
    NotRunnable(String),
}

/// What the job is told, and what the wrapper exits with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ending {
    /// As a shell counts: the command's own code, 128 + n after signal n, 127 when there is no such command,
    /// 126 when it cannot run.
    pub exit_code: i32,
    /// Whether the job succeeded.
    pub outcome: Outcome,
    /// Why it did not succeed, in one line.
    pub failure: Option<String>,
}

/// Why we have stopped a command.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StopReason {
    /// Somebody wants its job cancelled.
    Cancelled,
    /// It has run for longer than it may.
    TimedOut(Duration),
}

/// The end of a command, and when that was.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) ending: Ending,
    pub(crate) at: Timestamp,
}

impl Exit {
    /// What waiting for the process returned.
    #[must_use]
    pub fn of(status: io::Result<ExitStatus>) -> Self {
        let status = match status {
            Ok(status) => status,
            Err(e) => return Self::NotRunnable(format!("cannot learn how the command ended: {e}")),
        };
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
            return Self::Signal(signal);
        }
        Self::Code(status.code().unwrap_or(1))
    }

    /// The exit status as a shell would give it.
    #[must_use]
    pub fn code(&self) -> i32 {
        match self {
            Self::Code(code) => *code,
            Self::Signal(signal) => 128 + signal,
            Self::NotFound(_) => 127,
            Self::NotRunnable(_) => 126,
        }
    }
}

impl Ending {
    /// Exit code on Windows of a process that Ctrl-C or Ctrl-Break ended. On other systems no exit code is
    /// that large.
    const CTRL_C: i32 = 0xC000_013A_u32.cast_signed();

    /// How a command ended that we did not stop ourselves. `told_to_stop` are the signals to stop that it was
    /// sent; `last_words` is the last line on standard error, or of all output where the two are one stream.
    #[must_use]
    pub fn of(exit: &Exit, told_to_stop: &[i32], last_words: Option<&str>) -> Self {
        let exit_code = exit.code();
        let obeyed = told_to_stop.iter().find(|signal| exit_code == 128 + **signal);
        let (outcome, failure) = match (exit, obeyed) {
            (Exit::Code(0), _) => (Outcome::Succeeded, None),
            (Exit::Code(Self::CTRL_C), _) => (Outcome::Cancelled, Some("stopped by Ctrl-C".to_owned())),
            (_, Some(signal)) => (Outcome::Cancelled, Some(format!("stopped by {}", signal_name(*signal)))),
            (Exit::Code(code), None) => {
                let failure = last_words.map_or_else(|| format!("exit code {code}"), |words| joined(words, &format!("exit {code}")));
                (Outcome::Failed, Some(failure))
            }
            (Exit::Signal(signal), None) => {
                let killed = format!("killed by signal {signal} ({})", signal_name(*signal));
                (Outcome::Failed, Some(last_words.map_or_else(|| killed.clone(), |words| joined(words, &killed))))
            }
            (Exit::NotFound(reason) | Exit::NotRunnable(reason), None) => (Outcome::Failed, Some(reason.clone())),
        };
        Self { exit_code, outcome, failure }
    }
}

impl Ending {
    /// How a command ended that we have stopped.
    #[must_use]
    pub fn stopped(reason: StopReason, exit: &Exit) -> Self {
        match reason {
            StopReason::Cancelled => Self::cancelled(exit),
            StopReason::TimedOut(after) => Self::timed_out(exit, after),
        }
    }

    /// How a command ended whose job was cancelled, whatever its exit.
    #[must_use]
    pub fn cancelled(exit: &Exit) -> Self {
        const KILL: i32 = 9;
        let failure = if *exit == Exit::Signal(KILL) { "cancelled; it did not stop by itself and was killed" } else { "cancelled" };
        Self { exit_code: exit.code(), outcome: Outcome::Cancelled, failure: Some(failure.to_owned()) }
    }
}

impl Ending {
    /// The exit code of `timeout`, which scripts know.
    pub const TIMED_OUT: i32 = 124;

    /// How a command ended that was stopped after running for `after`. One that exits with 0 all the same has
    /// succeeded.
    #[must_use]
    pub fn timed_out(exit: &Exit, after: Duration) -> Self {
        if *exit == Exit::Code(0) {
            return Self::of(exit, &[], None);
        }
        let failure = Some(format!("timed out after {after:?}"));
        Self { exit_code: Self::TIMED_OUT, outcome: Outcome::Failed, failure }
    }
}

/// `words · how`, with the words cut so that `how` always fits.
fn joined(words: &str, how: &str) -> String {
    let room = limits::FAILURE_CHARS.saturating_sub(how.chars().count() + 3);
    format!("{} · {how}", text::clean_cut(words, room))
}

fn signal_name(signal: i32) -> String {
    #[cfg(unix)]
    let name = signal_hook::low_level::signal_name(signal);
    // Windows has no signals, but a command there can exit with 130, which means Ctrl-C to a shell.
    #[cfg(not(unix))]
    let name = match signal {
        2 => Some("Ctrl-C"),
        _ => None,
    };
    name.map_or_else(|| format!("signal {signal}"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    const INT: i32 = 2;
    const TERM: i32 = 15;

    #[test]
    fn the_outcome_follows_from_the_exit_and_from_who_asked_for_it() {
        use Outcome::{Cancelled, Failed, Succeeded};
        for (exit, told, words, code, outcome, failure) in [
            (Exit::Code(0), &[][..], Some("warning: x"), 0, Succeeded, None),
            (Exit::Code(0), &[TERM], None, 0, Succeeded, None),
            (Exit::Code(3), &[], None, 3, Failed, Some("exit code 3")),
            (Exit::Code(1), &[], Some("AssertionError: 3 != 4"), 1, Failed, Some("AssertionError: 3 != 4 · exit 1")),
            (Exit::Code(1), &[TERM], None, 1, Failed, Some("exit code 1")),
            (Exit::Code(Ending::CTRL_C), &[], Some("oops"), Ending::CTRL_C, Cancelled, Some("stopped by Ctrl-C")),
            (Exit::NotFound("no such command: x".to_owned()), &[], None, 127, Failed, Some("no such command: x")),
            (Exit::NotRunnable("not executable".to_owned()), &[], None, 126, Failed, Some("not executable")),
        ] {
            let expected = Ending { exit_code: code, outcome, failure: failure.map(str::to_owned) };
            assert_eq!(Ending::of(&exit, told, words), expected, "{exit:?} {told:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn signals_are_called_by_their_names() {
        use Outcome::{Cancelled, Failed};
        for (exit, told, words, code, outcome, failure) in [
            (Exit::Signal(9), &[][..], None, 137, Failed, "killed by signal 9 (SIGKILL)"),
            (Exit::Signal(11), &[], Some("oops"), 139, Failed, "oops · killed by signal 11 (SIGSEGV)"),
            (Exit::Signal(INT), &[INT], Some("Terminated"), 130, Cancelled, "stopped by SIGINT"),
            (Exit::Code(130), &[INT], None, 130, Cancelled, "stopped by SIGINT"),
            (Exit::Signal(TERM), &[INT], None, 143, Failed, "killed by signal 15 (SIGTERM)"),
            (Exit::Signal(TERM), &[INT, TERM], None, 143, Cancelled, "stopped by SIGTERM"),
        ] {
            let expected = Ending { exit_code: code, outcome, failure: Some(failure.to_owned()) };
            assert_eq!(Ending::of(&exit, told, words), expected, "{exit:?} {told:?}");
        }
    }

    #[test]
    fn a_cancelled_command_is_cancelled_however_it_exits() {
        for (exit, code, failure) in [
            (Exit::Signal(TERM), 143, "cancelled"),
            (Exit::Code(0), 0, "cancelled"),
            (Exit::Code(1), 1, "cancelled"),
            (Exit::Signal(9), 137, "cancelled; it did not stop by itself and was killed"),
        ] {
            let expected = Ending { exit_code: code, outcome: Outcome::Cancelled, failure: Some(failure.to_owned()) };
            assert_eq!(Ending::cancelled(&exit), expected);
        }
    }

    #[test]
    fn a_command_whose_time_is_up_has_failed_unless_it_made_it() {
        let ending = Ending::timed_out(&Exit::Signal(TERM), Duration::from_secs(90));
        assert_eq!((ending.exit_code, ending.outcome, ending.failure.as_deref()), (124, Outcome::Failed, Some("timed out after 90s")));
        assert_eq!(Ending::timed_out(&Exit::Code(0), Duration::from_secs(90)).outcome, Outcome::Succeeded);
    }

    #[test]
    fn long_last_words_leave_room_for_the_code() {
        let ending = Ending::of(&Exit::Code(7), &[], Some(&"x".repeat(900)));
        let failure = ending.failure.unwrap();
        assert_eq!(failure.chars().count(), limits::FAILURE_CHARS);
        assert!(failure.ends_with("… · exit 7"));
    }
}
