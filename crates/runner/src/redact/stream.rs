//! Redacts output that comes in pieces: what might become a secret is held back until it is known.

use super::{INSTEAD, Redactor, is_line_end};

/// Where there are patterns, a line longer than this is replaced as a whole: they are looked for in whole
/// lines.
const LINE_MOST: usize = 64 * 1024;

/// How a piece follows the one before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Piece {
    /// Without a gap.
    Next,
    /// After output that was left out.
    AfterGap,
}

/// One stream of output.
#[derive(Debug)]
pub(crate) struct RedactStream {
    redactor: Redactor,
    /// What may be the beginning of a secret, or is a line without its end.
    held: Vec<u8>,
    /// So many bytes of `held` belong to a secret that has been replaced already.
    covered: usize,
    /// Bytes that may be the end of a secret whose beginning was left out.
    doubtful: usize,
    /// Whether the rest of the line is dropped.
    skips_line: bool,
}

impl RedactStream {
    pub(crate) fn new(redactor: &Redactor) -> Self {
        Self { redactor: redactor.clone(), held: Vec::new(), covered: 0, doubtful: 0, skips_line: false }
    }

    /// Takes the next bytes, and appends what is certainly no secret to `clean`.
    pub(crate) fn push(&mut self, piece: Piece, bytes: &[u8], clean: &mut Vec<u8>) {
        if self.redactor.is_idle() {
            clean.extend_from_slice(bytes);
            return;
        }
        if piece == Piece::AfterGap {
            self.held.clear();
            self.covered = 0;
            self.doubtful = self.longest().saturating_sub(1);
            self.skips_line = self.has_patterns();
            clean.extend_from_slice(INSTEAD);
        }
        let news = self.worth_a_look(bytes);
        self.held.extend_from_slice(news);
        self.tell(self.known(), clean);
        if self.has_patterns() && self.held.len() >= LINE_MOST {
            self.held.clear();
            self.covered = 0;
            self.skips_line = true;
            clean.extend_from_slice(INSTEAD);
        }
    }

    /// The stream is over. Appends the rest, in which nothing can become a secret any more.
    pub(crate) fn end(&mut self, clean: &mut Vec<u8>) {
        self.tell(self.held.len(), clean);
    }

