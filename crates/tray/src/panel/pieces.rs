//! A stream of bytes as pieces of text: a character that is cut is kept for the next piece.

/// The rest of the piece before.
#[derive(Debug, Default)]
pub(super) struct Pieces(Vec<u8>);

impl Pieces {
    /// The text that is whole after `bytes`. What is no text at all becomes `\u{fffd}`.
    pub(super) fn next(&mut self, bytes: &[u8]) -> String {
        self.0.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.0) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            // No character is as long: here something else is wrong.
            Ok(_) | Err(_) => self.0.len(),
        };
        let rest = self.0.split_off(whole);
        let piece = std::mem::replace(&mut self.0, rest);
        String::from_utf8_lossy(&piece).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_whole_wherever_the_bytes_are_cut() {
        let text = "data: é→🔔\n\n";
        for at in 0..=text.len() {
            let (start, end) = text.as_bytes().split_at(at);
            let mut pieces = Pieces::default();
            assert_eq!(pieces.next(start) + &pieces.next(end), text, "{at}");
        }
        let mut pieces = Pieces::default();
        let one_by_one: String = text.bytes().map(|byte| pieces.next(&[byte])).collect();
        assert_eq!(one_by_one, text);
    }

    #[test]
    fn what_is_no_text_does_not_stay_behind() {
        let mut pieces = Pieces::default();
        assert_eq!(pieces.next(b"a\xffb"), "a\u{fffd}b");
        assert_eq!(pieces.next(b"c"), "c");
    }
}
