//! The pages of a list of jobs, one after the other.
//!
//! # Invariants
//! - They end, whatever a hub answers: pages go by id from the newest, so each begins further down than the last, and there are at most
//!   [`PAGES`] of them, within [`LONGEST`].

use std::time::Duration;

use doorbell_protocol::{Job, JobId, jobs::JobQuery, limits};
use tokio::time::{Instant, timeout_at};

use super::{CallError, Client};

/// Most pages of one list: 200,000 jobs. A hub keeps 10,000 unless it is set up otherwise.
const PAGES: usize = 1_000;
/// Longest time for all pages of one list.
const LONGEST: Duration = Duration::from_secs(60);

/// A list that is being read. Stops being read when it is dropped.
#[derive(Debug)]
pub struct Pages<'a> {
    client: &'a Client,
    query: JobQuery,
    read: usize,
    is_over: bool,
    deadline: Instant,
}

impl Client {
    /// `GET /v1/jobs`: all pages from the one that `query` begins with, newest first, each as large as the hub allows. Connects to
    /// nothing yet.
    #[must_use]
    pub fn pages(&self, query: JobQuery) -> Pages<'_> {
        let query = JobQuery { limit: Some(limits::PAGE_JOBS), ..query };
        Pages { client: self, query, read: 0, is_over: false, deadline: Instant::now() + LONGEST }
    }
}

impl Pages<'_> {
    /// The jobs of the next page; `None` after the last one.
    ///
    /// # Errors
    /// See [`CallError`]. Pages that lead nowhere, or never end, are [`CallError::Malformed`].
    pub async fn next(&mut self) -> Result<Option<Vec<Job>>, CallError> {
        if self.is_over {
            return Ok(None);
        }
        let malformed =
            |cause: &str| self.client.endpoint().map(|hub| CallError::Malformed { url: hub.url().to_owned(), cause: cause.to_owned() });
        if self.read == PAGES {
            return Err(malformed("its list of jobs does not end")?);
        }
        let Ok(page) = timeout_at(self.deadline, self.client.jobs(self.query.clone())).await else {
            return Err(malformed("its list of jobs does not end in time")?);
        };
        let page = page?;
        if !leads_on(self.query.cursor, &page.jobs, page.next_cursor) {
            return Err(malformed("its list of jobs goes in a circle")?);
        }
        self.read += 1;
        self.is_over = page.next_cursor.is_none();
        self.query.cursor = page.next_cursor;
        Ok(Some(page.jobs))
    }
}

/// Whether the page after these jobs can be another one.
fn leads_on(cursor: Option<JobId>, jobs: &[Job], next: Option<JobId>) -> bool {
    let Some(next) = next else { return true };
    !jobs.is_empty() && cursor.is_none_or(|cursor| next < cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_leads_on_when_it_has_jobs_and_the_next_one_begins_further_down() {
        let id = |n: u32| format!("0192f0c1-0000-7000-8000-00000000000{n}").parse::<JobId>().ok();
        let job: Job = serde_json::from_value(serde_json::json!({
            "id": id(5), "key": "k", "name": "n", "state": "succeeded", "attempt": 1, "created_at": "2026-11-21T10:00:00.000Z",
        }))
        .unwrap();
        for (cursor, jobs, next, leads) in [
            (None, vec![], None, true),
            (None, vec![job.clone()], id(5), true),
            (id(6), vec![job.clone()], id(5), true),
            (id(6), vec![], None, true),
            (id(6), vec![job.clone()], id(6), false),
            (id(6), vec![job], id(7), false),
            (id(6), vec![], id(5), false),
            (None, vec![], id(5), false),
        ] {
            assert_eq!(leads_on(cursor, &jobs, next), leads, "{cursor:?} {next:?}");
        }
    }
}
