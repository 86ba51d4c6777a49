//! The command's standard streams: which go through a terminal of its own, which through pipes, which are
//! left alone.
//!
//! # Layout
//! - `plan`: the decision, pure · `copy`: moves bytes from the command to us, and shows them to the tap
//! - `bulk` (Linux): the shorter way for much at once
//! - on Unix `unix`: starts the command · `terminals`: those between the command and us · `terminal`: the
//!   pseudo-terminal, and raw mode of ours
//! - on Windows `windows`: starts the command · `pseudo`: its pseudo console · `console`: the one that we are
//!   in · `keys`: from ours to the command's · `conpty_handshake`: what a pseudo console asks first · `text`:
//!   whole characters · `waiting`: whether all has come
//!
//! # Invariants
//! - A stream that is a terminal for us is a terminal for the command, and one that is not is not.
//! - What the command writes is written before it is looked at.

mod bulk;
#[cfg(any(windows, test))]
mod conpty_handshake;
#[cfg(windows)]
mod console;
mod copy;
#[cfg(windows)]
mod keys;
mod plan;
#[cfg(windows)]
mod pseudo;
#[cfg(unix)]
pub(crate) mod terminal;
#[cfg(unix)]
mod terminals;
#[cfg(any(windows, test))]
mod text;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod waiting;
#[cfg(not(unix))]
mod windows;

pub use plan::TerminalChoice;
#[cfg(windows)]
pub(crate) use pseudo::Pseudo;
#[cfg(unix)]
pub(crate) use terminals::Terminals;
#[cfg(unix)]
pub(crate) use unix::{Attached, attach_claimed, attach_here};
#[cfg(not(unix))]
pub(crate) use windows::{Attached, attach_claimed, attach_here};
