//! Runs one command as one job. The command never suffers for it: same input, output, signals and exit code
//! as without, hub or no hub.
//!
//! # Layout
//! - [`mod@run`]: a command in the place where the caller stands · [`claimed`]: a queued job, in a process of
//!   its own
//! - [`worker`]: claims queued jobs and starts a runner process for each · `assignment`: what it hands over
//! - `command`: the process to be · `surroundings`: mask and limits it gets · `not_started`: why it could not become one · on Windows `lookup`: which file is meant by its name
//! - `job_control/`: signals, Ctrl-Z, cancel and timeout, from the command's start to its end · [`session`]
//!   (Unix): leads the session of a command that has a terminal of its own · on Unix `processes`: what the
//!   system says about other processes
//! - `stdio/`: the command's streams and terminals; it knows nothing of job control
//! - [`ending`]: how the command ended, and what that means for its job · `exit_as`: and how we end
//! - `output/`: what becomes of the command's output beside being written · [`progress`]: reads progress from
//!   it, pure · `redact`: keeps secrets here · [`run_secret`]: that of
//!   the run itself
//! - [`creation`]: tells the hub of a job · `reporter/`: and of all that follows, from a thread of its own · [`spool`]: ends that no hub has taken yet
//! - [`origin`]: who runs a job, where · [`test_job`]: the built-in job that shows whether everything works
//!
//! # Invariants
//! - Nothing between the command and its streams waits for a hub.
//! - A job is reported by the process that runs its command, and by no other.

mod assignment;
pub mod claimed;
mod command;
pub mod creation;
pub mod ending;
mod exit_as;
mod job_control;
#[cfg(windows)]
mod lookup;
mod not_started;
pub mod origin;
mod output;
#[cfg(unix)]
mod processes;
pub mod progress;
pub mod redact;
mod reporter;
pub mod run;
pub mod run_secret;
pub mod spool;
mod stdio;
mod surroundings;
pub mod test_job;
pub mod worker;

pub use claimed::{ClaimedError, run_claimed};
pub use command::JOB_VARIABLE;
#[cfg(unix)]
pub use job_control::session;
pub use redact::{Redactor, Secret};
pub use run::{Prints, RunSpec, run};
pub use run_secret::RunSecret;
pub use stdio::TerminalChoice;
pub use surroundings::Surroundings;
pub use worker::{WorkerConfig, work};
