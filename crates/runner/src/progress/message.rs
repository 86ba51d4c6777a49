//! The text of a line without its figure, as it is shown to people.

use std::ops::Range;

use doorbell_protocol::{limits, text};

/// The whole line, cleaned. `None` when it says nothing.
pub(super) fn whole(line: &[u8]) -> Option<String> {
    shown(&String::from_utf8_lossy(line))
}

/// The line without its figure, bars and percentages.
pub(super) fn around(line: &[u8], figure: &Range<usize>) -> Option<String> {
    const OPENERS: &[char] = &['[', '(', '<', '{', '|', ':', ',', ';', '-', '–', '—', ' '];
    const CLOSERS: &[char] = &[']', ')', '>', '}', '|', ':', ',', ';', '-', '–', '—', ' '];

    let before = String::from_utf8_lossy(&line[..figure.start]);
    let after = String::from_utf8_lossy(&line[figure.end..]);
    // Punctuation next to the figure belongs to it; a bar before it goes first, so that its bracket is not
    // cut in two.
    let before = without_bars(&before);
    let before = before.trim_end_matches(OPENERS);
    let after = without_bars(after.trim_start_matches(CLOSERS));
    shown(&format!("{before} {after}"))
}

fn shown(line: &str) -> Option<String> {
    Some(text::clean_cut(line, limits::MESSAGE_CHARS)).filter(|line| line.chars().any(char::is_alphanumeric))
}

/// `text` without `[==>  ]` and `|███ |`, and without words that are a percentage.
fn without_bars(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(['[', '|']) {
        let close = if rest[start..].starts_with('[') { ']' } else { '|' };
        let inside = &rest[start + 1..];
        match inside.find(close) {
            Some(end) if end > 0 && !inside[..end].chars().any(char::is_alphanumeric) => {
                kept.push_str(&rest[..start]);
                kept.push(' ');
                rest = &inside[end + 1..];
            }
            _ => {
                kept.push_str(&rest[..=start]);
                rest = inside;
            }
        }
    }
    kept.push_str(rest);
    let words: Vec<&str> = kept.split_whitespace().filter(|word| !is_percentage(word)).collect();
    words.join(" ")
}

fn is_percentage(word: &str) -> bool {
    word.trim_end_matches(':').strip_suffix('%').is_some_and(|figure| figure.parse::<f64>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::{super::figure, *};

    #[test]
    fn the_text_around_a_figure_is_what_a_person_would_say() {
        for (line, message) in [
            ("[3/8] Scanning tables", Some("Scanning tables")),
            ("step 3/8: Scanning tables", Some("step Scanning tables")),
            ("3/20", None),
            ("[ 12/345] CC main.o", Some("CC main.o")),
            ("   Building [=====>     ] 8/9: serde", Some("Building serde")),
            (" 45%|████▌     | 45/100 [00:01<00:01, 44.9it/s]", Some("[00:01<00:01, 44.9it/s]")),
            ("Copied 3/20 files (12%)", Some("Copied files (12%)")),
            ("Epoch 3/20", Some("Epoch")),
            ("Done (7/7)", Some("Done")),
            ("tests (7/9) [unit]", Some("tests [unit]")),
        ] {
            let span = figure::find(line.as_bytes()).unwrap().span;
            assert_eq!(around(line.as_bytes(), &span).as_deref(), message, "{line}");
        }
    }

    #[test]
    fn a_line_without_letters_or_digits_says_nothing() {
        assert_eq!(whole(b"------------"), None);
        assert_eq!(whole(b"  two  words "), Some("two words".to_owned()));
    }

    #[test]
    fn bytes_that_are_not_text_do_no_harm() {
        assert_eq!(whole(b"\xff\xfe caf\xc3"), Some("\u{fffd}\u{fffd} caf\u{fffd}".to_owned()));
    }
}
