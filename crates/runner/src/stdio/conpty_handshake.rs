//! What a pseudo console asks before the command writes anything: where the cursor is, and what our terminal
//! can do. It waits for the answers. They are given here, so that it does not depend on a terminal that may
//! not be there. Pure.

/// The beginning of what a pseudo console writes.
#[derive(Debug)]
pub(super) struct Handshake {
    /// Row and column, from 1.
    cursor: (u16, u16),
    state: State,
}

#[derive(Debug)]
enum State {
    /// It goes on. These bytes may be the beginning of a question.
    Open(Vec<u8>),
    /// It is over: what comes now is from the command.
    Over,
}

/// What to do about a piece of output.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Reply {
    /// To be shown in our terminal.
    pub(super) show: Vec<u8>,
    /// To be typed into the pseudo console.
    pub(super) answer: Vec<u8>,
}

impl Handshake {
    /// The cursor of our terminal is at `cursor`.
    pub(super) fn new(cursor: (u16, u16)) -> Self {
        Self { cursor, state: State::Open(Vec::new()) }
    }

    /// Takes the next piece of output.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Reply {
        let State::Open(part) = &mut self.state else { return Reply { show: bytes.to_vec(), answer: Vec::new() } };
        part.extend_from_slice(bytes);
        let mut rest = part.as_slice();
        let mut reply = Reply::default();
        loop {
            match sequence(rest) {
                Sequence::Whole(size) => {
                    let (whole, next) = rest.split_at(size);
                    match whole {
                        b"\x1b[6n" => reply.answer.extend(format!("\x1b[{};{}R", self.cursor.0, self.cursor.1).bytes()),
                        // This means: a VT level 1 terminal without anything special.
                        b"\x1b[c" | b"\x1b[0c" => reply.answer.extend(b"\x1b[?61c"),
                        _ => reply.show.extend_from_slice(whole),
                    }
                    rest = next;
                }
                Sequence::Part => {
                    *part = rest.to_vec();
                    return reply;
                }
                Sequence::Other => {
                    reply.show.extend_from_slice(rest);
                    self.state = State::Over;
                    return reply;
                }
            }
        }
    }
}

/// What bytes begin with.
enum Sequence {
    /// `ESC [ … letter`, so many bytes long.
    Whole(usize),
    /// The beginning of such a sequence, or nothing.
    Part,
    /// Something else.
    Other,
}

fn sequence(bytes: &[u8]) -> Sequence {
    /// No question is longer.
    const LONGEST: usize = 32;

    match bytes {
        [] | [0x1b] => Sequence::Part,
        [0x1b, b'[', rest @ ..] => match rest.iter().position(|byte| !matches!(byte, 0x20..=0x3f)) {
            Some(end) if matches!(rest[end], 0x40..=0x7e) => Sequence::Whole(end + 3),
            None if rest.len() < LONGEST => Sequence::Part,
            Some(_) | None => Sequence::Other,
        },
        _ => Sequence::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that is shown and answered when the output comes in pieces of `size`.
    fn taken(bytes: &[u8], size: usize) -> (String, String) {
        let mut handshake = Handshake::new((7, 3));
        let mut all = Reply::default();
        for piece in bytes.chunks(size) {
            let reply = handshake.take(piece);
            all.show.extend(reply.show);
            all.answer.extend(reply.answer);
        }
        (String::from_utf8(all.show).unwrap(), String::from_utf8(all.answer).unwrap())
    }

    #[test]
    fn its_questions_are_answered_and_not_shown_and_all_else_is_shown() {
        for (output, show, answer) in [
            ("\x1b[6n\x1b[?9001h\x1b[?1004hhello", "\x1b[?9001h\x1b[?1004hhello", "\x1b[7;3R"),
            ("\x1b[1t\x1b[c\x1b[6n\x1b[?25lx", "\x1b[1t\x1b[?25lx", "\x1b[?61c\x1b[7;3R"),
            ("hello \x1b[6n", "hello \x1b[6n", ""),
            ("\x1b]0;a title\x07\x1b[6n", "\x1b]0;a title\x07\x1b[6n", ""),
            ("\x1b[12345678901234567890123456789012345678901234567890", "\x1b[12345678901234567890123456789012345678901234567890", ""),
        ] {
            for size in [1, 2, 3, output.len()] {
                assert_eq!(taken(output.as_bytes(), size), (show.to_owned(), answer.to_owned()), "{output:?} by {size}");
            }
        }
    }
}
