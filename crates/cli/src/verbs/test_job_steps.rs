//! `doorbell test-job-steps`: the command of the test job.

use std::time::Duration;

/// The command of the test job: prints its steps.
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub(crate) struct Args {
    /// In milliseconds.
    #[arg(long)]
    duration_ms: u64,

    /// Exit with 1 at this step.
    #[arg(long)]
    fail_at_step: Option<u32>,
}

pub(crate) fn run(args: Args) -> anyhow::Result<i32> {
    Ok(doorbell_runner::test_job::run_steps(Duration::from_millis(args.duration_ms), args.fail_at_step)?)
}
