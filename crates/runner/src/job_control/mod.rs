//! Job control: the command gets the signals and keys that it would get without us, is suspended and goes on with us, is stopped when
//! its job is cancelled or its time is up, and we end as it ends.
//!
//! # Layout
//! - `running`: a command that runs, from its start to its end · `stopper`: ends it when its job is cancelled or its time is up
//! - on Unix `signals`: hands them on · `suspend`: Ctrl-Z and `fg` · [`session`]: leads the session of a command that has a terminal of its own
//! - on Windows `console_events`: Ctrl-C, and that a console is closed
//!
//! All of it stands on [`stdio`](crate::stdio), which knows nothing of it.

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
