//! `doorbell rm JOB…`

use std::io::{self, Write};

use crate::{
    complete,
    context::{Context, Run, each},
    job_lookup,
};

/// Forget jobs that are over, with their questions and their logs
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(value_name = "JOB", required = true, help = job_lookup::HELP, add = complete::jobs())]
    jobs: Vec<String>,

    /// Print nothing
    #[arg(short, long)]
    quiet: bool,
}

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        context.call(async |client| {
            // All jobs are found before the first one is deleted, so a typing error deletes nothing.
            let jobs = job_lookup::each_of(&self.jobs, async |asked| job_lookup::id(client, asked).await).await?;
            each(jobs, async |id| {
                let job = client.job(id).await?;
                client.delete_job(id).await?;
                if !self.quiet {
                    writeln!(io::stdout(), "Forgot {} ({}).", job.name, job.id)?;
                }
                Ok(())
            })
            .await
        })
    }
}
