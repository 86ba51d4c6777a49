//! `doorbell wait JOB…`

use std::{
    future::pending,
    io::{self, Write},
};

use anyhow::bail;
use doorbell_client::{CallError, Client, EndpointSource, Feed, FeedUpdate, rest::JobQuery};
use doorbell_protocol::{
    ErrorCode, FeedEvent, FeedMessage, Job, JobId, JobState,
    jobs::{OneJob, RunningList},
    limits, text,
};
use tokio::time::{Duration, Instant, sleep_until};

use crate::{
    context::{Context, Run},
    job_lookup, moments,
    output::{NO_IDS, OutputMode},
    paint::Paint,
    refusal, table,
};

/// The job was cancelled.
const CANCELLED: i32 = 130;
/// The job's runner is gone, and nobody knows how it ended.
const LOST: i32 = 125;
/// There is no such job.
const NOT_FOUND: i32 = 127;
/// How often a job that is queued is looked at: one that is cancelled before it starts is not on the feed. And how long after a
/// look that failed the next one comes.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// Wait until jobs are over, and exit as they did
///
/// Jobs that are over already count as they ended. A job that is tried again (`doorbell add --retries`) is over with its last
/// attempt. A hub that is away meanwhile is waited for.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes:
  0    every job succeeded; else the code of the first one given that did not:
  the exit code of its command, or 1 when it failed without one
  130  it was cancelled
  125  it is lost: its runner is gone
  127  there is no such job
  1    the hub cannot be asked

Of a job that is tried again, the last attempt counts. A retry by hand is another job.

Examples:
  doorbell wait nightly-ingest && ./publish
  doorbell wait $(doorbell add -q -- make) $(doorbell add -q --retries 2 -- ./deploy.sh)")]
pub(crate) struct Args {
    #[arg(value_name = "JOB", help = job_lookup::HELP, required = true)]
    jobs: Vec<String>,

    /// Print nothing
    #[arg(short, long)]
    quiet: bool,

    /// Print each job as it ends, one JSON object a line: {"job": {…}}
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
}

/// The jobs that are waited for.
struct Wait {
    source: EndpointSource,
    client: Client,
    jobs: Vec<Waited>,
    output: OutputMode,
    /// When to ask the hub next, if it must be asked at all.
    look_at: Option<Instant>,
    /// Whether to ask for every job then, since any of them may have ended untold.
    unsure: bool,
    /// Why there is no feed, for a token that may read its own jobs and nothing else. Then the jobs are asked for again and again.
    refused: Option<String>,
}

struct Waited {
    /// The run that was asked for.
    asked: JobId,
    /// Its newest attempt that is known.
    run: JobId,
    /// The state of that run, as far as it is known.
    state: JobState,
    /// The exit code that follows from it, once it is over.
    code: Option<i32>,
}

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        context.call(async |client| {
            let mut wait = Wait {
                source: context.source(),
                client: client.clone(),
                jobs: Vec::new(),
                output: OutputMode::of(self.quiet, self.json),
                look_at: None,
                unsure: false,
                refused: None,
            };
            for asked in &self.jobs {
                match job_lookup::job(&wait.client, asked).await {
                    Ok(job) => wait.add(job).await?,
                    Err(e) if is_not_found(&e) => {
                        eprintln!("doorbell: {}", refusal::told(&e));
                        return Ok(NOT_FOUND);
                    }
                    Err(e) => return Err(e),
                }
            }
            wait.until_over().await?;
            Ok(wait.jobs.iter().filter_map(|waited| waited.code).find(|code| *code != 0).unwrap_or(0))
        })
    }
}

impl Wait {
    async fn add(&mut self, job: Job) -> anyhow::Result<()> {
        if self.jobs.iter().any(|waited| waited.asked == job.id) {
            return Ok(());
        }
        self.jobs.push(Waited { asked: job.id, run: job.id, state: job.state, code: None });
        self.take_in(job).await
    }

