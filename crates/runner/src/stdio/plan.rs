//! Decides, from what our own streams are, what the command gets.

/// What our standard streams are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Ours {
    pub(super) stdin: Kind,
    pub(super) stdout: Kind,
    pub(super) stderr: Kind,
    pub(super) outputs: Outputs,
}

/// Whether a stream is a terminal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Terminal,
    Other,
}

/// Whether standard output and standard error are one and the same file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Outputs {
    Same,
    Different,
}

/// What the command gets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Plan {
    pub(super) stdin: InputVia,
    pub(super) stdout: OutputVia,
    pub(super) stderr: OutputVia,
}

/// Where the command reads from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum InputVia {
    /// Our standard input, untouched.
    Inherited,
    /// Its terminal, which is fed from ours.
    Terminal,
}

/// Where the command writes to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum OutputVia {
    /// Its controlling terminal.
    Terminal,
    /// A terminal that is not the controlling one. Our own stream is a terminal, but the command must stay in
    /// our session: another program reads our output and may use our terminal as well, as in `doorbell run --
    /// x | less`.
    BareTerminal,
    /// A pipe of its own.
    Pipe,
    /// The pipe of standard output, so that the order of what is written to both is kept.
    WithStdout,
}

/// Who types into the command's pseudo console, on Windows.
#[cfg(any(windows, test))]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Keyboard {
    /// Whoever types into ours.
    Console,
    /// Our standard input, which is no console.
    Input,
    /// Nobody: our console's keys may be meant for whoever reads our output.
    Nobody,
}

/// Whether the command gets a terminal.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TerminalChoice {
    /// For each stream that is a terminal for us.
    #[default]
    LikeOurs,
    /// Always for its output.
    Always,
    /// Never for its output.
    Never,
}

impl Ours {
    pub(super) fn plan(self, choice: TerminalChoice) -> Plan {
        match choice {
            TerminalChoice::LikeOurs => self.like_ours(),
            TerminalChoice::Never => Self { stdout: Kind::Other, stderr: Kind::Other, ..self }.like_ours(),
            TerminalChoice::Always => Plan {
                // When our output goes elsewhere, another program may be reading our terminal.
                stdin: if self.stdout == Kind::Terminal { self.like_ours().stdin } else { InputVia::Inherited },
                stdout: OutputVia::Terminal,
                stderr: if self.stderr == Kind::Terminal || self.outputs == Outputs::Same { OutputVia::Terminal } else { OutputVia::Pipe },
            },
        }
    }

    /// Whether the command gets a pseudo console on Windows, and who types into it. A pseudo console has all
    /// three streams, so a command with a stream that goes elsewhere gets one only when the user asks for it.
    #[cfg(any(windows, test))]
    pub(super) fn keyboard(self, choice: TerminalChoice) -> Option<Keyboard> {
        let Plan { stdin, stdout, stderr } = self.plan(choice);
        match (choice, self.stdin) {
            (TerminalChoice::Always, Kind::Other) => Some(Keyboard::Input),
            (TerminalChoice::Always, Kind::Terminal) if stdin == InputVia::Inherited => Some(Keyboard::Nobody),
            (TerminalChoice::Always, Kind::Terminal) => Some(Keyboard::Console),
            (TerminalChoice::LikeOurs | TerminalChoice::Never, _) => {
                let all = (stdin, stdout, stderr) == (InputVia::Terminal, OutputVia::Terminal, OutputVia::Terminal);
                all.then_some(Keyboard::Console)
            }
        }
    }

