//! Whom a signal is for. Pure.

use signal_hook::consts::SIGHUP;

/// Who sent a signal to us.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Sender {
    /// A process, by `kill`. It is for us alone, and so for the command.
    Process,
    /// The kernel, because of a key or a hangup of our terminal. It is for the whole foreground group.
    Kernel,
}

/// Which group the command is in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum CommandGroup {
    /// In our group, unless it has a terminal of its own.
    Ours,
    /// In a group of its own, in our session.
    ItsOwn,
}

/// What to do with a signal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Route {
    /// Nothing: the command is in our group and has got it from the kernel.
    Reached,
    /// Send it to the command.
    Command,
    /// Send it to the foreground group of the command's own terminal, as the kernel would have.
    Foreground,
}

pub(super) fn route(sender: Sender, signal: i32, group: CommandGroup, has_own_terminal: bool) -> Route {
    match (sender, group) {
        (Sender::Process, _) => Route::Command,
        // A hangup reaches the leader of a session and the foreground group. A key reaches us only while the
        // command is not in the foreground yet.
        (Sender::Kernel, CommandGroup::ItsOwn) if signal != SIGHUP => Route::Command,
        (Sender::Kernel, _) if has_own_terminal => Route::Foreground,
        (Sender::Kernel, _) => Route::Reached,
    }
}

#[cfg(test)]
mod tests {
    use signal_hook::consts::SIGINT;

    use super::*;

    #[test]
    fn the_command_gets_each_signal_once() {
        use CommandGroup::{ItsOwn, Ours};
        use Sender::{Kernel, Process};
        for (sender, signal, group, has_own_terminal, expected) in [
            (Process, SIGINT, Ours, false, Route::Command),
            (Process, SIGINT, Ours, true, Route::Command),
            (Process, SIGHUP, ItsOwn, false, Route::Command),
            (Kernel, SIGINT, Ours, false, Route::Reached),
            (Kernel, SIGINT, Ours, true, Route::Foreground),
            (Kernel, SIGHUP, ItsOwn, false, Route::Reached),
            (Kernel, SIGINT, ItsOwn, false, Route::Command),
        ] {
            assert_eq!(route(sender, signal, group, has_own_terminal), expected, "{sender:?} {signal} {group:?}");
        }
    }
}
