//! Progress: the latest value of each running job, in memory only. No report is ever an event.
//!
//! What a program says of itself outranks what its runner reads from its output, from the first time to the end of the job.
//!
//! # Invariant
//! Only jobs that run have a report here. One is taken while what is live is locked, and dropped under the same lock in which
//! its job's end is published, so none can come in between and stay.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use doorbell_protocol::{JobId, Progress, Timestamp};

#[derive(Default)]
pub(crate) struct ProgressMap {
    latest: Mutex<Latest>,
}

#[derive(Default)]
struct Latest {
    /// Counts changes, so that an unchanged list can be told from a changed one.
    version: u64,
    reports: HashMap<JobId, Report>,
    taken: u64,
}

struct Report {
    teller: Teller,
    progress: Progress,
}

/// Who reports. The later one here outranks the earlier one.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Teller {
    /// Who holds the lease; Doorbell's own runner guesses.
    Runner,
    /// The program that runs as the job.
    Program,
}

impl ProgressMap {
    /// Keeps `progress` unless a newer report is known, or one of a teller that outranks this one. `progress.at` is set, and not
    /// after `now`. A known report that is was made before the clock was set back, and is the older one.
    pub(super) fn keep(&self, id: JobId, teller: Teller, progress: Progress, now: Timestamp) {
        let mut latest = self.lock();
        latest.taken += 1;
        let is_older = |known: &Progress| known.at <= progress.at || known.at > Some(now);
        let is_news = |known: &Report| known.teller < teller || (known.teller == teller && is_older(&known.progress));
        if latest.reports.get(&id).is_none_or(is_news) {
            latest.version += 1;
            latest.reports.insert(id, Report { teller, progress });
        }
    }

    pub(crate) fn get(&self, id: JobId) -> Option<Progress> {
        self.lock().reports.get(&id).map(|report| report.progress.clone())
    }

    /// For the end of a job, while `Now` of what is live is locked.
    pub(crate) fn drop_report(&self, id: JobId) {
        let mut latest = self.lock();
        if latest.reports.remove(&id).is_some() {
            latest.version += 1;
        }
    }

    /// How often anything changed.
    pub(crate) fn version(&self) -> u64 {
        self.lock().version
    }

    /// How many reports came in.
    pub(crate) fn taken(&self) -> u64 {
        self.lock().taken
    }

    fn lock(&self) -> MutexGuard<'_, Latest> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn an_older_report_is_dropped_and_changes_nothing() {
        let map = ProgressMap::default();
        let id = JobId(Uuid::nil());
        let report = |done, seconds| Progress { done: Some(done), at: Some(at(seconds)), ..Progress::default() };
        map.keep(id, Teller::Runner, report(1, 10), at(10));
        let version = map.version();
        map.keep(id, Teller::Runner, report(2, 9), at(10));
        assert_eq!((map.get(id).unwrap().done, map.version(), map.taken()), (Some(1), version, 2));
        map.keep(id, Teller::Runner, report(3, 11), at(11));
        assert_eq!(map.get(id).unwrap().done, Some(3));
    }

    #[test]
    fn after_a_clock_was_set_back_a_report_is_news() {
        let map = ProgressMap::default();
        let id = JobId(Uuid::nil());
        let report = |done, seconds| Progress { done: Some(done), at: Some(at(seconds)), ..Progress::default() };
        map.keep(id, Teller::Runner, report(1, 3_600), at(3_600));
        map.keep(id, Teller::Runner, report(2, 5), at(5));
        map.keep(id, Teller::Runner, report(3, 4), at(6));
        assert_eq!(map.get(id).unwrap().done, Some(2));
    }

    #[test]
    fn what_a_program_says_of_itself_outranks_its_runner_to_the_end() {
        let map = ProgressMap::default();
        let id = JobId(Uuid::nil());
        let report = |done, seconds| Progress { done: Some(done), at: Some(at(seconds)), ..Progress::default() };
        for (teller, done, seconds, known) in [
            (Teller::Runner, 1, 10, 1),
            (Teller::Program, 2, 9, 2),
            (Teller::Runner, 3, 11, 2),
            (Teller::Program, 4, 12, 4),
            (Teller::Program, 5, 11, 4),
            (Teller::Runner, 6, 99, 4),
        ] {
            map.keep(id, teller, report(done, seconds), at(99));
            assert_eq!(map.get(id).unwrap().done, Some(known), "{teller:?} {done}");
        }
        map.drop_report(id);
        map.keep(id, Teller::Runner, report(7, 0), at(99));
        assert_eq!(map.get(id).unwrap().done, Some(7));
    }
}
