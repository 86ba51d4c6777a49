//! The end of one job, and what has to be reported before it. Pure.

use std::time::Duration;

use doorbell_protocol::{
    Fence, JobId, Outcome, Timestamp,
    jobs::{FinishReport, NewJob},
    limits,
    log::{Base64, LogPart},
};
use serde::{Deserialize, Serialize};

use crate::ending::Ended;

/// An end that is delivered later than this does not ring: it is no news any more.
const NEWS: Duration = Duration::from_secs(60 * 60);
/// How long hubs keep jobs, unless they are told otherwise.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What a file holds.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Entry {
    /// The address of the hub that it is for, when the user had named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hub: Option<String>,
    pub(crate) job: JobId,
    pub(crate) known: Known,
    outcome: Outcome,
    exit_code: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    finished_at: Timestamp,
    /// The last of the output that the hub has not got.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) log: Option<LogPart>,
}

/// What the hub knows of the job.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Known {
    /// Perhaps nothing. This has to be reported first.
    Nothing(Box<NewJob>),
    /// That the job runs, under the lease with this fence.
    Start(Fence),
}

impl Entry {
    pub(crate) fn new(hub: Option<String>, job: JobId, known: Known, log: Option<(u64, Vec<u8>)>, ended: Ended) -> Self {
        let Ended { ending, at } = ended;
        let log = log.map(|(offset, bytes)| LogPart { offset, bytes: Base64(bytes) });
        Self { hub, job, known, outcome: ending.outcome, exit_code: ending.exit_code, failure: ending.failure, finished_at: at, log }
    }

    /// The last report, with the lease's `fence`.
    pub(super) fn finish(&self, fence: Fence) -> FinishReport {
        FinishReport {
            fence,
            outcome: self.outcome,
            exit_code: Some(self.exit_code),
            failure: self.failure.clone(),
            finished_at: Some(self.finished_at),
        }
    }

    /// The first report of a job that is over by `now`. It asks the hub not to ring for the start; nor for
    /// the end, when that was longer ago than [`NEWS`].
    pub(super) fn create(&self, new: &NewJob, now: Timestamp) -> NewJob {
        let is_news = now.since(self.finished_at) < NEWS;
        let quiet = if is_news { new.notify_after_ms.unwrap_or(0) } else { limits::COUNT };
        NewJob { notify_after_ms: Some(quiet), ..new.clone() }
    }

    /// Whether a hub would have forgotten it by `now`.
    pub(super) fn is_stale(&self, now: Timestamp) -> bool {
        now.since(self.finished_at) > KEPT
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::ending::{Ending, Exit};

    pub(in crate::spool) fn entry(known: Known) -> Entry {
        let ended = Ended { ending: Ending::of(&Exit::Code(3), &[], None), at: Timestamp::from_millis(5_000) };
        Entry::new(None, JobId(uuid::Uuid::now_v7()), known, None, ended)
    }

    #[test]
    fn a_file_of_the_first_version_is_read_for_ever() {
        let json = r#"{"job":"0192f0c1-7a3b-7c4d-8e5f-0123456789ab","known":{"start":2},"outcome":"failed","exit_code":3,
            "failure":"exit code 3","finished_at":"1970-01-01T00:00:05.000Z","colour":"red"}"#;
        let read: Entry = serde_json::from_str(json).unwrap();
        assert_eq!(read, Entry { job: read.job, ..entry(Known::Start(Fence(2))) });
        let json = r#"{"hub":"https://hub.example","job":"0192f0c1-7a3b-7c4d-8e5f-0123456789ab","known":{"nothing":{"name":"make","start":true}},
            "outcome":"succeeded","exit_code":0,"finished_at":"1970-01-01T00:00:05.000Z"}"#;
        let read: Entry = serde_json::from_str(json).unwrap();
        assert!(matches!(read.known, Known::Nothing(new) if new.name == "make"));
    }

    #[test]
    fn a_start_that_is_told_late_is_quiet_and_an_old_end_is_too() {
        let entry = entry(Known::Start(Fence(1)));
        let quiet = |after, at| {
            let new = NewJob { notify_after_ms: after, ..NewJob::default() };
            entry.create(&new, Timestamp::from_millis(at)).notify_after_ms
        };
        assert_eq!(quiet(None, 6_000), Some(0));
        assert_eq!(quiet(Some(10_000), 6_000), Some(10_000));
        assert_eq!(quiet(None, 5_000 + 3_600_000), Some(limits::COUNT));
        assert!(!entry.is_stale(Timestamp::from_millis(6_000)));
        assert!(entry.is_stale(Timestamp::from_millis(6_000 + 30 * 86_400_000)));
    }
}
