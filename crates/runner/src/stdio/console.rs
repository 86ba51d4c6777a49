//! The Windows console that we run in.
//!
//! # Invariants
//! - The console is given back as it was found, also on a panic.

use std::{
    io::{self, Write},
    panic,
    sync::{Mutex, Once, PoisonError},
};

use crossterm_winapi::{ConsoleMode, Handle, HandleType, ScreenBuffer, ScreenBufferInfo};

/// Columns and rows where there is no console.
const FALLBACK: (u16, u16) = (80, 24);

// Modes of the input, by their names in https://learn.microsoft.com/windows/console/setconsolemode
const ENABLE_PROCESSED_INPUT: u32 = 0x1;
const ENABLE_LINE_INPUT: u32 = 0x2;
const ENABLE_ECHO_INPUT: u32 = 0x4;
const ENABLE_VIRTUAL_TERMINAL_INPUT: u32 = 0x200;
// Modes of the output.
const ENABLE_PROCESSED_OUTPUT: u32 = 0x1;
const ENABLE_VIRTUAL_TERMINAL_PROCESSING: u32 = 0x4;
const DISABLE_NEWLINE_AUTO_RETURN: u32 = 0x8;

static HELD: Mutex<Option<Held>> = Mutex::new(None);

/// What of the console is made raw.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Part {
    Screen,
    ScreenAndKeys,
}

/// The modes of the console before it was made raw.
#[derive(Clone, Copy)]
struct Held {
    input: Option<u32>,
    output: u32,
}

/// Makes the console raw: keys come as they are, Ctrl-C among them, and output is taken as a terminal takes
/// it. [`leave`] undoes it.
///
/// # Errors
/// There is no console, or it cannot behave as a terminal.
pub(super) fn make_raw(part: Part) -> io::Result<()> {
    static GIVE_BACK_ON_PANIC: Once = Once::new();

    GIVE_BACK_ON_PANIC.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // A panic inside the lock cannot happen, but a hook must not wait for one.
            if let Ok(mut held) = HELD.try_lock() {
                give_back(held.take());
            }
            previous(info);
        }));
    });
    let output = output()?;
    let mut found = Held { input: None, output: output.mode()? };
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    output.set_mode(found.output | ENABLE_PROCESSED_OUTPUT | ENABLE_VIRTUAL_TERMINAL_PROCESSING | DISABLE_NEWLINE_AUTO_RETURN)?;
    *held = Some(found);
    if part == Part::ScreenAndKeys {
        found.input = Some(make_keys_raw().inspect_err(|_| give_back(held.take()))?);
        *held = Some(found);
    }
    Ok(())
}

/// Gives the console back as it was found, if it was made raw.
pub(super) fn leave() {
    /// Asks for keys as characters, and for no reports about the focus. A pseudo console asks for the
    /// opposite of both, and does not always undo that.
    const AS_USUAL: &[u8] = b"\x1b[?9001l\x1b[?1004l";

    let held = HELD.lock().unwrap_or_else(PoisonError::into_inner).take();
    if held.is_some() {
        let mut stdout = io::stdout();
        let _ = stdout.write_all(AS_USUAL).and_then(|()| stdout.flush());
    }
    give_back(held);
}

/// Columns and rows of the console.
pub(super) fn size() -> (u16, u16) {
    let found = info().ok().map(|info| {
        let window = info.terminal_window();
        (window.right - window.left + 1, window.bottom - window.top + 1)
    });
    match found.map(|(columns, rows)| (u16::try_from(columns).unwrap_or(0), u16::try_from(rows).unwrap_or(0))) {
        Some((columns @ 1.., rows @ 1..)) => (columns, rows),
        Some(_) | None => FALLBACK,
    }
}

/// Row and column of the cursor in the console's window, from 1.
pub(super) fn cursor() -> (u16, u16) {
    let from_1 = |at: i16, edge: i16| u16::try_from(at.saturating_sub(edge)).unwrap_or(0).saturating_add(1);
    info().map_or((1, 1), |info| {
        let (cursor, window) = (info.cursor_pos(), info.terminal_window());
        (from_1(cursor.y, window.top), from_1(cursor.x, window.left))
    })
}

/// Makes the keys raw, and returns the mode before.
fn make_keys_raw() -> io::Result<u32> {
    let input = input()?;
    let found = input.mode()?;
    let cooked = ENABLE_PROCESSED_INPUT | ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT;
    input.set_mode(found & !cooked | ENABLE_VIRTUAL_TERMINAL_INPUT)?;
    Ok(found)
}

fn give_back(held: Option<Held>) {
    let Some(Held { input: keys, output: screen }) = held else { return };
    // There is nothing more to be done for a console that does not take its modes back.
    if let Some(keys) = keys {
        let _ = input().and_then(|console| console.set_mode(keys));
    }
    let _ = output().and_then(|console| console.set_mode(screen));
}

fn info() -> io::Result<ScreenBufferInfo> {
    ScreenBuffer::from(Handle::new(HandleType::OutputHandle)?).info()
}

fn input() -> io::Result<ConsoleMode> {
    Ok(Handle::new(HandleType::InputHandle)?.into())
}

fn output() -> io::Result<ConsoleMode> {
    Ok(Handle::new(HandleType::OutputHandle)?.into())
}
