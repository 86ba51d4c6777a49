//! One file a verb. Each gives the exit code, or an error that `main` prints.

pub(crate) mod add;
pub(crate) mod answer;
pub(crate) mod ask;
pub(crate) mod cancel;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod hub;
pub(crate) mod log;
pub(crate) mod ls;
pub(crate) mod man;
pub(crate) mod open;
pub(crate) mod progress;
pub(crate) mod questions;
pub(crate) mod retry;
pub(crate) mod rm;
pub(crate) mod run;
pub(crate) mod runner;
pub(crate) mod schedule;
#[cfg(unix)]
pub(crate) mod session;
pub(crate) mod shell_init;
pub(crate) mod shell_report;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod step;
pub(crate) mod test_job;
pub(crate) mod test_job_steps;
pub(crate) mod token;
pub(crate) mod wait;
pub(crate) mod watch;
pub(crate) mod worker;

use anyhow::Context;

/// Runs the calls of one verb, which need no more than the thread that is there.
pub(crate) fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(future)
}
