//! The command's standard streams: which go through a terminal of its own, which through pipes, which are left alone.
//!
//! # Layout
//! - `plan`: the decision, pure · `copy`: moves bytes from the command to us, and shows them to the tap
//! - `bulk` (Linux): the shorter way for much at once · `terminal` (Unix): the pseudo-terminal, and raw mode of ours
//! - on Windows `pseudo`: the pseudo console · `console`: the one that we are in · `keys`: from there to here · `greeting`: what it asks
//!   first · `text`: whole characters
//!
//! # Invariants
//! - A stream that is a terminal for us is a terminal for the command, and one that is not is not.
//! - What the command writes is written before it is looked at.

mod bulk;
#[cfg(windows)]
mod console;
mod copy;
#[cfg(any(windows, test))]
mod greeting;
#[cfg(windows)]
mod keys;
mod plan;
#[cfg(windows)]
mod pseudo;
#[cfg(unix)]
pub(crate) mod terminal;
#[cfg(any(windows, test))]
mod text;
#[cfg(unix)]
mod unix;
#[cfg(not(unix))]
mod windows;

pub use plan::TerminalChoice;
#[cfg(windows)]
pub(crate) use pseudo::Pseudo;
#[cfg(unix)]
pub(crate) use unix::{Attached, Terminals, attach_claimed, attach_here};
#[cfg(not(unix))]
pub(crate) use windows::{Attached, attach_claimed, attach_here};
