//! `doorbell ls`

use std::io::{self, IsTerminal, Write};

use anyhow::bail;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use doorbell_protocol::{JobState, Timestamp};

use crate::{
    context::{Context, Run},
    list_screen,
    listing::{self, Filter},
    moments,
    output::OutputMode,
    paint::Paint,
    table,
};

/// Jobs that are over and are shown when nothing says how many.
const RECENT: usize = 10;

/// Show running, queued and recently finished jobs
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  doorbell ls --state failed --since yesterday
  doorbell ls --label branch=main ingest
  doorbell ls --recent 50 --page 2")]
pub(crate) struct Args {
    /// Only jobs whose name has this in it
    text: Option<String>,

    /// Only jobs in this state
    #[arg(long, value_parser = states())]
    state: Option<JobState>,

    /// Only runs with this key
    #[arg(long)]
    key: Option<String>,

    /// Only jobs with this label
    #[arg(long, value_name = "NAME=VALUE", value_parser = super::run::label)]
    label: Option<(String, String)>,

    /// Of those that are over, all that ended since then: 9:00, yesterday, fri 18:00, 2h
    #[arg(long, value_name = "WHEN", value_parser = moments::parse_past)]
    since: Option<Timestamp>,

    /// How many finished jobs to show [default: 10, or all with --since]
    #[arg(long, value_name = "N", value_parser = positive())]
    recent: Option<usize>,

    /// Which page of the finished jobs to show, the newest on the first
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = positive())]
    page: usize,

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

fn states() -> impl TypedValueParser<Value = JobState> {
    PossibleValuesParser::new(JobState::ALL.map(JobState::as_str)).try_map(|word| word.parse())
}

pub(super) fn positive() -> impl TypedValueParser<Value = usize> {
    clap::value_parser!(u32).range(1..).map(|n| usize::try_from(n).unwrap_or(usize::MAX))
}

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        let finished = self.recent.or(if self.since.is_some() && self.page == 1 { None } else { Some(RECENT) });
        let filter = Filter {
            state: self.state,
            key: self.key,
            label: self.label.map(|(name, value)| format!("{name}={value}")),
            text: self.text,
            since: self.since,
            skip: finished.unwrap_or(0).saturating_mul(self.page - 1),
            finished,
        };
        if self.watch {
            if !io::stdout().is_terminal() {
                bail!("`doorbell ls --watch` draws on a terminal, and this output is none. Leave out --watch.");
            }
            context.call(async |client| list_screen::show(client, &filter).await)?;
            return Ok(0);
        }
        let listing = context.call(async |client| Ok(listing::fetch(client, &filter).await?))?;
        let jobs = listing.jobs();
        OutputMode::of(self.quiet, self.json).print(&listing, jobs.iter().map(|job| job.id), |out| {
            if jobs.is_empty() {
                writeln!(out, "{}", filter.nothing())?;
            }
            table::lines(&jobs, listing.now, table::width(), Paint::for_stdout()).iter().try_for_each(|line| writeln!(out, "{line}"))
        })?;
        Ok(0)
    }
}
