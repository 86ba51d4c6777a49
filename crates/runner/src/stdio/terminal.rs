//! The command's pseudo-terminal, and raw mode of the terminal that we run in.
//!
//! # Invariants
//! - Our terminal is given back as it was found, whichever way this process ends short of SIGKILL: on return,
//!   on a panic (also one that aborts), and before an exit forced by a signal.
//! - Our terminal is touched only while we are in its foreground: a process in the background that did so
//!   would be suspended.

use std::{
    fs::File,
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    panic,
    sync::{Mutex, Once, PoisonError},
};

use pty_process::blocking::{Pts, Pty};
use rustix::termios::{OptionalActions, OutputModes, Termios, Winsize};

use crate::processes;

/// Size for a terminal that does not know its own, as some test harnesses make them. With 0 × 0 many tools
/// draw nothing.
const FALLBACK: Winsize = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };

static HOLD: Mutex<Hold> = Mutex::new(Hold::AsFound);

/// The state of our terminal.
enum Hold {
    /// It is as we found it.
    AsFound,
    /// It is raw. Holds its settings from before.
    Raw(File, Termios),
    /// As we found it, for good: a thread that still reads keys while we end must not make it raw again.
    Left,
}

/// A pseudo-terminal for the command: our end, and the command's.
pub(super) struct Pseudo {
    pub(super) ours: File,
    pub(super) theirs: Pts,
}

/// What the line discipline does with what the command writes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum OutputMode {
    /// The same as our terminal, which then is raw and does nothing more.
    LikeOurs,
    /// Nothing. Our terminal is not raw and does it all.
    Untouched,
}

impl Pseudo {
    /// A terminal with the size and settings of `like`.
    pub(super) fn open(like: BorrowedFd<'_>, output: OutputMode) -> io::Result<Self> {
        let (pty, theirs): (Pty, Pts) = pty_process::blocking::open().map_err(into_io)?;
        let ours = File::from(OwnedFd::from(pty));
        rustix::termios::tcsetwinsize(&ours, size_of(like))?;
        if let Ok(mut settings) = rustix::termios::tcgetattr(like) {
            if output == OutputMode::Untouched {
                settings.output_modes.remove(OutputModes::OPOST);
            }
            rustix::termios::tcsetattr(&theirs, OptionalActions::Now, &settings)?;
        }
        Ok(Self { ours, theirs })
    }
}

/// Makes our terminal raw, if we are in its foreground. Keys then go to the command's terminal, which turns
/// them into signals and echo. [`give_back`] and [`leave`] undo it. Returns whether we are in the foreground.
pub(super) fn make_raw(terminal: BorrowedFd<'_>) -> io::Result<bool> {
    static GIVE_BACK_ON_PANIC: Once = Once::new();

    if !is_foreground(terminal) {
        return Ok(false);
    }
    GIVE_BACK_ON_PANIC.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // A panic inside the lock cannot happen, but a hook must not wait for one.
            if let Ok(mut hold) = HOLD.try_lock() {
                let_go(&mut hold, Hold::Left);
            }
            previous(info);
        }));
    });
    let mut hold = HOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if matches!(*hold, Hold::Left) {
        return Ok(false);
    }
    let found = rustix::termios::tcgetattr(terminal)?;
    let mut raw = found.clone();
    raw.make_raw();
    if matches!(*hold, Hold::AsFound) {
        *hold = Hold::Raw(File::from(terminal.try_clone_to_owned()?), found);
    }
    rustix::termios::tcsetattr(terminal, OptionalActions::Now, &raw)?;
    Ok(true)
}

/// Makes our terminal raw unless we have done that before. Returns whether we are in its foreground.
pub(super) fn hold(terminal: BorrowedFd<'_>) -> io::Result<bool> {
    let is_held = matches!(*HOLD.lock().unwrap_or_else(PoisonError::into_inner), Hold::Raw(..));
    if is_held { Ok(is_foreground(terminal)) } else { make_raw(terminal) }
}

/// Puts our terminal back as it was found, until it is made raw again. Does nothing the second time.
pub(crate) fn give_back() {
    let_go(&mut HOLD.lock().unwrap_or_else(PoisonError::into_inner), Hold::AsFound);
}

/// Puts our terminal back as it was found, for good: we end.
pub(crate) fn leave() {
    let_go(&mut HOLD.lock().unwrap_or_else(PoisonError::into_inner), Hold::Left);
}

fn let_go(hold: &mut Hold, then: Hold) {
    if let Hold::Raw(terminal, settings) = std::mem::replace(hold, then)
        && is_foreground(terminal.as_fd())
    {
        // `Drain`: what was written last is still shown with the raw settings, for which it was written.
        let _ = rustix::termios::tcsetattr(&terminal, OptionalActions::Drain, &settings);
    }
}

/// Copies the size of our terminal to the command's, which tells the command by SIGWINCH.
pub(super) fn resize(pseudo: &File, like: BorrowedFd<'_>) {
    let _ = rustix::termios::tcsetwinsize(pseudo, size_of(like));
}

/// Whether this process may read from and change the terminal.
pub(super) fn is_foreground(terminal: BorrowedFd<'_>) -> bool {
    rustix::termios::tcgetpgrp(terminal).is_ok_and(|foreground| processes::our_group() == Some(foreground))
}

fn size_of(terminal: BorrowedFd<'_>) -> Winsize {
    match rustix::termios::tcgetwinsize(terminal) {
        Ok(size) if size.ws_row > 0 && size.ws_col > 0 => size,
        Ok(_) | Err(_) => FALLBACK,
    }
}

/// Turns the crate's error into one of std.
pub(super) fn into_io(error: pty_process::Error) -> io::Error {
    match error {
        pty_process::Error::Io(e) => e,
        pty_process::Error::Rustix(e) => e.into(),
    }
}
