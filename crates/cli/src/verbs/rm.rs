//! `doorbell rm JOB…`

use std::io::{self, Write};

use doorbell_client::{Client, EndpointSource};

use super::block_on;
use crate::{complete, which};

/// Forget jobs that are over, with their questions and their logs
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(value_name = "JOB", required = true, help = which::HELP, add = complete::jobs())]
    jobs: Vec<String>,

    /// Print nothing
    #[arg(short, long)]
    quiet: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<i32> {
    let client = Client::new(EndpointSource::discovered());
    block_on(async {
        // All jobs are found before the first one is deleted, so a typing error deletes nothing.
        let mut jobs = Vec::new();
        for asked in &args.jobs {
            jobs.push(which::job(&client, asked).await?);
        }
        for job in jobs {
            client.delete_job(job.id).await?;
            if !args.quiet {
                writeln!(io::stdout(), "Forgot {} ({}).", job.name, job.id)?;
            }
        }
        Ok(0)
    })
}
