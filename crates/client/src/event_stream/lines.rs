//! Puts an event stream into its plainest form before the event source library sees it, and bounds its
//! blocks.
//!
//! The library fails on some streams that the standard allows (bytes that are no UTF-8, blocks with nothing
//! but unknown fields), does not hear a `retry` that stands alone, and would collect an endless block for
//! ever.

use std::time::Duration;

/// Largest block of the feed, in bytes. A snapshot is one block and carries every running job, so the bound
/// leaves room for thousands of them.
pub(crate) const BLOCK_BYTES: usize = 4 * 1024 * 1024;

const BOM: &[u8] = "\u{feff}".as_bytes();

/// Takes a stream in pieces of any size, and gives whole lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The beginning of a line that has not ended.
    line: Vec<u8>,
    after_cr: bool,
    /// Bytes since the last empty line.
    block: usize,
    bom_is_past: bool,
}

/// A block is larger than [`BLOCK_BYTES`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct TooLarge;

impl Lines {
    /// The lines that `piece` completes, in UTF-8 and ended by LF. Fields that mean nothing are left out, and
    /// so is what comments say: any number of them becomes one empty one, as a sign of life. A `retry`
    /// becomes a comment as well; see [`pause_asked_for`].
    pub(super) fn take(&mut self, piece: &[u8]) -> Result<Vec<u8>, TooLarge> {
        let mut plain = Vec::new();
        let mut lives = false;
        for part in piece.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            let completes_crlf = self.after_cr && part == b"\n";
            self.after_cr = part.ends_with(b"\r");
            if completes_crlf {
                continue;
            }
            self.block += part.len();
            if self.block > BLOCK_BYTES {
                return Err(TooLarge);
            }
            let Some(end) = part.strip_suffix(b"\n").or_else(|| part.strip_suffix(b"\r")) else {
                self.line.extend_from_slice(part);
                continue;
            };
            self.line.extend_from_slice(end);
            let line = std::mem::take(&mut self.line);
            let line = if self.bom_is_past { &line[..] } else { line.strip_prefix(BOM).unwrap_or(&line) };
            self.bom_is_past = true;
            if line.is_empty() {
                self.block = 0;
            }
            lives |= line.starts_with(b":");
            write_plain(line, &mut plain);
        }
        if lives {
            plain.extend_from_slice(b":\n");
        }
        Ok(plain)
    }
}

/// The pause that the hub asks for before a reconnect, in what [`Lines`] made of it.
pub(crate) fn pause_asked_for(comment: &str) -> Option<Duration> {
    comment.parse().ok().map(Duration::from_millis)
}

fn write_plain(line: &[u8], plain: &mut Vec<u8>) {
    if line.is_empty() {
        plain.push(b'\n');
        return;
    }
    let (field, value) = line.iter().position(|byte| *byte == b':').map_or((line, &[][..]), |at| (&line[..at], &line[at + 1..]));
    let value = value.strip_prefix(b" ").unwrap_or(value);
    let text = match field {
        b"data" => value,
        // An empty type means `message`. The library takes a block with nothing but an empty `event` for
        // broken.
        b"event" if value.is_empty() => b"message",
        b"event" => value,
        b"id" if !value.contains(&0) => value,
        b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
            let millis = String::from_utf8_lossy(value).parse().unwrap_or(u64::MAX);
            plain.extend_from_slice(format!(":{millis}\n").as_bytes());
            return;
        }
        _ => return,
    };
    plain.extend_from_slice(field);
    plain.extend_from_slice(b": ");
    plain.extend_from_slice(String::from_utf8_lossy(text).as_bytes());
    plain.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The plain form of a stream, the same however it is cut.
    fn plain(stream: &[u8]) -> String {
        let whole = Lines::default().take(stream).unwrap();
        let mut lines = Lines::default();
        let cut: Vec<u8> = stream.iter().flat_map(|byte| lines.take(&[*byte]).unwrap()).collect();
        let without_life = |plain: &[u8]| String::from_utf8(plain.to_vec()).unwrap().replace("\n:\n", "\n");
        assert_eq!(without_life(&whole), without_life(&cut), "{:?} byte by byte", String::from_utf8_lossy(stream));
        String::from_utf8(whole).unwrap()
    }

    #[test]
    fn every_line_end_becomes_the_same() {
        for stream in ["data: x\ndata: y\n\n", "data: x\rdata: y\r\r", "data: x\r\ndata: y\r\n\r\n", "data: x\r\ndata: y\n\r"] {
            assert_eq!(plain(stream.as_bytes()), "data: x\ndata: y\n\n", "{stream:?}");
        }
    }

    #[test]
    fn what_means_nothing_is_left_out() {
        assert_eq!(plain(b"foo: bar\nDATA: x\n data: x\nid: a\0b\nretry: 1s\nretry:\ndata:x\n\n"), "data: x\n\n");
        assert_eq!(plain(b"event\ndata\nid\n\n"), "event: message\ndata: \nid: \n\n");
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        assert_eq!(plain(b"data: a\xffb\xe2\x82\n\n"), "data: a\u{fffd}b\u{fffd}\n\n");
    }

    #[test]
    fn only_the_first_byte_order_mark_is_one() {
        assert_eq!(plain("\u{feff}data: x\n\n".as_bytes()), "data: x\n\n");
        assert_eq!(plain("\u{feff}\u{feff}data: x\n\n".as_bytes()), "\n");
        assert_eq!(plain("data: x\n\u{feff}data: y\n\n".as_bytes()), "data: x\n\n");
    }

    #[test]
    fn comments_are_one_sign_of_life_and_a_retry_says_how_long() {
        let comments = b": a\n: b\n".repeat(1_000);
        assert_eq!(Lines::default().take(&comments).unwrap(), b":\n");
        for (asked, pause) in [("retry: 1500", 1_500), ("retry:99999999999999999999999", u64::MAX)] {
            let plain = plain(format!("{asked}\n\n").as_bytes());
            let comment = plain.trim().strip_prefix(':').unwrap();
            assert_eq!(pause_asked_for(comment), Some(Duration::from_millis(pause)));
        }
        assert_eq!(pause_asked_for(""), None);
    }

    #[test]
    fn an_empty_line_starts_a_new_block_in_each_form() {
        for stream in ["data: x\n\n", "data: x\r\r", "data: x\r\n\r\n", "data: x\r\n\n"] {
            let mut lines = Lines::default();
            lines.take(stream.as_bytes()).unwrap();
            assert_eq!(lines.block, 0, "{stream:?}");
        }
    }

    #[test]
    fn a_block_that_never_ends_is_refused() {
        for endless in [&b"x"[..], b": x\n", b"a: b\n", b"data: x\n"] {
            let mut lines = Lines::default();
            let piece = endless.repeat(16 * 1024 / endless.len());
            let taken = (0..).map(|n| (n, lines.take(&piece))).find(|(_, taken)| taken.is_err()).unwrap().0 * piece.len();
            assert!((BLOCK_BYTES - 2 * piece.len()..=BLOCK_BYTES).contains(&taken), "{:?}: {taken}", String::from_utf8_lossy(endless));
        }
    }
}
