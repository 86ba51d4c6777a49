//! What becomes of a command's output once it was written: it is read for its progress, and kept for the
//! job's log.
//!
//! # Layout
//! - `tap`: takes it from the threads that move it, and never makes them wait · `reading`: the thread that
//!   looks at it
//! - `observer`: finds progress and last words · `log`: what the hub has not got yet
//!
//! # Invariants
//! - The command is never slowed: when it writes faster than its output is read here, the oldest unread
//!   output is left out.
//! - Memory is bounded: at most 1 MiB is unread, and 1 MiB unsent.
//! - Nothing leaves this module before it was redacted.

mod log;
mod observer;
mod reading;
mod tap;

use tokio::sync::watch;

pub(crate) use log::UnsentLog;
pub(crate) use observer::{Latest, Stream};
pub(crate) use reading::Reading;
pub(crate) use tap::{Source, Tap};

use crate::redact::Redactor;

/// Where the output of a command goes, beside being written.
#[derive(Clone, Debug)]
pub(crate) struct OutputSink {
    pub(crate) redactor: Redactor,
    pub(crate) latest: watch::Sender<Latest>,
    pub(crate) words: Words,
}

/// What becomes of the words that a command prints. Figures of its progress are told in any case.
#[derive(Clone, Debug)]
pub(crate) enum Words {
    /// They are sent to the hub, as the job's log.
    Sent(UnsentLog),
    /// They stay in this process.
    Kept,
}
