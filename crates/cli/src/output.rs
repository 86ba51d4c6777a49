//! What a verb prints: JSON for programs, ids for scripts, or lines for people.

use std::{
    fmt::Display,
    io::{self, StdoutLock, Write},
};

use serde::Serialize;

/// Of a verb that has nothing to print with `--quiet`, or no such option.
pub(crate) const NO_IDS: [&str; 0] = [];

/// Prints one line of JSON.
pub(crate) fn print_json(answer: &impl Serialize) -> anyhow::Result<()> {
    Ok(writeln!(io::stdout(), "{}", serde_json::to_string(answer)?)?)
}

/// For whom a verb prints.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum OutputMode {
    People,
    /// `--quiet`
    Quiet,
    /// `--json`
    Json,
}

impl OutputMode {
    /// As the options say, of which clap lets one through.
    pub(crate) fn of(quiet: bool, json: bool) -> Self {
        match (quiet, json) {
            (_, true) => Self::Json,
            (true, false) => Self::Quiet,
            (false, false) => Self::People,
        }
    }

    /// Of a verb without `--quiet`.
    pub(crate) fn of_json(json: bool) -> Self {
        Self::of(false, json)
    }

    /// Prints `answer` as one line of JSON, or each of `ids`, or what `people` writes.
    pub(crate) fn print(
        self,
        answer: &impl Serialize,
        ids: impl IntoIterator<Item = impl Display>,
        people: impl FnOnce(&mut StdoutLock<'_>) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        match self {
            Self::Json => print_json(answer),
            Self::Quiet => Ok(ids.into_iter().try_for_each(|id| writeln!(out, "{id}"))?),
            Self::People => Ok(people(&mut out)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_say_for_whom_it_is() {
        assert_eq!(OutputMode::of(false, false), OutputMode::People);
        assert_eq!(OutputMode::of(true, false), OutputMode::Quiet);
        assert_eq!(OutputMode::of_json(true), OutputMode::Json);
    }
}
