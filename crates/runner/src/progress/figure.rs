//! Finds `n/m` in a line of output: the figure that most tools count with. Some write `5 of 10 steps (50%)`.
//!
//! Dates, paths, versions and fractions look alike. Where the form says that it is a count (`[12/345]`,
//! `8/9:`, a line of its own, after a bar), one line is enough; elsewhere the figure is a [`Form::Guess`],
//! which the caller believes once it has seen it rise.

use std::ops::Range;

use doorbell_protocol::limits;

/// A figure and where it stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Figure {
    pub(super) done: u64,
    pub(super) total: u64,
    pub(super) measure: Measure,
    /// What is counted, when the line says that and nothing more: `3/20 files`.
    pub(super) unit: Option<String>,
    /// Where the figure with its unit is in the line.
    pub(super) span: Range<usize>,
    pub(super) form: Form,
}

/// What `done` and `total` are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Measure {
    /// Things, as the line counts them.
    Count,
    /// Thousandths of a whole: the line names a percentage.
    Share,
}

/// How sure it is that the figure counts something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// `step i/n: label` at the start of the line.
    Step,
    /// The punctuation around it says so.
    Count,
    /// It might be a count.
    Guess,
}

/// The best figure of a line: the first sure one, else the first guess.
pub(super) fn find(line: &[u8]) -> Option<Figure> {
    let mut guess = None;
    if let Some(figure) = line.windows(OF.len()).enumerate().filter(|(_, word)| *word == OF).find_map(|(at, _)| of(line, at)) {
        return Some(figure);
    }
    for slash in line.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at) {
        match at(line, slash) {
            Some(figure) if figure.form == Form::Guess => guess = guess.or(Some(figure)),
            Some(figure) => return Some(figure),
            None => {}
        }
    }
    guess
}

fn at(line: &[u8], slash: usize) -> Option<Figure> {
    let start = slash - line[..slash].iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let end = slash + 1 + line[slash + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
    let (done_text, total_text) = (&line[start..slash], &line[slash + 1..end]);
    let (done, total) = (number(done_text)?, number(total_text)?);
    let (before, after) = (&line[..start], &line[end..]);
    if total == 0 || done > total || !may_stand_before(before) || !may_stand_after(after) || is_time(after) {
        return None;
    }
    let zero_padded = |text: &[u8]| text.len() > 1 && text[0] == b'0';
    let date_like = zero_padded(done_text) || zero_padded(total_text) || ((1970..=2099).contains(&total) && (1..=12).contains(&done));
    let form = if is_step(before, after) {
        Form::Step
    } else if is_bracketed(before, after) || (!date_like && is_count(before, after)) {
        Form::Count
    } else {
        Form::Guess
    };
    let unit = if form == Form::Step { None } else { unit(after) };
    let span = if unit.is_some() { start..line.len() } else { start..end };
    Some(Figure { done, total, measure: Measure::Count, unit, span, form })
}

/// What stands between the figures where the count is in words.
const OF: &[u8] = b" of ";

/// `5 of 10 steps (50%)`: in words it is a count only where the percentage says so, too.
fn of(line: &[u8], at: usize) -> Option<Figure> {
    let digits = |bytes: &mut dyn Iterator<Item = &u8>| bytes.take_while(|b| b.is_ascii_digit()).count();
    let start = at - digits(&mut line[..at].iter().rev());
    let end = at + OF.len() + digits(&mut line[at + OF.len()..].iter());
    let (done, total) = (number(&line[start..at])?, number(&line[at + OF.len()..end])?);
    let after = std::str::from_utf8(&line[end..]).ok()?;
    let (unit, share) = after.strip_prefix(' ')?.split_once(" (")?;
    let (share, _) = share.split_once("%)")?;
    let is_share = share.parse().is_ok_and(|share: f64| (0.0..=100.0).contains(&share));
    let is_word = !unit.is_empty() && unit.chars().count() <= limits::UNIT_CHARS && unit.chars().all(char::is_alphabetic);
    if total == 0 || done > total || !may_stand_before(&line[..start]) || !is_word || !is_share {
        return None;
    }
    let span = start..end + " ".len() + unit.len();
    Some(Figure { done, total, measure: Measure::Count, unit: Some(unit.to_owned()), span, form: Form::Count })
}

/// The lower-case word after the figure, when it is the last of the line.
fn unit(after: &[u8]) -> Option<String> {
    let word = std::str::from_utf8(after).ok()?.strip_prefix(' ')?.trim_end();
    let is_unit = word.chars().all(char::is_lowercase) && (2..=limits::UNIT_CHARS).contains(&word.chars().count());
    is_unit.then(|| word.to_owned())
}

fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok().filter(|n| *n <= limits::COUNT)
}

/// Whether the figure is not a part of a word, path, version, date or sum.
fn may_stand_before(before: &[u8]) -> bool {
    before.last().is_none_or(|b| matches!(b, b' ' | b'[' | b'(' | b'<' | b'{' | b'|' | b':' | b'=' | b'#' | b'>' | b']' | 0x80..))
}

fn may_stand_after(after: &[u8]) -> bool {
    match after {
        [] => true,
        [b'.' | b',', next, ..] => !next.is_ascii_digit(),
        [first, ..] => matches!(first, b' ' | b']' | b')' | b'>' | b'}' | b'|' | b':' | b',' | b';' | b'.' | b'!' | 0x80..),
    }
}

