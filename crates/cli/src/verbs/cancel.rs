//! `doorbell cancel JOB`

use std::io::Write;

use doorbell_protocol::{JobState, jobs::OneJob};

use crate::{
    complete,
    context::{Context, Run},
    job_lookup,
    output::{NO_IDS, OutputMode},
};

/// Cancel a job that is running or queued
///
/// A queued job is cancelled at once. The command of a running one is asked to stop (SIGTERM) within two seconds, and killed when
/// it is still there ten seconds later.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  doorbell cancel nightly-ingest
  doorbell cancel 0192f0c1-7a3b-7c4d-8e5f-0123456789ab")]
pub(crate) struct Args {
    #[arg(value_name = "JOB", help = job_lookup::HELP, add = complete::jobs())]
    job: String,

    /// Print nothing
    #[arg(short, long)]
    quiet: bool,

    /// Print the hub's answer: {"job": {…}}
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
}

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        let job = context.call(async |client| Ok(client.cancel_job(job_lookup::unfinished_id(client, &self.job).await?).await?))?;
        let answer = OneJob { job };
        let job = &answer.job;
        OutputMode::of(self.quiet, self.json).print(&answer, NO_IDS, |out| {
            if job.state == JobState::Cancelled {
                writeln!(out, "Cancelled {}.", job.name)
            } else {
                writeln!(out, "Asked {} to stop.", job.name)
            }
        })?;
        Ok(0)
    }
}
