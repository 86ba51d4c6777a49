//! `doorbell test-job-steps`: the command of the test job.

use std::time::Duration;

use crate::context::{Context, Run};

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

impl Run for Args {
    fn run(self, _context: &Context) -> anyhow::Result<i32> {
        Ok(doorbell_runner::test_job::run_steps(Duration::from_millis(self.duration_ms), self.fail_at_step)?)
    }
}
