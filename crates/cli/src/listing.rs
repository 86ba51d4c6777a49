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

/// Which jobs are wanted; what is given must all be so.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) state: Option<JobState>,
    pub(crate) key: Option<String>,
    /// As `name=value`.
    pub(crate) label: Option<String>,
    /// A part of the name.
    pub(crate) text: Option<String>,
    /// Of what is over, only what ended after this moment.
    pub(crate) since: Option<Timestamp>,
    /// How many jobs that are over to pass over, the newest first.
    pub(crate) skip: usize,
    /// How many of these follow; all when left out.
    pub(crate) finished: Option<usize>,
}

impl Filter {
    /// All that runs and waits, and so many that are over.
    pub(crate) fn recent(finished: usize) -> Self {
        Self { finished: Some(finished), ..Self::default() }
    }

    /// What to say when there is none.
    pub(crate) fn nothing(&self) -> &'static str {
        let Self { state, key, label, text, since, skip, finished: _ } = self;
        if (state, key, label, text, since, skip) == (&None, &None, &None, &None, &None, &0) {
            "No jobs yet. Try `doorbell run -- sleep 10`."
        } else {
            "No such jobs."
        }
    }

    fn query(&self) -> JobQuery {
        JobQuery {
            key: self.key.clone(),
            label: self.label.clone(),
            text: self.text.clone(),
            limit: Some(limits::PAGE_JOBS),
            ..JobQuery::default()
        }
    }

    fn wants(&self, state: JobState) -> bool {
        self.state.is_none_or(|wanted| wanted == state)
    }

    /// Whether a running job is wanted: as the hub would say of one that is over.
    fn fits(&self, job: &Job) -> bool {
        let has_label = |label: &str| {
            let (name, value) = label.split_once('=').unwrap_or((label, ""));
            job.labels.get(name).is_some_and(|has| has == value)
        };
        let has_text = |text: &str| job.name.to_ascii_lowercase().contains(&text.to_ascii_lowercase());
        self.wants(job.state)
            && self.key.as_ref().is_none_or(|key| *key == job.key)
            && self.label.as_deref().is_none_or(has_label)
            && self.text.as_deref().is_none_or(has_text)
    }
}

/// Reads every job that is wanted.
pub(crate) async fn fetch(client: &Client, filter: &Filter) -> Result<Listing, CallError> {
    match client.running(None).await? {
        Running::List { list, .. } => beside(client, list, filter).await,
        // Never happens: no ETag was sent.
        Running::Unchanged => {
            let (running, queued, finished) = Default::default();
            Ok(Listing { running, queued, finished, now: moments::now(), as_of: (Sequence(0), Counts::default()) })
        }
    }
}

/// Reads the queued and the finished jobs that are shown beside the running ones of `list`.
pub(crate) async fn beside(client: &Client, list: RunningList, filter: &Filter) -> Result<Listing, CallError> {
    let mut queued = queued(client, filter).await?;
    // The one that will run next comes first.
    queued.sort_by_key(|job| (Reverse(job.priority), job.created_at, job.id));
    let finished = finished(client, filter).await?;
    let running = list.jobs.into_iter().filter(|job| filter.fits(job)).collect();
    Ok(Listing { running, queued, finished, now: list.now, as_of: (list.seq, list.counts) })
}

/// All jobs that wait: the hub's pages begin with the newest, and the next to run may be the oldest.
async fn queued(client: &Client, filter: &Filter) -> Result<Vec<Job>, CallError> {
    if !filter.wants(JobState::Queued) {
        return Ok(Vec::new());
    }
    let mut queued = Vec::new();
    let mut pages = client.pages(JobQuery { state: Some(JobState::Queued), ..filter.query() });
    while let Some(page) = pages.next().await? {
        queued.extend(page);
    }
    Ok(queued)
}

/// The newest jobs that are over. The hub's pages have jobs in all states, newest first.
async fn finished(client: &Client, filter: &Filter) -> Result<Vec<Job>, CallError> {
    let most = filter.finished.map_or(usize::MAX, |most| filter.skip.saturating_add(most));
    let mut finished = Vec::new();
    let mut pages = client.pages(JobQuery { state: filter.state, finished_after: filter.since, ..filter.query() });
    while finished.len() < most
        && filter.state.is_none_or(JobState::is_over)
        && let Some(page) = pages.next().await?
    {
        finished.extend(page.into_iter().filter(|job| job.state.is_over()));
    }
    finished.truncate(most);
    Ok(finished.split_off(filter.skip.min(finished.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_job_is_found_as_the_hub_finds_others() {
        let job: Job = serde_json::from_value(serde_json::json!({
            "id": "0192f0c1-7a3b-7c4d-8e5f-0123456789ab", "key": "nightly", "name": "Nightly Ingest", "state": "running", "attempt": 1,
            "created_at": "2026-11-21T10:00:00.000Z", "labels": {"team": "a=b"},
        }))
        .unwrap();
        let text = |text: &str| Some(text.to_owned());
        for (filter, found) in [
            (Filter::default(), true),
            (Filter { state: Some(JobState::Running), key: text("nightly"), text: text("INGEST"), ..Filter::default() }, true),
            (Filter { label: text("team=a=b"), ..Filter::default() }, true),
            (Filter { label: text("team=a"), ..Filter::default() }, false),
            (Filter { label: text("owner=a=b"), ..Filter::default() }, false),
            (Filter { key: text("night"), ..Filter::default() }, false),
            (Filter { text: text("backup"), ..Filter::default() }, false),
            (Filter { state: Some(JobState::Failed), ..Filter::default() }, false),
        ] {
            assert_eq!(filter.fits(&job), found, "{filter:?}");
        }
    }
}