    async fn until_over(&mut self) -> anyhow::Result<()> {
        if self.pending().next().is_none() {
            return Ok(());
        }
        let (_feed, mut updates) = Feed::open(self.source.clone());
        let mut told_away = false;
        while self.pending().next().is_some() {
            if self.pending().any(|waited| waited.state == JobState::Queued) {
                self.look_by(Instant::now() + LOOK_AGAIN);
            }
            let update = tokio::select! {
                biased;
                update = updates.recv() => update,
                () = time(self.look_at) => {
                    self.look().await?;
                    continue;
                }
            };
            match update {
                None => bail!("the feed ended"),
                Some(FeedUpdate::Refused { reason }) => {
                    self.refused = Some(reason);
                    self.look_at_all(Duration::ZERO);
                }
                // What ended before the feed was live may not have been told.
                Some(FeedUpdate::Live) => {
                    told_away = false;
                    self.refused = None;
                    self.look_at_all(Duration::ZERO);
                }
                // Nor has what a snapshot stands for.
                Some(FeedUpdate::Message { message: FeedMessage::Snapshot(_), .. }) => self.look_at_all(Duration::ZERO),
                Some(FeedUpdate::Message {
                    message: FeedMessage::Event(FeedEvent::JobStarted(event) | FeedEvent::JobFinished(event)),
                    ..
                }) => self.take_in(event.job).await?,
                Some(FeedUpdate::Polled(Some(list))) => self.compare(&list),
                Some(FeedUpdate::Down { reason, .. } | FeedUpdate::Offline { reason, .. }) => {
                    if !told_away && self.output != OutputMode::Quiet {
                        eprintln!("doorbell: waiting for the hub: {reason}");
                    }
                    told_away = true;
                }
                Some(FeedUpdate::Connecting | FeedUpdate::Message { .. } | FeedUpdate::Polled(None) | FeedUpdate::PollFailed { .. }) => {}
            }
        }
        Ok(())
    }

    fn pending(&self) -> impl Iterator<Item = &Waited> {
        self.jobs.iter().filter(|waited| waited.code.is_none())
    }

    /// While the feed is not live, a job that ran and is not on the running list has ended.
    fn compare(&mut self, list: &RunningList) {
        let is_gone = |waited: &Waited| waited.state != JobState::Queued && !list.jobs.iter().any(|job| job.id == waited.run);
        if self.pending().any(is_gone) {
            self.look_at_all(Duration::ZERO);
        }
    }

    fn look_at_all(&mut self, wait: Duration) {
        self.unsure = true;
        self.look_by(Instant::now() + wait);
    }

    fn look_by(&mut self, at: Instant) {
        self.look_at = Some(self.look_at.map_or(at, |known| known.min(at)));
    }

    /// Asks for the jobs that may have ended untold. What cannot be asked now is asked again.
    async fn look(&mut self) -> anyhow::Result<()> {
        self.look_at = None;
        let all = std::mem::take(&mut self.unsure);
        let wanted = |waited: &&Waited| all || waited.state == JobState::Queued;
        let runs: Vec<JobId> = self.pending().filter(wanted).map(|waited| waited.run).collect();
        for run in runs {
            match self.client.job(run).await {
                Ok(job) => self.take_in(job).await?,
                Err(e) if e.code() == Some(ErrorCode::NotFound) => {
                    eprintln!("doorbell: {run}: {e}");
                    self.end(run, NOT_FOUND);
                }
                Err(e) => match &self.refused {
                    // It is not the feed alone that the token is not good for.
                    Some(reason) if e.code() == Some(ErrorCode::Unauthorized) => bail!("{reason}"),
                    _ if e.is_transient() => {
                        self.look_at_all(LOOK_AGAIN);
                        return Ok(());
                    }
                    _ => return Err(e.into()),
                },
            }
        }
        if self.refused.is_some() {
            self.look_at_all(LOOK_AGAIN);
        }
        Ok(())
    }

