//! Job control. The command gets the signals that it would get without us. We are suspended when it is, and
//! go on with it. It is stopped when its job is cancelled or its time is up. We end as it ends.
//!
//! # Layout
//! - `running`: a command from its start to its end · `stopper`: stops it when its job is cancelled or its
//!   time is up
//! - on Unix `signals`: hands them on · `suspend`: Ctrl-Z and `fg` · [`session`]: leads the session of a
//!   command that has a terminal of its own
//! - on Windows `console_events`: Ctrl-C, and that a console is closed
//!
//! The wing uses [`stdio`](crate::stdio), and `stdio` uses nothing of the wing.

#[cfg(windows)]
mod console_events;
mod running;
#[cfg(unix)]
pub mod session;
#[cfg(unix)]
mod signals;
mod stopper;
#[cfg(unix)]
mod suspend;

pub(crate) use self::{running::RunningCommand, stopper::Stopper};
