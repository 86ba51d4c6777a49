//! Keeps secrets in this process: they are replaced in all that is sent.
//!
//! # Layout
//! - `stream`: for output that comes in pieces
//!
//! # Invariants
//! - Secrets are the values of environment variables whose names say so, and what the user names.
//! - Text is redacted before it is cut to a length: half a secret is a secret, too.
//! - What the command itself writes is never touched.

mod stream;

use std::{
    ffi::{OsStr, OsString},
    sync::Arc,
};

use aho_corasick::AhoCorasick;
use regex::bytes::Regex;

pub(crate) use stream::{Piece, RedactStream};

/// What replaces a secret.
const INSTEAD: &[u8] = b"[redacted]";
/// Shorter values are words rather than secrets, and replacing them would make text unreadable.
const SHORTEST: usize = 8;
/// The name of a variable with a secret contains one of these, in upper or lower case.
const TELLING: [&str; 5] = ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE"];
/// Or one of its words, which `_` and the like part, ends with one of these: `API_KEY` and `SQLPWD`, but not `KEYCLOAK_URL`.
const TELLING_ENDS: [&str; 3] = ["KEY", "KEYS", "PWD"];
/// The folders that a shell is in and was in.
const FOLDERS: [&str; 2] = ["PWD", "OLDPWD"];

/// What the user calls a secret: a text, or with `re:` before it a regular expression, which is looked for in
/// each line.
#[derive(Clone, Debug)]
pub struct Secret(Named);

#[derive(Clone, Debug)]
enum Named {
    Text(String),
    Pattern(Regex),
}

/// Finds secrets. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Redactor(Arc<Secrets>);

#[derive(Debug)]
struct Secrets {
    values: Vec<Vec<u8>>,
    finder: Option<AhoCorasick>,
    patterns: Vec<Regex>,
}

impl std::str::FromStr for Secret {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some(pattern) = text.strip_prefix("re:") else {
            return if text.is_empty() { Err("nothing would be redacted".to_owned()) } else { Ok(Self(Named::Text(text.to_owned()))) };
        };
        let pattern = Regex::new(pattern).map_err(|e| e.to_string())?;
        if pattern.is_match(b"") {
            return Err("the pattern matches the empty text, so everything would be redacted".to_owned());
        }
        Ok(Self(Named::Pattern(pattern)))
    }
}

impl Redactor {
    /// Redacts the secrets among the variables of this process.
    #[must_use]
    pub fn of_environment() -> Self {
        Self::new(std::env::vars_os(), &[])
    }

    /// Redacts the secrets among the variables and what the user has named.
    #[must_use]
    pub fn new(variables: impl Iterator<Item = (OsString, OsString)>, named: &[Secret]) -> Self {
        let told = variables.filter(|(name, _)| is_telling(name)).map(|(_, value)| value.into_encoded_bytes().trim_ascii().to_vec());
        let mut values: Vec<Vec<u8>> = told.filter(|value| value.len() >= SHORTEST).collect();
        let mut patterns = Vec::new();
        for Secret(secret) in named {
            match secret {
                Named::Text(text) => values.push(text.clone().into_bytes()),
                Named::Pattern(pattern) => patterns.push(pattern.clone()),
            }
        }
        let on_terminals: Vec<Vec<u8>> = values.iter().filter(|value| value.contains(&b'\n')).map(|value| on_terminal(value)).collect();
        values.extend(on_terminals);
        values.sort();
        values.dedup();
        let finder = (!values.is_empty())
            .then(|| AhoCorasick::new(&values))
            .and_then(|built| built.inspect_err(|e| tracing::warn!("cannot look for the secrets: {e}")).ok());
        Self(Arc::new(Secrets { values, finder, patterns }))
    }

    /// `text` without its secrets.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let mut clean = Vec::with_capacity(text.len());
        replace(text.as_bytes(), 0, &self.spans(text.as_bytes()), &mut clean);
        String::from_utf8_lossy(&clean).into_owned()
    }

    /// A command line without its secrets.
    #[must_use]
    pub fn words(&self, words: &[OsString]) -> Vec<OsString> {
        words.iter().map(|word| self.text(&word.to_string_lossy()).into()).collect()
    }

    /// Where secrets are in `bytes`, in their order. They may overlap; two secrets that share bytes must both
    /// be replaced as a whole.
    fn spans(&self, bytes: &[u8]) -> Vec<(usize, usize)> {
        let secrets = &*self.0;
        let found = secrets.finder.iter().flat_map(|finder| finder.find_overlapping_iter(bytes));
        let mut spans: Vec<(usize, usize)> = found.map(|found| (found.start(), found.end())).collect();
        if !secrets.patterns.is_empty() {
            let mut start = 0;
            for line in bytes.split_inclusive(|byte| is_line_end(*byte)) {
                let text = line.trim_ascii_end();
                let found = secrets.patterns.iter().flat_map(|pattern| pattern.find_iter(text));
                spans.extend(found.filter(|found| !found.is_empty()).map(|found| (start + found.start(), start + found.end())));
                start += line.len();
            }
        }
        spans.sort_unstable();
        spans
    }

    /// Whether there is nothing to look for.
    fn is_idle(&self) -> bool {
        self.0.finder.is_none() && self.0.patterns.is_empty()
    }
}