    /// The part of `bytes` that comes after what is dropped.
    fn worth_a_look<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let (dropped, mut rest) = bytes.split_at(self.doubtful.min(bytes.len()));
        self.doubtful -= dropped.len();
        if self.skips_line {
            let end = rest.iter().position(|byte| is_line_end(*byte));
            self.skips_line = end.is_none();
            rest = end.map_or(&[], |end| &rest[end..]);
        }
        rest
    }

    /// Appends what is held up to `known`, redacted. When a secret reaches further, its rest stays in `held`
    /// and is counted in `covered`.
    fn tell(&mut self, known: usize, clean: &mut Vec<u8>) {
        let spans = self.redactor.spans(&self.held);
        let rest = super::replace(&self.held[..known], self.covered, &spans, clean);
        self.covered = rest.saturating_sub(known);
        self.held.drain(..known);
    }

    /// How many bytes of what is held are decided. Undecided is an end that may be the beginning of a secret
    /// and, where there are patterns, the last line.
    fn known(&self) -> usize {
        let secrets = &*self.redactor.0;
        let from = self.held.len().saturating_sub(self.longest().saturating_sub(1));
        let begins = |at: &usize| {
            let rest = &self.held[*at..];
            secrets.values.iter().any(|value| value.len() > rest.len() && value.starts_with(rest))
        };
        let known = (from..self.held.len()).find(begins).unwrap_or(self.held.len());
        if self.has_patterns() {
            return self.held[..known].iter().rposition(|byte| is_line_end(*byte)).map_or(0, |end| end + 1);
        }
        known
    }

    fn has_patterns(&self) -> bool {
        !self.redactor.0.patterns.is_empty()
    }

    fn longest(&self) -> usize {
        self.redactor.0.values.iter().map(Vec::len).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::tests::redactor, *};

    fn streamed(redactor: &Redactor, pieces: &[&[u8]]) -> String {
        let (mut stream, mut clean) = (RedactStream::new(redactor), Vec::new());
        pieces.iter().for_each(|piece| stream.push(Piece::Next, piece, &mut clean));
        stream.end(&mut clean);
        String::from_utf8(clean).unwrap()
    }

    #[test]
    fn a_secret_is_found_wherever_it_is_cut() {
        let redactor = redactor(&[("KEY", "hunter2-hunter3"), ("TOKEN", "line one\nline two")], &[]);
        let text = b"a hunter2-hunter3 b hunter2-hunter2-hunter3 line one\nline two hunter2-";
        let clean = "a [redacted] b hunter2-[redacted] [redacted] hunter2-";
        for first in 0..text.len() {
            for second in first..text.len() {
                assert_eq!(streamed(&redactor, &[&text[..first], &text[first..second], &text[second..]]), clean);
            }
        }
    }

    #[test]
    fn what_cannot_become_a_secret_is_not_held_back() {
        let redactor = redactor(&[("KEY", "hunter2-hunter3")], &[]);
        let (mut stream, mut clean) = (RedactStream::new(&redactor), Vec::new());
        stream.push(Piece::Next, b"Name: ", &mut clean);
        assert_eq!(clean, b"Name: ");
        stream.push(Piece::Next, b"hunter", &mut clean);
        assert_eq!(clean, b"Name: ");
        stream.push(Piece::Next, b"s ", &mut clean);
        assert_eq!(clean, b"Name: hunters ");
    }

    #[test]
    fn the_rest_of_a_secret_whose_beginning_was_left_out_is_not_told() {
        let redactor = redactor(&[("KEY", "hunter2-hunter3")], &[]);
        let (mut stream, mut clean) = (RedactStream::new(&redactor), Vec::new());
        stream.push(Piece::Next, b"x hunter2", &mut clean);
        stream.push(Piece::AfterGap, b"-hunter3 and", &mut clean);
        stream.push(Piece::Next, b" now all the rest", &mut clean);
        stream.end(&mut clean);
        let clean = String::from_utf8(clean).unwrap();
        assert!(!clean.contains("hunter") && clean.ends_with("all the rest"), "{clean}");
    }

    #[test]
    fn a_secret_that_ends_as_one_begins_is_found_before_a_cut() {
        for secrets in [&[("KEY", "s3cr3t-pass")][..], &[("KEY", "hunter2-hunter3"), ("TOKEN", "3-and-more")]] {
            let redactor = redactor(secrets, &[]);
            let secret = secrets[0].1.as_bytes();
            assert_eq!(streamed(&redactor, &[secret, b"\n"]), "[redacted]\n");
            assert_eq!(streamed(&redactor, &[b"<", secret]), "<[redacted]");
        }
    }

    #[test]
    fn patterns_see_whole_lines() {
        let redactor = redactor(&[], &["re:[0-9]{4}-[0-9]{4}"]);
        assert_eq!(streamed(&redactor, &[b"id 12", b"34-56", b"78\nid ", b"1"]), "id [redacted]\nid 1");
        // However many bytes the lines before have together.
        let many = "a line\n".repeat(LINE_MOST / 7 + 1);
        assert_eq!(streamed(&redactor, &[(many.clone() + "id 1234-56").as_bytes(), b"78\n"]), many + "id [redacted]\n");
    }

    #[test]
    fn a_line_that_is_too_long_for_patterns_is_not_told() {
        let redactor = redactor(&[("KEY", "hunter2-hunter3")], &["re:id .*$"]);
        let part = "x".repeat(LINE_MOST / 2);
        let pieces = ["before\n", "id ", &part, &part, "12", "34\nafter\n"].map(str::as_bytes);
        assert_eq!(streamed(&redactor, &pieces), "before\n[redacted]\nafter\n");
    }

    #[test]
    fn the_rest_of_a_line_whose_beginning_was_left_out_is_not_told_to_patterns() {
        let redactor = redactor(&[], &["re:id [0-9]+"]);
        let (mut stream, mut clean) = (RedactStream::new(&redactor), Vec::new());
        stream.push(Piece::Next, b"id 12", &mut clean);
        stream.push(Piece::AfterGap, b"3456", &mut clean);
        stream.push(Piece::Next, b"78\nand more\n", &mut clean);
        stream.end(&mut clean);
        assert_eq!(String::from_utf8(clean).unwrap(), "[redacted]\nand more\n");
    }

    proptest! {
        #[test]
        fn pieces_are_redacted_as_the_whole(
            words in prop::collection::vec(prop::sample::select(vec!["abcabcab", "abcab", "c", "ab", "\n", "x", "abcabcabcabc", "b"]), 0..30),
            cuts in prop::collection::vec(1..7usize, 0..60),
            values in prop::sample::subsequence(vec!["abcabcab", "abcabcabx", "bcabxxxxb", "cabcabca", "abababab", "b\nabcabca"], 0..6),
            pattern in prop::sample::select(vec![None, Some("re:x[^\n]x"), Some("re:c.*$")]),
        ) {
            let values: Vec<(&str, &str)> = values.into_iter().map(|value| ("A_KEY", value)).collect();
            let redactor = redactor(&values, pattern.as_slice());
            let text = words.concat();
            let (mut rest, mut pieces) = (text.as_bytes(), Vec::new());
            for cut in cuts {
                let (head, tail) = rest.split_at(cut.min(rest.len()));
                pieces.push(head);
                rest = tail;
            }
            pieces.push(rest);
            prop_assert_eq!(streamed(&redactor, &pieces), redactor.text(&text));
        }
    }
}