/// `11/21 10:42` is a date.
fn is_time(after: &[u8]) -> bool {
    let after = after.trim_ascii_start();
    let hour = after.iter().take_while(|b| b.is_ascii_digit()).count();
    (1..=2).contains(&hour) && after.get(hour) == Some(&b':') && after.get(hour + 1).is_some_and(u8::is_ascii_digit)
}

fn is_step(before: &[u8], after: &[u8]) -> bool {
    before.trim_ascii().eq_ignore_ascii_case(b"step") && after.trim_ascii_start().starts_with(b":")
}

fn is_bracketed(before: &[u8], after: &[u8]) -> bool {
    match (before.trim_ascii_end().last(), after.trim_ascii_start().first()) {
        (Some(b'['), _) | (Some(b'('), Some(b')')) | (Some(b'{'), Some(b'}')) | (Some(b'<'), Some(b'>')) => true,
        (_, _) => false,
    }
}

fn is_count(before: &[u8], after: &[u8]) -> bool {
    let (before, after) = (before.trim_ascii(), after.trim_ascii());
    let alone = before.is_empty() && after.is_empty();
    alone || after.starts_with(b":") || before.ends_with(b"|") || ends_with_a_bar(before)
}

/// `[=====>   ]`: brackets without a letter or digit between them.
fn ends_with_a_bar(before: &[u8]) -> bool {
    before.strip_suffix(b"]").is_some_and(|before| {
        let inside = before.iter().rev().take_while(|b| **b != b'[').count();
        inside > 0 && inside < before.len() && !before[before.len() - inside..].iter().any(u8::is_ascii_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Option<(u64, u64, Form)> {
        find(line.as_bytes()).map(|figure| (figure.done, figure.total, figure.form))
    }

    #[test]
    fn counts_are_known_by_their_form() {
        for (line, done, total) in [
            ("3/20", 3, 20),
            ("  0/20  ", 0, 20),
            ("[12/345] CC main.o", 12, 345),
            ("[ 12/345] CC main.o", 12, 345),
            ("[3/8] Scanning tables", 3, 8),
            ("[5/2026] linking", 5, 2026),
            ("[01/10] copying", 1, 10),
            ("[3/20 files] a/b", 3, 20),
            ("   Building [=====>     ] 8/9: serde", 8, 9),
            ("Epoch 3/20: loss 0.3", 3, 20),
            (" 45%|████▌     | 45/100 [00:01<00:01, 44.9it/s]", 45, 100),
            ("[####    ] 45/100", 45, 100),
            ("Done (7/7)", 7, 7),
            ("5 of 10 steps (50%) done", 5, 10),
            ("[Mon] 12 of 340 files (3.5%)", 12, 340),
        ] {
            assert_eq!(found(line), Some((done, total, Form::Count)), "{line}");
        }
    }

    #[test]
    fn steps_are_told_from_counts() {
        for line in ["step 3/8: Scanning tables", "Step 3/8 : RUN make"] {
            assert_eq!(found(line), Some((3, 8, Form::Step)), "{line}");
        }
        assert_eq!(found("step 3/8 of the plan"), Some((3, 8, Form::Guess)));
    }

    #[test]
    fn what_might_be_a_count_is_a_guess() {
        for line in
            ["Copied 3/20 files", "3/20 files", "1/2 cup of sugar", "on 11/21 we met", "11/2026", "01/10", "Epoch 3/20", "[INFO] 3/20 read"]
        {
            assert!(matches!(found(line), Some((_, _, Form::Guess))), "{line}: {:?}", found(line));
        }
    }

    #[test]
    fn what_is_no_count_is_not_found() {
        for line in [
            "",
            "/",
            "a/b",
            "src/3/20",
            "/3/20",
            "3/20/x",
            "2026/11",
            "2026/11/21",
            "11/21/2026",
            "11/21 10:42:07 started",
            "1/0",
            "0/0",
            "4/3",
            "HTTP/1.1",
            "v1/2",
            "1.5/3",
            "3/4.5",
            "1/2,5",
            "3/20MB",
            "x3/20",
            "3/20%",
            "-3/20",
            "10.0.0.0/8",
            "24/7",
            "and/or",
            "3/",
            "/20",
            "99999999999999999999/99999999999999999999",
            "km/h",
            "1/2/3",
            "~3/20",
            "a=b/c",
            "3 of 7 people like it",
            "11 of 10 steps (110%)",
            "5 of 10 steps (many)",
            "x5 of 10 steps (50%)",
        ] {
            assert_eq!(found(line), None, "{line}");
        }
    }

    #[test]
    fn the_word_that_is_counted_belongs_to_the_figure() {
        for (line, unit, around) in [
            ("3/20 files", Some("files"), ""),
            ("Copied 3/20 files  ", Some("files"), "Copied "),
            ("3/20 files copied", None, " files copied"),
            ("3/20 Files", None, " Files"),
            ("[3/20] scanning", None, "[] scanning"),
            ("step 3/20: files", None, "step : files"),
            ("5 of 10 steps (50%) done", Some("steps"), " (50%) done"),
        ] {
            let figure = find(line.as_bytes()).unwrap();
            let rest = [&line[..figure.span.start], &line[figure.span.end..]].concat();
            assert_eq!((figure.unit.as_deref(), rest.as_str()), (unit, around), "{line}");
        }
    }

    #[test]
    fn a_sure_figure_wins_over_an_earlier_guess() {
        assert_eq!(found("shard 1/2 of tests [7/90] run"), Some((7, 90, Form::Count)));
    }
}
