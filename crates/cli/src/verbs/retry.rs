//! `doorbell retry JOB`

use std::io::Write;

use doorbell_protocol::jobs::OneJob;

use crate::{
    complete,
    context::{Context, Run},
    job_lookup,
    output::OutputMode,
};

/// Queue a job that is over once more
///
/// Runs the same command again, as a new job. Only jobs that a worker ran can be retried.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(value_name = "JOB", help = job_lookup::HELP, add = complete::jobs())]
    job: String,

    /// Print the id of the new job alone
    #[arg(short, long)]
    quiet: bool,

    /// Print the new job: {"job": {…}}
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
}

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        let job = context.call(async |client| Ok(client.retry_job(job_lookup::id(client, &self.job).await?).await?))?;
        let answer = OneJob { job };
        let job = &answer.job;
        OutputMode::of(self.quiet, self.json).print(&answer, [job.id], |out| writeln!(out, "Queued {} again ({}).", job.name, job.id))?;
        Ok(0)
    }
}