    fn like_ours(self) -> Plan {
        let through_terminal = |kind| match kind {
            Kind::Terminal => OutputVia::Terminal,
            Kind::Other => OutputVia::Pipe,
        };
        match self.stdout {
            Kind::Terminal => Plan {
                stdin: match self.stdin {
                    Kind::Terminal => InputVia::Terminal,
                    Kind::Other => InputVia::Inherited,
                },
                stdout: OutputVia::Terminal,
                stderr: through_terminal(self.stderr),
            },
            Kind::Other => Plan {
                stdin: InputVia::Inherited,
                stdout: OutputVia::Pipe,
                stderr: match (self.stderr, self.outputs) {
                    (Kind::Terminal, _) => OutputVia::BareTerminal,
                    (Kind::Other, Outputs::Same) => OutputVia::WithStdout,
                    (Kind::Other, Outputs::Different) => OutputVia::Pipe,
                },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_stays_a_terminal_and_a_pipe_a_pipe() {
        use Kind::{Other, Terminal};
        use Outputs::{Different, Same};
        for (stdin, stdout, stderr, outputs, plan) in [
            (Terminal, Terminal, Terminal, Same, (InputVia::Terminal, OutputVia::Terminal, OutputVia::Terminal)),
            (Other, Terminal, Terminal, Same, (InputVia::Inherited, OutputVia::Terminal, OutputVia::Terminal)),
            (Terminal, Terminal, Other, Different, (InputVia::Terminal, OutputVia::Terminal, OutputVia::Pipe)),
            (Terminal, Other, Terminal, Different, (InputVia::Inherited, OutputVia::Pipe, OutputVia::BareTerminal)),
            (Terminal, Other, Other, Different, (InputVia::Inherited, OutputVia::Pipe, OutputVia::Pipe)),
            (Other, Other, Other, Same, (InputVia::Inherited, OutputVia::Pipe, OutputVia::WithStdout)),
            (Other, Other, Other, Different, (InputVia::Inherited, OutputVia::Pipe, OutputVia::Pipe)),
        ] {
            let (stdin_plan, stdout_plan, stderr_plan) = plan;
            let expected = Plan { stdin: stdin_plan, stdout: stdout_plan, stderr: stderr_plan };
            assert_eq!(
                Ours { stdin, stdout, stderr, outputs }.plan(TerminalChoice::LikeOurs),
                expected,
                "{stdin:?} {stdout:?} {stderr:?} {outputs:?}"
            );
        }
    }
    #[test]
    fn the_user_may_choose() {
        use Kind::{Other, Terminal};
        let plan = |stdout, stderr, outputs, choice| {
            let plan = Ours { stdin: Terminal, stdout, stderr, outputs }.plan(choice);
            (plan.stdin, plan.stdout, plan.stderr)
        };
        use Outputs::{Different, Same};
        use TerminalChoice::{Always, Never};
        assert_eq!(plan(Terminal, Terminal, Same, Never), (InputVia::Inherited, OutputVia::Pipe, OutputVia::WithStdout));
        assert_eq!(plan(Other, Other, Different, Always), (InputVia::Inherited, OutputVia::Terminal, OutputVia::Pipe));
        assert_eq!(plan(Other, Other, Same, Always), (InputVia::Inherited, OutputVia::Terminal, OutputVia::Terminal));
        assert_eq!(plan(Terminal, Terminal, Same, Always), (InputVia::Terminal, OutputVia::Terminal, OutputVia::Terminal));
    }

    #[test]
    fn a_pseudo_console_has_all_three_streams() {
        use Kind::{Other, Terminal};
        use TerminalChoice::{Always, LikeOurs, Never};
        for (stdin, stdout, stderr, choice, keyboard) in [
            (Terminal, Terminal, Terminal, LikeOurs, Some(Keyboard::Console)),
            (Terminal, Terminal, Terminal, Always, Some(Keyboard::Console)),
            (Terminal, Terminal, Terminal, Never, None),
            (Other, Terminal, Terminal, LikeOurs, None),
            (Terminal, Terminal, Other, LikeOurs, None),
            (Terminal, Other, Terminal, LikeOurs, None),
            (Other, Other, Other, LikeOurs, None),
            (Other, Other, Other, Always, Some(Keyboard::Input)),
            (Terminal, Other, Terminal, Always, Some(Keyboard::Nobody)),
            (Terminal, Terminal, Other, Always, Some(Keyboard::Console)),
        ] {
            let ours = Ours { stdin, stdout, stderr, outputs: Outputs::Different };
            assert_eq!(ours.keyboard(choice), keyboard, "{stdin:?} {stdout:?} {stderr:?} {choice:?}");
        }
    }
}
