//! What a terminal gets of a log: text, line breaks and colours. A log is whatever a command wrote on some machine, and a terminal does as
//! it is told: it would set its title and its clipboard, move its cursor, or answer as if somebody had typed.

use std::io::{self, Write};

use doorbell_protocol::text;
use vte::{Params, Parser, Perform};

/// Takes a log piece by piece, cut anywhere.
pub(crate) struct SafeLog {
    parser: Parser,
    shown: Shown,
}

#[derive(Default)]
struct Shown {
    bytes: Vec<u8>,
    /// A colour was set and not taken back.
    is_coloured: bool,
}

impl SafeLog {
    pub(crate) fn new() -> Self {
        Self { parser: Parser::new(), shown: Shown::default() }
    }

    /// Writes what of this piece is safe.
    pub(crate) fn write(&mut self, piece: &[u8], out: &mut impl Write) -> io::Result<()> {
        self.parser.advance(&mut self.shown, piece);
        out.write_all(&std::mem::take(&mut self.shown.bytes))
    }

    /// Takes back the colours that the log has left set.
    pub(crate) fn end(&mut self, out: &mut impl Write) -> io::Result<()> {
        if std::mem::take(&mut self.shown.is_coloured) { out.write_all(b"\x1b[0m") } else { Ok(()) }
    }
}

impl Perform for Shown {
    fn print(&mut self, c: char) {
        if text::is_printable(c) {
            self.bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }

    /// A carriage return is how progress is drawn, and leaves the line.
    fn execute(&mut self, byte: u8) {
        if matches!(byte, b'\n' | b'\r' | b'\t') {
            self.bytes.push(byte);
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], _: bool, action: char) {
        if action != 'm' || !intermediates.is_empty() {
            return;
        }
        let of_one = |subparams: &[u16]| subparams.iter().map(u16::to_string).collect::<Vec<_>>().join(":");
        let params: Vec<String> = params.iter().map(of_one).collect();
        self.is_coloured = params.last().is_some_and(|last| last != "0");
        self.bytes.extend_from_slice(format!("\x1b[{}m", params.join(";")).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown, the same however it is cut.
    fn shown(log: &[u8]) -> String {
        let show = |size| {
            let (mut safe, mut out) = (SafeLog::new(), Vec::new());
            log.chunks(size).for_each(|piece| safe.write(piece, &mut out).unwrap());
            safe.end(&mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        let whole = show(log.len().max(1));
        assert_eq!(show(1), whole);
        whole
    }

    #[test]
    fn colours_and_lines_pass() {
        for log in ["plain\r\nä\tb\n", "\x1b[1;31mred\x1b[0m\n", "\x1b[38;5;208mx\x1b[0m", "\x1b[38:2:1:2:3mx\x1b[0m", "10%\r20%\n"] {
            assert_eq!(shown(log.as_bytes()), log);
        }
        assert_eq!(shown(b"\x1b[31mred"), "\x1b[31mred\x1b[0m");
        assert_eq!(shown(b"\x1b[m"), "\x1b[0m");
    }

    #[test]
    fn nothing_else_that_a_terminal_acts_on_passes() {
        for log in [
            &b"a\x1b]0;title\x07b"[..],
            b"a\x1b]52;c;ZXZpbA==\x1b\\b",
            b"a\x1bP+q544e\x1b\\b",
            b"a\x1b_apc\x1b\\b",
            b"a\x1b^pm\x1b\\b",
            b"a\x1b[2J\x1b[H\x1b[6n\x1b[?1049h\x1b[>4;2m\x1b[!pb",
            b"a\x1bc\x1b7\x1b(0\x07\x08\x0e\x00\x7fb",
            "a\u{9b}2J\u{9d}0;t\u{9c}b".as_bytes(),
            "a\u{202e}\u{2066}b".as_bytes(),
        ] {
            let shown = shown(log);
            assert!(shown.starts_with('a') && shown.ends_with('b'), "{shown:?}");
            assert!(shown.chars().all(text::is_printable), "{shown:?}");
        }
        assert_eq!(shown(b"a\xffb"), "a\u{fffd}b");
    }
}
