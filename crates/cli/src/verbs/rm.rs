//! `doorbell rm JOB…`

use std::io::{self, Write};

use crate::{
    complete,
    context::{Context, Run},
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
            let mut jobs = Vec::new();
            for asked in &self.jobs {
                jobs.push(job_lookup::job(client, asked).await?);
            }
            for job in jobs {
                client.delete_job(job.id).await?;
                if !self.quiet {
                    writeln!(io::stdout(), "Forgot {} ({}).", job.name, job.id)?;
                }
            }
            Ok(0)
        })
    }
}
