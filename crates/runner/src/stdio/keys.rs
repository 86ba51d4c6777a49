//! Hands on what is typed into our console, or what is in our standard input, to the command's console.

use std::{
    io::{self, Read},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use super::{plan::Keyboard, pseudo::Pseudo};

/// Ctrl-Z. When this key comes alone, std reports the end of the input instead.
const CTRL_Z: &[u8] = b"\x1a";
/// How a person types the end of the input.
const END: &[u8] = b"\x1a\r";

/// Returns when there is nothing more to hand on. Notes when Ctrl-C was typed.
pub(super) fn hand_on(from: Keyboard, to: &Pseudo, interrupted: &AtomicBool) {
    match from {
        Keyboard::Console => hand_on_keys(to, interrupted),
        Keyboard::Input => hand_on_input(to),
        Keyboard::Nobody => {}
    }
}

fn hand_on_keys(to: &Pseudo, interrupted: &AtomicBool) {
    /// When the console is gone, each read reports the end at once. So there is a pause.
    const PAUSE: Duration = Duration::from_millis(20);

    // As large as the buffer of standard input, so that the buffer is not used.
    let mut block = vec![0; 8 * 1024];
    loop {
        match io::stdin().lock().read(&mut block) {
            Ok(0) => {
                to.type_in(CTRL_Z);
                thread::sleep(PAUSE);
            }
            Ok(size) => {
                if is_interrupt(&block[..size]) {
                    interrupted.store(true, Ordering::Relaxed);
                }
                to.type_in(&block[..size]);
            }
            // The read ended within a character, which is lost.
            Err(e) if e.kind() == io::ErrorKind::InvalidData => thread::sleep(PAUSE),
            Err(_) => return,
        }
    }
}

fn hand_on_input(to: &Pseudo) {
    let mut block = vec![0; 8 * 1024];
    let mut lines = Lines::default();
    loop {
        match io::stdin().lock().read(&mut block) {
            Ok(size @ 1..) => to.type_in(&lines.typed(&block[..size])),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => return to.type_in(END),
        }
    }
}

/// Whether Ctrl-C is among the keys: as a character, or as `ESC [ Vk ; Sc ; Uc ; Kd …`, with C, any scan
/// code, that character, down.
fn is_interrupt(keys: &[u8]) -> bool {
    let written_out = || {
        let keys = String::from_utf8_lossy(keys);
        keys.split("\x1b[67;").skip(1).any(|key| {
            let mut figures = key.split(';').skip(1);
            (figures.next(), figures.next()) == (Some("3"), Some("1"))
        })
    };
    keys.contains(&0x03) || written_out()
}

/// Turns text that comes in pieces into what a person would type.
#[derive(Debug, Default)]
struct Lines {
    after_return: bool,
}

impl Lines {
    /// Lines end with the return key, however they end in a file.
    fn typed(&mut self, text: &[u8]) -> Vec<u8> {
        let mut typed = Vec::with_capacity(text.len());
        for &byte in text {
            match byte {
                b'\n' if self.after_return => {}
                b'\n' => typed.push(b'\r'),
                byte => typed.push(byte),
            }
            self.after_return = byte == b'\r';
        }
        typed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ctrl_c_is_seen_however_it_comes() {
        for (keys, is) in [
            (&b"\x03"[..], true),
            (b"abc\x03", true),
            (b"\x1b[67;46;3;1;8;1_", true),
            (b"\x1b[17;29;0;1;8;1_\x1b[67;46;3;1;8;1_", true),
            (b"\x1b[67;46;3;0;8;1_", false),
            (b"\x1b[67;46;99;1;0;1_", false),
            (b"c", false),
            (b"\x1b[67;", false),
        ] {
            assert_eq!(is_interrupt(keys), is, "{keys:?}");
        }
    }

    #[test]
    fn lines_are_typed_with_the_return_key() {
        let mut lines = Lines::default();
        let typed: Vec<u8> = [&b"a\nb\r"[..], b"\nc", b"\r\n", b"\n"].iter().flat_map(|piece| lines.typed(piece)).collect();
        assert_eq!(typed, b"a\rb\rc\r\r");
    }
}
