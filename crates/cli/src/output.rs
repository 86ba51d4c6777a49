//! What a verb prints: JSON for programs, ids for scripts, or lines for people.

use std::{
    fmt::Display,
    io::{self, StdoutLock, Write},
};

use doorbell_protocol::text;
use serde::Serialize;

/// Of a verb that has nothing to print with `--quiet`, or no such option.
pub(crate) const NO_IDS: [&str; 0] = [];

/// Prints one line of JSON.
pub(crate) fn print_json(answer: &impl Serialize) -> anyhow::Result<()> {
    Ok(writeln!(io::stdout(), "{}", escaped(&serde_json::to_string(answer)?))?)
}

/// JSON with every character escaped that a terminal could act on; JSON itself lets some of them stand in text.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if text::is_printable(c) {
            escaped.push(c);
        } else {
            // All of them are below U+10000.
            escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
        }
    }
    escaped
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
    fn json_has_no_character_in_it_that_a_terminal_acts_on() {
        let text = "a\u{1b}\u{7f}\u{9b}\u{202e}ä\n";
        let json = escaped(&serde_json::to_string(text).unwrap());
        assert!(json.chars().all(text::is_printable), "{json:?}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }

    #[test]
    fn the_options_say_for_whom_it_is() {
        assert_eq!(OutputMode::of(false, false), OutputMode::People);
        assert_eq!(OutputMode::of(true, false), OutputMode::Quiet);
        assert_eq!(OutputMode::of_json(true), OutputMode::Json);
    }
}
