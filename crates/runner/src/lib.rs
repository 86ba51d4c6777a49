//! Runs one command as one job. The command never suffers for it: same input, output, signals and exit code as without, hub
//! or no hub.
//!
//! # Layout
//! - [`mod@run`]: a command in the place where the caller stands · [`claimed`]: a queued job, in a process of its own
//! - [`worker`]: claims queued jobs and starts a runner process for each · `assignment`: what it hands over
//! - [`session`] (Unix): leads the session of a command that has a terminal of its own
//! - `command`: the process to be · `stdio`: its streams · `signals`: what it is told · `stop`: when its job is cancelled ·
//!   `group`: its process group · [`ending`]: how it ended · `farewell`: and how we end
//! - on Windows `lookup`: which file is meant by its name · `events`: Ctrl-C, and that a console is closed
//! - `output`: what becomes of the command's output beside being written · [`progress`]: reads progress from it, pure ·
//!   `redact`: keeps secrets here
//! - [`spool`]: ends that no hub has taken yet
//! - `reporter`: tells the hub, from a thread of its own · [`origin`]: who runs a job, where
//! - [`test_job`]: the built-in job that shows whether everything works
//!
//! # Invariants
//! - Nothing between the command and its streams waits for a hub.
//! - A job is reported by the process that runs its command, and by no other.

mod assignment;
pub mod claimed;
mod command;
pub mod ending;
#[cfg(windows)]
mod events;
mod farewell;
#[cfg(unix)]
mod group;
#[cfg(windows)]
mod lookup;
pub mod origin;
mod output;
pub mod progress;
pub mod redact;
mod reporter;
pub mod run;
#[cfg(unix)]
pub mod session;
#[cfg(unix)]
mod signals;
pub mod spool;
mod stdio;
mod stop;
pub mod test_job;
pub mod worker;

pub use claimed::{ClaimedError, run_claimed};
pub use redact::{Redactor, Secret};
pub use run::{Prints, RunSpec, run};
pub use stdio::TerminalChoice;
pub use worker::{WorkerConfig, work};
