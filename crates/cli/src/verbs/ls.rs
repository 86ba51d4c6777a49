//! `doorbell ls`

use std::io::{self, IsTerminal, Write};

use anyhow::bail;
use doorbell_client::{Client, EndpointSource};

use super::block_on;
use crate::{listing, live, paint::Paint, table};

/// Show running, queued and recently finished jobs
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many finished jobs to show
    #[arg(long, default_value_t = 10, value_name = "N")]
    recent: usize,

    /// Keep the list on the screen, with bars, until q is pressed
    #[arg(short, long)]
    watch: bool,

    /// Print ids alone
    #[arg(short, long, conflicts_with = "watch")]
    quiet: bool,

    /// Print one JSON object: {"running": [job…], "queued": [job…], "finished": [job…]}
    #[arg(long, conflicts_with_all = ["quiet", "watch"])]
    json: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<i32> {
    let client = Client::new(EndpointSource::discovered());
    if args.watch {
        if !io::stdout().is_terminal() {
            bail!("`doorbell ls --watch` draws on a terminal, and this output is none. Leave out --watch.");
        }
        block_on(live::show(&client, args.recent))?;
        return Ok(0);
    }
    let listing = block_on(async { Ok(listing::fetch(&client, args.recent).await?) })?;
    let mut out = io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&listing)?)?;
        return Ok(0);
    }
    let now = listing.now;
    let jobs = listing.into_jobs();
    if args.quiet {
        for job in &jobs {
            writeln!(out, "{}", job.id)?;
        }
        return Ok(0);
    }
    if jobs.is_empty() {
        writeln!(out, "No jobs yet. Try `doorbell run -- sleep 10`.")?;
    }
    for line in table::lines(&jobs, now, table::width(), Paint::for_stdout()) {
        writeln!(out, "{line}")?;
    }
    Ok(0)
}
