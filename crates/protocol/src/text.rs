//! What text from outside may contain: printable characters in reading order.

use crate::Invalid;

/// `text` without control characters (escapes and line breaks among them) and without the characters that
/// reorder what follows (bidi embeddings, overrides and isolates), trimmed. Runs of white space become one space.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_whitespace() {
            if !clean.ends_with(' ') && !clean.is_empty() {
                clean.push(' ');
            }
        } else if is_printable(c) {
            clean.push(c);
        }
    }
    clean.truncate(clean.trim_end().len());
    clean
}

/// [`clean`], line by line: line breaks and indentation stay, and blank lines only between others. A tab becomes four
/// spaces.
#[must_use]
pub fn clean_lines(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for line in text.replace("\r\n", "\n").split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
        for c in line.chars() {
            match c {
                '\t' => clean.push_str("    "),
                c if c.is_whitespace() => clean.push(' '),
                c if is_printable(c) => clean.push(c),
                _ => {}
            }
        }
        clean.truncate(clean.trim_end_matches(' ').len());
        // Leading blank lines.
        if !clean.is_empty() {
            clean.push('\n');
        }
    }
    clean.truncate(clean.trim_end().len());
    clean
}

/// [`clean`], then cut to `chars` characters; a cut is marked by `…`, which counts.
#[must_use]
pub fn clean_cut(text: &str, chars: usize) -> String {
    let clean = clean(text);
    match clean.char_indices().nth(chars) {
        None => clean,
        Some(_) => clean.chars().take(chars.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// Refuses text that is empty or longer than `most` characters.
pub(crate) fn check_length(field: &'static str, text: &str, most: usize) -> Result<(), Invalid> {
    match text.chars().take(most + 1).count() {
        0 => Err(Invalid::new(field, "must have at least one printable character")),
        chars if chars > most => Err(Invalid::new(field, format!("must have at most {most} characters"))),
        _ => Ok(()),
    }
}

/// Whether no shell sees anything but one word in `text`: letters and digits of any script, `.`, `_`, `-`, `/`, `:`, `@`, `+` and `=`, of
/// which `-` and `=` do not come first, where they mean an option or the path of a program.
#[must_use]
pub fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.starts_with(['-', '=']) && text.chars().all(|c| c.is_alphanumeric() || "._-/:@+=".contains(c))
}

/// What [`is_word`] allows, for a message.
pub const WORD: &str = "one word: letters, digits and . _ - / : @ + =, of which - and = do not come first";

/// `text` as a key: itself if it is a word, else a [`slug`] of it.
#[must_use]
pub fn word(text: String) -> String {
    if is_word(&text) { text } else { slug(&text) }
}

/// A key made of a name: lower case, letters and digits kept, everything else one `-`.
#[must_use]
pub fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    if slug.is_empty() { "job".to_owned() } else { slug }
}

/// Whether text may have it: no control character, and none that reorders what follows.
#[must_use]
pub fn is_printable(c: char) -> bool {
    !c.is_control() && !reorders(c)
}

fn reorders(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_overrides_are_stripped() {
        assert_eq!(clean("a\u{1b}[31mb\u{202e}c\0"), "a[31mbc");
    }

    #[test]
    fn line_breaks_and_tabs_become_one_space() {
        assert_eq!(clean("  two\r\n\tlines \n"), "two lines");
    }

    #[test]
    fn lines_keep_their_breaks_and_indentation_and_nothing_else_that_is_not_text() {
        assert_eq!(clean_lines("\r\n\n  a:\tb  \r\n\n    c\u{1b}[1m\u{2028}\u{202e}d\n \n"), "  a:    b\n\n    c[1m\nd");
        assert_eq!(clean_lines("a\rb\u{0}\u{85}c"), "a\nb\nc");
        assert_eq!(clean_lines(" \n\t\u{202e}\n"), "");
    }

    #[test]
    fn a_cut_is_marked_and_counts() {
        assert_eq!(clean_cut("abcdef", 4), "abc…");
        assert_eq!(clean_cut("äöüß", 4), "äöüß");
    }

    #[test]
    fn a_word_is_one_for_every_shell_and_so_is_every_slug() {
        for word in
            ["make", "cargo-build", "@scope/pkg:x+1=2", "./x", "日本", "ünïcode", &slug("rm -rf ~; $(x) `y`"), &slug("--all"), &slug("…")]
        {
            assert!(is_word(word), "{word}");
        }
        for other in [
            "",
            "two words",
            "x;touch${IFS}owned;",
            "$(x)",
            "`x`",
            "a\\b",
            "*",
            "~",
            "a'b",
            "a\"b",
            "a|b",
            "a&b",
            "a\nb",
            "--all",
            "=ls",
            "a\u{200b}b",
        ] {
            assert!(!is_word(other), "{other}");
        }
    }

    #[test]
    fn a_slug_keeps_letters_of_any_script() {
        assert_eq!(slug("cargo build --release"), "cargo-build-release");
        assert_eq!(slug("Ünïcode/日本"), "ünïcode-日本");
        assert_eq!(slug("…"), "job");
    }
}