/// `value` as it is written to a terminal, where a line ends with a carriage return, too.
fn on_terminal(value: &[u8]) -> Vec<u8> {
    let mut shown = Vec::with_capacity(value.len() + 8);
    for (at, byte) in value.iter().enumerate() {
        if *byte == b'\n' && at.checked_sub(1).is_none_or(|before| value[before] != b'\r') {
            shown.push(b'\r');
        }
        shown.push(*byte);
    }
    shown
}

/// Appends `bytes` to `clean`, with each span that begins in them replaced, and without the first `covered`
/// bytes. Returns where what was replaced ends, which may be after the end of `bytes`.
fn replace(bytes: &[u8], covered: usize, spans: &[(usize, usize)], clean: &mut Vec<u8>) -> usize {
    let mut rest = covered;
    for &(start, end) in spans.iter().take_while(|(start, _)| *start < bytes.len()) {
        if start >= rest {
            clean.extend_from_slice(&bytes[rest..start]);
            clean.extend_from_slice(INSTEAD);
        }
        rest = rest.max(end);
    }
    clean.extend_from_slice(bytes.get(rest..).unwrap_or_default());
    rest
}

/// Whether a line ends with this byte, for patterns.
fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

fn is_telling(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_uppercase();
    let has_telling_end = |word: &str| TELLING_ENDS.iter().any(|end| word.ends_with(end));
    !FOLDERS.contains(&&*name)
        && (TELLING.iter().any(|part| name.contains(part)) || name.split(|c: char| !c.is_alphanumeric()).any(has_telling_end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_of_a_secret_by_its_words() {
        for name in [
            "GITHUB_TOKEN",
            "db_password",
            "PGPASSWORD",
            "MYSQL_PWD",
            "SqlPwd",
            "API_KEY_ID",
            "OPENAI_API_KEYS",
            "apikey",
            "KEY",
            "my-secret",
            "GPG_PASSPHRASE",
        ] {
            assert!(is_telling(OsStr::new(name)), "{name}");
        }
        for name in ["PWD", "OLDPWD", "KEYCLOAK_URL", "KEYBOARD_LAYOUT", "HOME", "PATH", "INIT_CWD"] {
            assert!(!is_telling(OsStr::new(name)), "{name}");
        }
    }

    pub(super) fn redactor(variables: &[(&str, &str)], named: &[&str]) -> Redactor {
        let named: Vec<Secret> = named.iter().map(|secret| secret.parse().unwrap()).collect();
        Redactor::new(variables.iter().map(|(name, value)| ((*name).into(), (*value).into())), &named)
    }

    #[test]
    fn values_of_variables_that_say_so_are_secrets() {
        let redactor = redactor(
            &[
                ("GITHUB_TOKEN", "ghp_12345678"),
                ("db_password", "correct horse"),
                ("API_KEY_ID", "AKIA0123456789"),
                ("SECRET", "short"),
                ("HOME", "/home/ada"),
            ],
            &[],
        );
        for (text, clean) in [
            ("token ghp_12345678!", "token [redacted]!"),
            ("correct horse battery", "[redacted] battery"),
            ("AKIA0123456789AKIA0123456789", "[redacted][redacted]"),
            ("short, in /home/ada", "short, in /home/ada"),
            ("ghp_1234567", "ghp_1234567"),
        ] {
            assert_eq!(redactor.text(text), clean);
        }
    }

    #[test]
    fn the_longest_of_secrets_that_begin_alike_goes_whole() {
        let redactor = redactor(&[("A_KEY", "12345678"), ("B_KEY", "1234567890")], &[]);
        assert_eq!(redactor.text("<1234567890> <12345678>"), "<[redacted]> <[redacted]>");
    }

    #[test]
    fn of_secrets_that_share_bytes_nothing_stays() {
        let redactor = redactor(&[("A_KEY", "hunter2-hunter3"), ("B_KEY", "3-and-more")], &[]);
        assert_eq!(redactor.text("<hunter2-hunter3-and-more>"), "<[redacted]>");
    }

    #[test]
    fn a_value_of_several_lines_is_found_on_a_terminal_too() {
        let redactor = redactor(&[("SSH_KEY", "-----BEGIN\nbase64\n-----END\n")], &[]);
        assert_eq!(redactor.text("-----BEGIN\nbase64\n-----END\n"), "[redacted]\n");
        assert_eq!(redactor.text("-----BEGIN\r\nbase64\r\n-----END\r\n"), "[redacted]\r\n");
    }

    #[test]
    fn what_the_user_names_may_be_short_and_may_be_a_pattern() {
        let redactor = redactor(&[("A_KEY", "abcdefgh")], &["ada", r"re:\b[0-9]{4}-[0-9]{4}\b", "re:h.*$"]);
        assert_eq!(redactor.text("ada 1234-5678 x"), "[redacted] [redacted] x");
        // Where a value and a pattern overlap, both go.
        assert_eq!(redactor.text("abcdefgh-rest\nnext"), "[redacted]\nnext");
    }

    #[test]
    fn a_pattern_that_is_none_is_refused() {
        for pattern in ["", "re:(", "re:x*"] {
            assert!(pattern.parse::<Secret>().is_err(), "{pattern}");
        }
    }
}
