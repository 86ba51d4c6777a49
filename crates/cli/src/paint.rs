//! Colours, on terminals only.

use std::io::{self, IsTerminal};

use doorbell_protocol::JobState;

/// Whether to colour.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Paint {
    /// With escape sequences.
    Colour,
    /// Text only.
    Plain,
}

impl Paint {
    /// What fits standard output.
    pub(crate) fn for_stdout() -> Self {
        if io::stdout().is_terminal() && wanted() { Self::Colour } else { Self::Plain }
    }

    /// `text` in the colour of `state`.
    pub(crate) fn state(self, state: JobState, text: &str) -> String {
        let code = match state {
            JobState::Running => "34",
            JobState::Succeeded => "32",
            JobState::Failed | JobState::Lost => "31",
            JobState::Cancelled => "33",
            JobState::Queued | JobState::Unknown => "2",
        };
        self.with(code, text)
    }

    /// `text` in a fainter colour.
    pub(crate) fn faint(self, text: &str) -> String {
        self.with("2", text)
    }

    /// `text` in bold.
    pub(crate) fn strong(self, text: &str) -> String {
        self.with("1", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        match self {
            Self::Colour => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Self::Plain => text.to_owned(),
        }
    }
}

/// Whether the log may have colours.
pub(crate) fn on_stderr() -> bool {
    io::stderr().is_terminal() && wanted()
}

fn wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
