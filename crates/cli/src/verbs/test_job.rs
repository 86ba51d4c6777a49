//! `doorbell test-job`

use std::{io::Write, time::Duration};

use doorbell_protocol::{jobs::NewTestJob, limits};

use crate::{
    context::{Context, Run},
    duration,
    output::OutputMode,
};

/// Queue the built-in test job, which shows whether everything works
///
/// It takes the way of every queued job: a worker claims it, a runner runs it, the tray rings twice.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How long it takes, as in 30s, 500ms or 1m30s; at most 1h
    #[arg(long, default_value = "30s", value_parser = duration::parse)]
    duration: Duration,

    /// Fail at this step
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(limits::TEST_JOB_STEPS)))]
    fail_at_step: Option<u32>,

    /// Print the id alone
    #[arg(short, long)]
    quiet: bool,

    /// Print the hub's answer: {"job": {…}}
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
}

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        let duration_ms = u64::try_from(self.duration.as_millis()).ok();
        let job = NewTestJob { duration_ms, fail_at_step: self.fail_at_step };
        let created = context.call(async |client| Ok(client.create_test_job(&job).await?))?;
        let job = &created.job;
        OutputMode::of(self.quiet, self.json)
            .print(&created, [job.id], |out| writeln!(out, "Queued {} ({}). `doorbell ls` shows how it goes.", job.name, job.id))?;
        Ok(0)
    }
}
