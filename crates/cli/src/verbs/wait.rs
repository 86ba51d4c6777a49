//! `doorbell wait JOB…`

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use anyhow::bail;
use doorbell_client::{CallError, Client, EndpointSource, Feed, FeedUpdate};
use doorbell_protocol::{ErrorCode, EventKind, FeedMessage, Job, JobId, JobState, jobs::OneJob};
use tokio::time::{Duration, Instant, sleep_until};

use super::block_on;
use crate::{paint::Paint, table, when, which};

/// The job was cancelled.
const CANCELLED: i32 = 130;
/// The job's runner is gone, and nobody knows how it ended.
const LOST: i32 = 125;
/// There is no such job.
const NOT_FOUND: i32 = 127;
/// How often a job that is queued is looked at: one that is cancelled before it starts is not on the feed.
const LOOK_AT_QUEUED: Duration = Duration::from_secs(2);

/// Wait until jobs are over, and exit as they did
///
/// Jobs that are over already count as they ended. A hub that is away meanwhile is waited for.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes:
  0    every job succeeded; else the code of the first one given that did not:
  the exit code of its command, or 1 when it failed without one
  130  it was cancelled
  125  it is lost: its runner is gone
  127  there is no such job
  1    the hub cannot be asked

Examples:
  doorbell wait nightly-ingest && ./publish
  doorbell wait $(doorbell add -q -- make) $(doorbell add -q -- make docs)")]
pub(crate) struct Args {
    #[arg(value_name = "JOB", help = which::HELP, required = true)]
    jobs: Vec<String>,

    /// Print nothing
    #[arg(short, long)]
    quiet: bool,

    /// Print each job as it ends, one JSON object a line: {"job": {…}}
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
}

/// The jobs that are waited for, and those that are over.
struct Wait {
    client: Client,
    /// Each with its state, as far as it is known.
    pending: BTreeMap<JobId, JobState>,
    codes: BTreeMap<JobId, i32>,
    print: Print,
}

#[derive(Clone, Copy)]
enum Print {
    Line,
    Json,
    Nothing,
}

pub(crate) fn run(args: Args) -> anyhow::Result<i32> {
    let print = match (args.quiet, args.json) {
        (true, _) => Print::Nothing,
        (_, true) => Print::Json,
        (false, false) => Print::Line,
    };
    block_on(async {
        let client = Client::new(EndpointSource::discovered());
        let mut wait = Wait { client, pending: BTreeMap::new(), codes: BTreeMap::new(), print };
        let mut asked = Vec::new();
        for job in &args.jobs {
            match which::job(&wait.client, job).await {
                Ok(job) => {
                    asked.push(job.id);
                    wait.look_at(job)?;
                }
                Err(e) if is_not_found(&e) => {
                    eprintln!("doorbell: {e:#}");
                    return Ok(NOT_FOUND);
                }
                Err(e) => return Err(e),
            }
        }
        wait.until_over().await?;
        Ok(asked.iter().filter_map(|id| wait.codes.get(id)).copied().find(|code| *code != 0).unwrap_or(0))
    })
}

impl Wait {
    async fn until_over(&mut self) -> anyhow::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let (_feed, mut updates) = Feed::open(EndpointSource::discovered());
        let mut told_away = false;
        let mut look_at = Instant::now() + LOOK_AT_QUEUED;
        while !self.pending.is_empty() {
            let update = tokio::select! {
                update = updates.recv() => update,
                () = sleep_until(look_at), if self.pending.values().any(|state| *state == JobState::Queued) => {
                    self.look(|state| state == JobState::Queued).await?;
                    look_at = Instant::now() + LOOK_AT_QUEUED;
                    continue;
                }
            };
            match update {
                None => bail!("the feed ended"),
                Some(FeedUpdate::Refused { reason }) => bail!("{reason}"),
                // What ended before the feed was live may not have been told.
                Some(FeedUpdate::Live) => {
                    told_away = false;
                    self.look(|_| true).await?;
                }
                Some(FeedUpdate::Message {
                    message: FeedMessage::Event(EventKind::JobStarted | EventKind::JobFinished, event), ..
                }) => {
                    if self.pending.contains_key(&event.job.id) {
                        self.look_at(event.job)?;
                    }
                }
                Some(FeedUpdate::Down { reason, .. } | FeedUpdate::Offline { reason, .. }) => {
                    if !told_away && !matches!(self.print, Print::Nothing) {
                        eprintln!("doorbell: waiting for the hub: {reason}");
                    }
                    told_away = true;
                }
                Some(FeedUpdate::Connecting | FeedUpdate::Message { .. } | FeedUpdate::Polled(_) | FeedUpdate::PollFailed { .. }) => {}
            }
        }
        Ok(())
    }

    /// Asks for the pending jobs whose state is `wanted`. A hub that cannot be asked now will be asked when it is back.
    async fn look(&mut self, wanted: impl Fn(JobState) -> bool) -> anyhow::Result<()> {
        let ids: Vec<JobId> = self.pending.iter().filter(|(_, state)| wanted(**state)).map(|(id, _)| *id).collect();
        for id in ids {
            match self.client.job(id).await {
                Ok(job) => self.look_at(job)?,
                Err(e) if e.code() == Some(ErrorCode::NotFound) => {
                    eprintln!("doorbell: {id}: {e}");
                    self.pending.remove(&id);
                    self.codes.insert(id, NOT_FOUND);
                }
                Err(e) if e.is_transient() => return Ok(()),
                Err(e) => return Err(e.into()),
            }
        }
        Ok(())
    }

    fn look_at(&mut self, job: Job) -> anyhow::Result<()> {
        let Some(code) = exit_code(&job) else {
            self.pending.insert(job.id, job.state);
            return Ok(());
        };
        self.pending.remove(&job.id);
        if self.codes.insert(job.id, code).is_some() {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        match self.print {
            Print::Nothing => {}
            Print::Json => writeln!(out, "{}", serde_json::to_string(&OneJob { job })?)?,
            Print::Line => {
                for line in table::lines(&[job], when::now(), table::width(), Paint::for_stdout()) {
                    writeln!(out, "{line}")?;
                }
            }
        }
        out.flush()?;
        Ok(())
    }
}

/// What a job that is over leaves; `None` while it is not.
fn exit_code(job: &Job) -> Option<i32> {
    match job.state {
        JobState::Succeeded => Some(0),
        JobState::Failed => Some(job.exit_code.filter(|code| *code != 0).unwrap_or(1)),
        JobState::Cancelled => Some(CANCELLED),
        JobState::Lost => Some(LOST),
        JobState::Queued | JobState::Running | JobState::Unknown => None,
    }
}

fn is_not_found(error: &anyhow::Error) -> bool {
    let by_id = error.downcast_ref::<CallError>().is_some_and(|e| e.code() == Some(ErrorCode::NotFound));
    by_id || error.is::<which::NotFound>()
}
