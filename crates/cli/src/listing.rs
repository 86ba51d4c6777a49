//! What a list of jobs shows: those that run, those that wait, and the newest that are over.

use std::cmp::Reverse;

use doorbell_client::{
    CallError, Client,
    rest::{JobQuery, Running},
};
use doorbell_protocol::{Counts, Job, JobState, Sequence, Timestamp, jobs::RunningList, limits};
use serde::Serialize;

use crate::moments;

/// What `ls --json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct Listing {
    pub(crate) running: Vec<Job>,
    pub(crate) queued: Vec<Job>,
    pub(crate) finished: Vec<Job>,
    /// The hub's clock.
    #[serde(skip)]
    pub(crate) now: Timestamp,
    /// While these stay as they are, the same jobs run, wait and are over.
    #[serde(skip)]
    pub(crate) as_of: (Sequence, Counts),
}

impl Listing {
    /// All of them, in the order in which they are shown.
    pub(crate) fn jobs(&self) -> Vec<Job> {
        [&self.running[..], &self.queued, &self.finished].concat()
    }
}

/// Reads everything, with at most `recent` jobs that are over.
pub(crate) async fn fetch(client: &Client, recent: usize) -> Result<Listing, CallError> {
    match client.running(None).await? {
        Running::List { list, .. } => beside(client, list, recent).await,
        // Never happens: no ETag was sent.
        Running::Unchanged => {
            let (running, queued, finished) = Default::default();
            Ok(Listing { running, queued, finished, now: moments::now(), as_of: (Sequence(0), Counts::default()) })
        }
    }
}

/// Reads the queued and the finished jobs that are shown beside the running ones of `list`.
pub(crate) async fn beside(client: &Client, list: RunningList, recent: usize) -> Result<Listing, CallError> {
    let mut queued = queued(client).await?;
    // The one that will run next comes first.
    queued.sort_by_key(|job| (Reverse(job.priority), job.created_at, job.id));
    let finished = finished(client, recent).await?;
    Ok(Listing { running: list.jobs, queued, finished, now: list.now, as_of: (list.seq, list.counts) })
}

/// All jobs that wait: the hub's pages begin with the newest, and the next to run may be the oldest.
async fn queued(client: &Client) -> Result<Vec<Job>, CallError> {
    let mut queued = Vec::new();
    let mut cursor = None;
    loop {
        let query = JobQuery { state: Some(JobState::Queued), limit: Some(limits::PAGE_JOBS), cursor, ..JobQuery::default() };
        let page = client.jobs(query).await?;
        queued.extend(page.jobs);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(queued);
        }
    }
}

/// The newest jobs that are over. The hub's pages have jobs in all states, newest first.
async fn finished(client: &Client, most: usize) -> Result<Vec<Job>, CallError> {
    let mut finished = Vec::new();
    let mut cursor = None;
    while finished.len() < most {
        let page = client.jobs(JobQuery { cursor, limit: Some(limits::PAGE_JOBS), ..JobQuery::default() }).await?;
        finished.extend(page.jobs.into_iter().filter(|job| job.state.is_over()));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    finished.truncate(most);
    Ok(finished)
}