    /// Takes in how a run stands, if it is waited for. One that is tried again is followed to its newest attempt.
    async fn take_in(&mut self, mut job: Job) -> anyhow::Result<()> {
        if !self.pending().any(|waited| waited.run == job.id) {
            return Ok(());
        }
        while is_tried_again(&job) {
            let next = match self.next_attempt(&job).await {
                Ok(Some(next)) => next,
                // It has been forgotten.
                Ok(None) => break,
                Err(e) if e.is_transient() => {
                    self.look_at_all(LOOK_AGAIN);
                    return Ok(());
                }
                Err(e) => return Err(e.into()),
            };
            if self.output == OutputMode::People {
                eprintln!("doorbell: {}: attempt {} of {} {}", text::clean(&job.name), job.attempt, job.attempts, job.state.as_str());
            }
            self.each(job.id, |waited| waited.run = next.id);
            job = next;
        }
        self.each(job.id, |waited| waited.state = job.state);
        let Some(code) = exit_code(&job) else { return Ok(()) };
        self.end(job.id, code);
        self.tell(job)
    }

    async fn next_attempt(&self, run: &Job) -> Result<Option<Job>, CallError> {
        let mut pages = self.client.pages(JobQuery { key: Some(run.key.clone()), ..JobQuery::default() });
        while let Some(page) = pages.next().await? {
            if let Some(next) = next_of(run, page) {
                return Ok(Some(next));
            }
        }
        Ok(None)
    }

    fn end(&mut self, run: JobId, code: i32) {
        self.each(run, |waited| waited.code = Some(code));
    }

    fn each(&mut self, run: JobId, change: impl FnMut(&mut Waited)) {
        self.jobs.iter_mut().filter(|waited| waited.run == run && waited.code.is_none()).for_each(change);
    }

    fn tell(&self, job: Job) -> anyhow::Result<()> {
        let answer = OneJob { job };
        let job = std::slice::from_ref(&answer.job);
        self.output.print(&answer, NO_IDS, |out| {
            table::lines(job, moments::now(), table::width(), Paint::for_stdout()).iter().try_for_each(|line| writeln!(out, "{line}"))
        })?;
        Ok(io::stdout().flush()?)
    }
}

fn exit_code(job: &Job) -> Option<i32> {
    match job.state {
        JobState::Succeeded => Some(0),
        JobState::Failed => Some(job.exit_code.filter(|code| *code != 0).unwrap_or(1)),
        JobState::Cancelled => Some(CANCELLED),
        JobState::Lost => Some(LOST),
        JobState::Queued | JobState::Running | JobState::Unknown => None,
    }
}

/// Whether the hub has queued the next attempt of a run that is over. It does so in the commit of the end.
fn is_tried_again(job: &Job) -> bool {
    matches!(job.state, JobState::Failed | JobState::Lost) && job.attempt < job.attempts.min(limits::ATTEMPTS) && !job.cancel_requested
}

/// Of the newest runs of a job, the one that the hub queued when `run` ended. Runs that somebody retried by hand come later, and
/// count their attempts anew.
fn next_of(run: &Job, runs: Vec<Job>) -> Option<Job> {
    // One that has not started yet has its predecessor's count.
    let goes_on = |job: &Job| job.attempt > run.attempt || (job.attempt == run.attempt && !is_tried_again(job));
    let is_next = |job: &Job| job.retry_of == Some(run.id) && goes_on(job);
    runs.into_iter().filter(is_next).min_by_key(|job| job.created_at)
}

async fn time(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}

fn is_not_found(error: &anyhow::Error) -> bool {
    let by_id = error.downcast_ref::<CallError>().is_some_and(|e| e.code() == Some(ErrorCode::NotFound));
    by_id || error.is::<job_lookup::NotFound>()
}
