//! `doorbell ls`

use std::io::{self, IsTerminal, Write};

use anyhow::bail;

use crate::{
    context::{Context, Run},
    list_screen, listing,
    output::OutputMode,
    paint::Paint,
    table,
};

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

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        if self.watch {
            if !io::stdout().is_terminal() {
                bail!("`doorbell ls --watch` draws on a terminal, and this output is none. Leave out --watch.");
            }
            context.call(async |client| list_screen::show(client, self.recent).await)?;
            return Ok(0);
        }
        let listing = context.call(async |client| Ok(listing::fetch(client, self.recent).await?))?;
        let jobs = listing.jobs();
        OutputMode::of(self.quiet, self.json).print(&listing, jobs.iter().map(|job| job.id), |out| {
            if jobs.is_empty() {
                writeln!(out, "No jobs yet. Try `doorbell run -- sleep 10`.")?;
            }
            table::lines(&jobs, listing.now, table::width(), Paint::for_stdout()).iter().try_for_each(|line| writeln!(out, "{line}"))
        })?;
        Ok(0)
    }
}
