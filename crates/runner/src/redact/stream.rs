//! Redacts output that comes in pieces: what might become a secret is held back until it is known.

use super::{INSTEAD, Redactor};

/// A line without an end is looked at in parts of this size, if there are patterns.
const LINE_MOST: usize = 64 * 1024;

/// What follows what came before.
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
    /// Bytes that may be the end of a secret whose beginning was left out.
    doubtful: usize,
}

impl RedactStream {
    pub(super) fn new(redactor: Redactor) -> Self {
        Self { redactor, held: Vec::new(), doubtful: 0 }
    }

    /// Takes the next bytes, and appends what is known to be clean by now to `clean`.
    pub(crate) fn push(&mut self, piece: Piece, mut bytes: &[u8], clean: &mut Vec<u8>) {
        if piece == Piece::AfterGap {
            self.held.clear();
            self.doubtful = self.longest().saturating_sub(1);
        }
        if self.doubtful > 0 {
            let dropped = self.doubtful.min(bytes.len());
            bytes = &bytes[dropped..];
            self.doubtful -= dropped;
            if self.doubtful == 0 {
                clean.extend_from_slice(INSTEAD);
            }
        }
        if self.redactor.is_idle() {
            clean.extend_from_slice(bytes);
            return;
        }
        self.held.extend_from_slice(bytes);
        let known = self.known();
        self.redactor.whole(&self.held[..known], clean);
        self.held.drain(..known);
    }

    /// The stream is over: nothing will become a secret any more.
    pub(crate) fn end(&mut self, clean: &mut Vec<u8>) {
        self.redactor.whole(&std::mem::take(&mut self.held), clean);
    }

    /// How much of what is held is decided: before the first byte from which on it may all be the beginning of a secret, and
    /// in whole lines if there are patterns.
    fn known(&self) -> usize {
        let secrets = &*self.redactor.0;
        let from = self.held.len().saturating_sub(self.longest().saturating_sub(1));
        let begins = |at: &usize| {
            let rest = &self.held[*at..];
            secrets.values.iter().any(|value| value.len() > rest.len() && value.starts_with(rest))
        };
        let mut known = (from..self.held.len()).find(begins).unwrap_or(self.held.len());
        if !secrets.patterns.is_empty() && known < LINE_MOST {
            known = self.held[..known].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        }
        known
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
        let (mut stream, mut clean) = (redactor.stream(), Vec::new());
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
        let (mut stream, mut clean) = (redactor.stream(), Vec::new());
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
        let (mut stream, mut clean) = (redactor.stream(), Vec::new());
        stream.push(Piece::Next, b"x hunter2", &mut clean);
        stream.push(Piece::AfterGap, b"-hunter3 and", &mut clean);
        stream.push(Piece::Next, b" now all the rest", &mut clean);
        stream.end(&mut clean);
        let clean = String::from_utf8(clean).unwrap();
        assert!(!clean.contains("hunter") && clean.ends_with("all the rest"), "{clean}");
    }

    #[test]
    fn patterns_see_whole_lines() {
        let redactor = redactor(&[], &["re:[0-9]{4}-[0-9]{4}"]);
        assert_eq!(streamed(&redactor, &[b"id 12", b"34-56", b"78\nid ", b"1"]), "id [redacted]\nid 1");
    }

    proptest! {
        #[test]
        fn pieces_are_redacted_as_the_whole(
            words in prop::collection::vec(prop::sample::select(vec!["abcabcab", "abcab", "c", "ab", "\n", "x", "abcabcabcabc"]), 0..30),
            cuts in prop::collection::vec(1..7usize, 0..60),
        ) {
            let redactor = redactor(&[("A_KEY", "abcabcab"), ("B_KEY", "abcabcabx")], &["re:x[^\n]x"]);
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
