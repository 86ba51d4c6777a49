//! `doorbell retry JOB…`

use std::io::Write;

use doorbell_protocol::jobs::OneJob;

use crate::{
    complete,
    context::{Context, Run, each},
    job_lookup,
    output::OutputMode,
};

/// Queue jobs that are over once more
///
/// Runs the same commands again, as new jobs. Only jobs that a worker ran can be retried.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(value_name = "JOB", required = true, help = job_lookup::HELP, add = complete::jobs())]
    jobs: Vec<String>,

    /// Print the ids of the new jobs alone
    #[arg(short, long)]
    quiet: bool,

    /// Print the new jobs, a line for each: {"job": {…}}
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
}

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        let output = OutputMode::of(self.quiet, self.json);
        context.call(async |client| {
            let jobs = job_lookup::each_of(&self.jobs, async |asked| job_lookup::id(client, asked).await).await?;
            each(jobs, async |id| {
                let answer = OneJob { job: client.retry_job(id).await? };
                let OneJob { job } = &answer;
                output.print(&answer, [job.id], |out| writeln!(out, "Queued {} again ({}).", job.name, job.id))
            })
            .await
        })
    }
}
