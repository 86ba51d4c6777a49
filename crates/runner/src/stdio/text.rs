//! Cuts output into whole characters: a console of Windows does not take parts of them. Pure.

/// Output that comes in pieces.
#[derive(Debug, Default)]
pub(super) struct Text {
    /// The beginning of a character whose rest has not come yet.
    part: Vec<u8>,
}

impl Text {
    /// What was held back and the next piece, up to the last whole character. Bytes that are no character are
    /// replaced.
    pub(super) fn whole(&mut self, bytes: &[u8]) -> String {
        self.part.extend_from_slice(bytes);
        let next = self.part.split_off(whole(&self.part));
        let text = String::from_utf8_lossy(&self.part).into_owned();
        self.part = next;
        text
    }
}

/// Where the last whole character ends.
fn whole(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let at = bytes.len() - back;
        let size = match bytes[at] {
            0x80..=0xbf => continue,
            0xf0.. => 4,
            0xe0.. => 3,
            0xc0.. => 2,
            0x00.. => 1,
        };
        return if size > back { at } else { bytes.len() };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_that_comes_in_pieces_is_shown_whole() {
        let text = "a é → 🔔 z";
        for size in 1..text.len() {
            let mut pieces = Text::default();
            let all: String = text.as_bytes().chunks(size).map(|piece| pieces.whole(piece)).collect();
            assert_eq!(all, text, "by {size}");
        }
    }

    #[test]
    fn what_is_no_character_is_replaced_and_holds_nothing_back() {
        assert_eq!(Text::default().whole(b"a\x80\x80\x80\x80"), "a\u{fffd}\u{fffd}\u{fffd}\u{fffd}");
        assert_eq!(Text::default().whole(b"a\xff\xff\xff\xffb"), "a\u{fffd}\u{fffd}\u{fffd}\u{fffd}b");
    }
}
