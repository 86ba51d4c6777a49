//! `doorbell test-job`

use std::{
    io::{self, Write},
    time::Duration,
};

use doorbell_client::{Client, EndpointSource};
use doorbell_protocol::{jobs::NewTestJob, limits};

use super::block_on;
use crate::duration;

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

pub(crate) fn run(args: Args) -> anyhow::Result<i32> {
    let duration_ms = u64::try_from(args.duration.as_millis()).ok();
    let job = NewTestJob { duration_ms, fail_at_step: args.fail_at_step };
    let created = block_on(async { Ok(Client::new(EndpointSource::discovered()).create_test_job(&job).await?) })?;
    if args.json {
        writeln!(io::stdout(), "{}", serde_json::to_string(&created)?)?;
    } else if args.quiet {
        writeln!(io::stdout(), "{}", created.job.id)?;
    } else {
        writeln!(io::stdout(), "Queued {} ({}). `doorbell ls` shows how it goes.", created.job.name, created.job.id)?;
    }
    Ok(0)
}
