//! What a job is called: what somebody chose, or else its command line, readable and short.

use std::{ffi::OsStr, path::Path};

use doorbell_protocol::{limits, text};

/// Longest default name, in characters: what a notification shows in one line or two.
pub(crate) const CHARS: usize = 80;

/// The program without its folder, then the arguments, quoted as a shell would need them.
pub(crate) fn of_command(command: &[impl AsRef<OsStr>]) -> String {
    let words = command.iter().map(AsRef::as_ref).enumerate().map(|(at, word)| {
        let program = (at == 0).then(|| Path::new(word).file_name()).flatten();
        quoted(&program.unwrap_or(word).to_string_lossy())
    });
    let name = text::clean_cut(&words.collect::<Vec<_>>().join(" "), CHARS);
    if name.is_empty() { "command".to_owned() } else { name }
}

/// A name that somebody chose.
pub(crate) fn parse(text: &str) -> Result<String, String> {
    let clean = text::clean(text);
    match clean.chars().count() {
        0 => Err("it must have at least one printable character".to_owned()),
        1..=limits::NAME_CHARS => Ok(clean),
        _ => Err(format!("it must have at most {} characters", limits::NAME_CHARS)),
    }
}

/// A key that somebody chose.
pub(crate) fn parse_key(text: &str) -> Result<String, String> {
    let key = parse(text)?;
    if text::is_word(&key) { Ok(key) } else { Err(format!("it must be {}; as in {}", text::WORD, text::slug(&key))) }
}

/// A command line as a shell would take it.
pub(crate) fn line(command: &[String]) -> String {
    command.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else if word.contains('\'') && !word.contains(['$', '`', '"', '\\', '!']) {
        format!("\"{word}\"")
    } else {
        // Between such quotes a shell takes everything for what it is, but the quote itself.
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn name(words: &[&str]) -> String {
        of_command(&words.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn a_command_line_stays_readable() {
        assert_eq!(name(&["/usr/bin/make", "-j8", "all"]), "make -j8 all");
        assert_eq!(name(&["sh", "-c", "for i in 1 2; do echo $i; done"]), "sh -c 'for i in 1 2; do echo $i; done'");
        assert_eq!(name(&["echo", "it's", ""]), "echo \"it's\" ''");
        assert_eq!(name(&["echo", "it's $(reboot)"]), r"echo 'it'\''s $(reboot)'");
        assert_eq!(name(&["sh", "-c", "one\n  two\n"]), "sh -c 'one two '");
    }

    #[test]
    fn a_long_one_is_cut_and_an_unprintable_one_has_a_name() {
        let long = name(&["echo", &"word ".repeat(50)]);
        assert_eq!(long.chars().count(), CHARS);
        assert!(long.ends_with('…'));
        assert_eq!(name(&["\u{202e}"]), "''");
    }
}
