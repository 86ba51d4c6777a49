//! `doorbell retry JOB`

use std::io::{self, Write};

use doorbell_client::{Client, EndpointSource};
use doorbell_protocol::jobs::OneJob;

use super::block_on;
use crate::{complete, which};

/// Queue a job that is over once more
///
/// Runs the same command again, as a new job. Only jobs that a worker ran can be retried.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(value_name = "JOB", help = which::HELP, add = complete::jobs())]
    job: String,

    /// Print the id of the new job alone
    #[arg(short, long)]
    quiet: bool,

    /// Print the new job: {"job": {…}}
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<i32> {
    let client = Client::new(EndpointSource::discovered());
    let job = block_on(async { Ok(client.retry_job(which::id(&client, &args.job).await?).await?) })?;
    let mut out = io::stdout();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&OneJob { job })?)?;
    } else if args.quiet {
        writeln!(out, "{}", job.id)?;
    } else {
        writeln!(out, "Queued {} again ({}).", job.name, job.id)?;
    }
    Ok(0)
}
