//! Finds `NN%` in a line, and what two tools say in their own ways.
//!
//! In brackets or at a bar (`[ 12%]`, `12%|`, `12%[`) it is a share of the whole. Elsewhere it may be
//! anything, such as the load of a processor. There it is a guess, which the caller believes once it has
//! risen.

use super::figure::{Figure, Form, Measure};

/// Shares are counted in thousandths.
const WHOLE: u64 = 1_000;

/// The first sure share of the line, else the first guess.
pub(super) fn find(line: &[u8]) -> Option<Figure> {
    let mut guess = None;
    for sign in line.iter().enumerate().filter(|(_, byte)| **byte == b'%').map(|(at, _)| at) {
        match at(line, sign) {
            Some(figure) if figure.form == Form::Guess => guess = guess.or(Some(figure)),
            Some(figure) => return Some(figure),
            None => {}
        }
    }
    guess
}

/// Patterns that belong to one tool and to nothing else.
pub(super) fn named(line: &[u8]) -> Option<Figure> {
    curl(line).or_else(|| rsync(line))
}

fn at(line: &[u8], sign: usize) -> Option<Figure> {
    let digits = line[..sign].iter().rev().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    let start = sign - digits;
    let done = thousandths(&line[start..sign])?;
    let (before, after) = (&line[..start], &line[sign + 1..]);
    let stands_alone = before.last().is_none_or(|b| matches!(b, b' ' | b'[' | b'(' | b'|' | b':' | b'=' | b']' | b'#' | 0x80..))
        && after.first().is_none_or(|b| matches!(b, b' ' | b']' | b')' | b'|' | b'[' | b',' | b':' | b';' | 0x80..));
    if !stands_alone {
        return None;
    }
    let in_brackets = before.trim_ascii_end().last() == Some(&b'[') && after.trim_ascii_start().first() == Some(&b']');
    let at_a_bar = matches!(after.first(), Some(b'|' | b'['));
    let form = if in_brackets || at_a_bar { Form::Count } else { Form::Guess };
    Some(Figure { done, total: WHOLE, measure: Measure::Share, unit: None, span: start..sign + 1, form })
}

/// `12.5` is 125 thousandths.
fn thousandths(text: &[u8]) -> Option<u64> {
    let share: f64 = std::str::from_utf8(text).ok().filter(|text| text.starts_with(|c: char| c.is_ascii_digit()))?.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1,000")]
    (0.0..=100.0).contains(&share).then(|| (share * 10.0).round() as u64)
}

/// What curl prints: twelve columns without a percent sign, of which the first is the share and three are
/// times.
fn curl(line: &[u8]) -> Option<Figure> {
    let text = std::str::from_utf8(line).ok()?;
    let columns: Vec<&str> = text.split_ascii_whitespace().collect();
    let is_time = |column: &&str| column.split(':').count() == 3;
    if columns.len() != 12 || !columns[8..11].iter().all(is_time) {
        return None;
    }
    let done = thousandths(columns[0].as_bytes()).filter(|_| columns[0].bytes().all(|b| b.is_ascii_digit()))?;
    Some(Figure { done, total: WHOLE, measure: Measure::Share, unit: None, span: 0..line.len(), form: Form::Count })
}

/// What rsync prints: `to-chk=59/61` says how many files are left. While it still looks for more files it
/// says `ir-chk`, whose total is not final.
fn rsync(line: &[u8]) -> Option<Figure> {
    let text = std::str::from_utf8(line).ok()?;
    let (_, rest) = text.split_once("(xfr#")?;
    let (_, rest) = rest.split_once("to-chk=")?;
    let (left, total) = rest.split_once(')')?.0.split_once('/')?;
    let (left, total): (u64, u64) = (left.parse().ok()?, total.parse().ok()?);
    let done = total.checked_sub(left).filter(|_| total > 0)?;
    Some(Figure { done, total, measure: Measure::Count, unit: Some("files".to_owned()), span: 0..line.len(), form: Form::Count })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Option<(u64, Form)> {
        find(line.as_bytes()).map(|figure| (figure.done, figure.form))
    }

    #[test]
    fn in_brackets_or_at_a_bar_it_is_a_share() {
        for (line, share) in [
            ("[ 12%] Building C object", 120),
            ("[100%] Built target", 1_000),
            ("t/test_1.py ........ [ 32%]", 320),
            ("Progress: [  6%] [###....]", 60),
            ("file.iso   11%[=>      ]   3.27M", 110),
            ("Reading:  24%|████▊    |", 240),
        ] {
            assert_eq!(found(line), Some((share, Form::Count)), "{line}");
        }
    }

    #[test]
    fn elsewhere_it_is_a_guess() {
        for (line, share) in [
            ("Reading package lists... 35%", 350),
            ("######      13.1%", 131),
            ("cpu 5% idle", 50),
            ("5 of 10 steps (50%) done", 500),
            ("  400,000   1%   58.37MB/s", 10),
        ] {
            assert_eq!(found(line), Some((share, Form::Guess)), "{line}");
        }
    }

    #[test]
    fn what_is_no_share_is_not_found() {
        for line in ["", "%", "100%25", "x5%", "-5%", "101%", "5%x", "%5", "1.2.3%", ".5%", "a%b", "50%/s"] {
            assert_eq!(found(line), None, "{line}");
        }
    }

    #[test]
    fn tools_that_say_it_their_own_way_are_understood() {
        let curl = named(b" 65 28.6M   65 18.7M    0     0  14.9M      0  0:00:01  0:00:01 --:--:-- 14.9M").unwrap();
        assert_eq!((curl.done, curl.total, curl.measure), (650, 1_000, Measure::Share));
        let rsync = named(b"      1,200,000   5%   50.60MB/s    0:00:00 (xfr#3, to-chk=57/61)").unwrap();
        assert_eq!((rsync.done, rsync.total, rsync.unit.as_deref()), (4, 61, Some("files")));
        for line in ["", "(xfr#3, ir-chk=57/61)", "(xfr#3, to-chk=62/61)", "a b c d e f g h 1:2:3 1:2:3 1:2:3 l"] {
            assert_eq!(named(line.as_bytes()), None, "{line}");
        }
    }
}
