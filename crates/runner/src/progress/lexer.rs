//! Cuts terminal output into text, line breaks and operating system commands (OSC). It does not matter how
//! the output was cut into reads.
//!
//! Knows just enough of ECMA-48 to step over what is not text. Escape sequences that move to another line, or
//! that erase this one, count as line breaks: what follows them is drawn over what was there.

/// Longest operating system command that is kept; progress reports are a few bytes.
const OSC_KEPT: usize = 64;
/// A string without an end is given up after so many bytes, so that a stray beginning does not swallow all
/// that follows.
const STRING_MOST: usize = 4_096;

const BEL: u8 = 0x07;
const BACKSPACE: u8 = 0x08;
const ESC: u8 = 0x1b;
const CANCEL: u8 = 0x18;
const SUBSTITUTE: u8 = 0x1a;

/// One piece of the output.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Lexeme<'a> {
    /// Bytes that are drawn: everything but control characters. Runs may be cut anywhere.
    Text(&'a [u8]),
    /// The line is over, or will be drawn anew.
    LineBreak,
    /// The last character is taken back.
    Backspace,
    /// Content of an operating system command, at most [`OSC_KEPT`] bytes of it.
    Osc(&'a [u8]),
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Ground,
    Escape,
    /// An escape sequence with intermediate bytes, such as the choice of a character set: one final byte ends
    /// it.
    Intermediate,
    /// A control sequence; its parameter, if that is a single digit.
    Csi(Option<u8>),
    Osc {
        seen: usize,
    },
    /// A device control, privacy or application string.
    Other {
        seen: usize,
    },
    /// ESC inside a string: `\` makes it the string's end.
    StringEscape {
        osc: Vec<u8>,
    },
}

/// Cuts output. Keeps what it needs from one read to the next.
#[derive(Debug, Default)]
pub(super) struct Lexer {
    state: State,
    osc: Vec<u8>,
}

impl Lexer {
    /// Takes the next bytes and hands on what they complete.
    pub(super) fn feed<'a>(&mut self, mut bytes: &'a [u8], lexeme: &mut impl FnMut(Lexeme<'_>)) {
        while let Some(&byte) = bytes.first() {
            if matches!(self.state, State::Ground) {
                let drawn = bytes.iter().position(|b| *b < 0x20 || *b == 0x7f).unwrap_or(bytes.len());
                if drawn > 0 {
                    let (text, rest): (&'a [u8], &'a [u8]) = bytes.split_at(drawn);
                    lexeme(Lexeme::Text(text));
                    bytes = rest;
                    continue;
                }
            }
            self.step(byte, lexeme);
            bytes = &bytes[1..];
        }
    }

    fn step(&mut self, byte: u8, lexeme: &mut impl FnMut(Lexeme<'_>)) {
        if matches!(byte, CANCEL | SUBSTITUTE) {
            self.state = State::Ground;
            return;
        }
        self.state = match std::mem::take(&mut self.state) {
            State::Ground => ground(byte, lexeme),
            State::Escape => self.escape(byte, lexeme),
            State::Intermediate => match byte {
                0x20..=0x2f => State::Intermediate,
                _ => State::Ground,
            },
            State::Csi(parameter) => csi(byte, parameter, lexeme),
            State::Osc { seen } => self.osc(byte, seen, lexeme),
            State::Other { seen } => match byte {
                ESC => State::StringEscape { osc: Vec::new() },
                BEL => State::Ground,
                _ if seen >= STRING_MOST => State::Ground,
                _ => State::Other { seen: seen + 1 },
            },
            State::StringEscape { osc } => {
                if byte == b'\\' {
                    if !osc.is_empty() {
                        lexeme(Lexeme::Osc(&osc));
                    }
                    State::Ground
                } else {
                    // Not the end of the string but the start of another sequence, which cancels it.
                    self.escape(byte, lexeme)
                }
            }
        };
    }

    fn escape(&mut self, byte: u8, lexeme: &mut impl FnMut(Lexeme<'_>)) -> State {
        match byte {
            b'[' => State::Csi(None),
            b']' => {
                self.osc.clear();
                State::Osc { seen: 0 }
            }
            b'P' | b'X' | b'^' | b'_' => State::Other { seen: 0 },
            0x20..=0x2f => State::Intermediate,
            ESC => State::Escape,
            // Index, next line, reverse index: all leave this line.
            b'D' | b'E' | b'M' => {
                lexeme(Lexeme::LineBreak);
                State::Ground
            }
            _ => State::Ground,
        }
    }

    fn osc(&mut self, byte: u8, seen: usize, lexeme: &mut impl FnMut(Lexeme<'_>)) -> State {
        match byte {
            BEL => {
                lexeme(Lexeme::Osc(&self.osc));
                State::Ground
            }
            ESC => State::StringEscape { osc: std::mem::take(&mut self.osc) },
            // An operating system command has no line breaks, so this was none.
            b'\n' | b'\r' => ground(byte, lexeme),
            _ if seen >= STRING_MOST => State::Ground,
            _ => {
                if self.osc.len() < OSC_KEPT {
                    self.osc.push(byte);
                }
                State::Osc { seen: seen + 1 }
            }
        }
    }
}

fn ground(byte: u8, lexeme: &mut impl FnMut(Lexeme<'_>)) -> State {
    match byte {
        b'\n' | b'\r' | 0x0b | 0x0c => lexeme(Lexeme::LineBreak),
        b'\t' => lexeme(Lexeme::Text(b" ")),
        BACKSPACE => lexeme(Lexeme::Backspace),
        ESC => return State::Escape,
        _ => {}
    }
    State::Ground
}

fn csi(byte: u8, parameter: Option<u8>, lexeme: &mut impl FnMut(Lexeme<'_>)) -> State {
    match byte {
        ESC => State::Escape,
        b'0'..=b'9' if parameter.is_none() => State::Csi(Some(byte)),
        0x20..=0x3f => State::Csi(Some(b';')),
        // Moves up, down, to a line, to a place, or to the first column; erases the screen.
        b'A' | b'B' | b'E' | b'F' | b'H' | b'f' | b'd' | b'J' => {
            lexeme(Lexeme::LineBreak);
            State::Ground
        }
        b'G' if matches!(parameter, None | Some(b'0' | b'1')) => {
            lexeme(Lexeme::LineBreak);
            State::Ground
        }
        // Erases the whole line. Erasing to its end only (`ESC [ K`) is what compilers do after each coloured
        // word.
        b'K' if parameter == Some(b'2') => {
            lexeme(Lexeme::LineBreak);
            State::Ground
        }
        // A line break inside a sequence: it was no sequence.
        b'\n' | b'\r' => ground(byte, lexeme),
        _ => State::Ground,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(chunks: &[&[u8]]) -> String {
        let mut lexer = Lexer::default();
        let mut seen = String::new();
        for chunk in chunks {
            lexer.feed(chunk, &mut |lexeme| match lexeme {
                Lexeme::Text(text) => seen.push_str(&String::from_utf8_lossy(text)),
                Lexeme::LineBreak => seen.push('⏎'),
                Lexeme::Backspace => seen.push('⌫'),
                Lexeme::Osc(osc) => seen.push_str(&format!("<{}>", String::from_utf8_lossy(osc))),
            });
        }
        seen
    }

    const TABLE: &[(&[u8], &str)] = &[
        (b"plain\r\ntext", "plain⏎⏎text"),
        (b"\x1b[01;31m\x1b[Kred\x1b[m\x1b[K end", "red end"),
        (b"old\x1b[2Knew\x1b[1Aup", "old⏎new⏎up"),
        (b"a\x1b[12;1Hb\x1b[1Gc\x1b[12Gd", "a⏎b⏎cd"),
        (b"ab\x08c\td", "ab⌫c d"),
        (b"\x1b]9;4;1;45\x07x", "<9;4;1;45>x"),
        (b"\x1b]9;4;1;45\x1b\\x", "<9;4;1;45>x"),
        (b"\x1b]0;title without end\nnext", "⏎next"),
        (b"\x1b]8;;http://x\x1b[31mred", "red"),
        (b"\x1bPq#0;2;0;0;0\x1b\\after", "after"),
        (b"\x1b(Bset \x1b=keys", "set keys"),
        (b"\x1b[31\x18cancelled", "cancelled"),
        (b"\x00\x01\x7fcontrols", "controls"),
    ];

    #[test]
    fn text_is_told_from_control() {
        for (bytes, expected) in TABLE {
            assert_eq!(tokens(&[bytes]), *expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn it_does_not_matter_where_the_reads_cut() {
        for (bytes, expected) in TABLE {
            for cut in 0..bytes.len() {
                assert_eq!(tokens(&[&bytes[..cut], &bytes[cut..]]), *expected, "{} at {cut}", bytes.escape_ascii());
            }
        }
    }

    #[test]
    fn a_string_without_end_does_not_swallow_the_rest() {
        let mut bytes = b"\x1b]0;".to_vec();
        bytes.extend(vec![b'x'; STRING_MOST + 10]);
        bytes.extend(b"\ntext");
        assert!(tokens(&[&bytes]).ends_with("⏎text"));
    }
}
