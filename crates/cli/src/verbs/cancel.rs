//! `doorbell cancel JOB…`

use std::io::Write;

use doorbell_protocol::{JobState, jobs::OneJob};

use crate::{
    complete,
    context::{Context, Run, each},
    job_lookup,
    output::{NO_IDS, OutputMode},
};

/// Cancel jobs that are running or queued
///
/// A queued job is cancelled at once. The command of a running one is asked to stop (SIGTERM) within two seconds, and killed when
/// it is still there ten seconds later.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  doorbell cancel nightly-ingest
  doorbell cancel train-1 train-2
  doorbell cancel 0192f0c1-7a3b-7c4d-8e5f-0123456789ab")]
pub(crate) struct Args {
    #[arg(value_name = "JOB", required = true, help = job_lookup::HELP, add = complete::jobs())]
    jobs: Vec<String>,

    /// Print nothing
    #[arg(short, long)]
    quiet: bool,

    /// Print the hub's answer, a line for each job: {"job": {…}}
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
}

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        let output = OutputMode::of(self.quiet, self.json);
        context.call(async |client| {
            let jobs = job_lookup::each_of(&self.jobs, async |asked| job_lookup::unfinished_id(client, asked).await).await?;
            each(jobs, async |id| {
                let answer = OneJob { job: client.cancel_job(id).await? };
                let OneJob { job } = &answer;
                output.print(&answer, NO_IDS, |out| {
                    if job.state == JobState::Cancelled {
                        writeln!(out, "Cancelled {}.", job.name)
                    } else {
                        writeln!(out, "Asked {} to stop.", job.name)
                    }
                })
            })
            .await
        })
    }
}
