//! The queue: who may claim what, in which order, and when to look again. Pure.

use std::{cmp::Reverse, collections::HashSet};

use doorbell_protocol::{JobState, Timestamp, worker::Worker};

use crate::domain::{binding::Binding, job::Record};

/// What a worker that asks for a job finds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Pick {
    /// This job is for the worker.
    Job(Box<Record>),
    /// There is none for now. Unless something changes there will be one at `until`, if ever.
    Nothing { until: Option<Timestamp> },
}

/// The job that `worker` gets: the highest priority first, then the oldest. It gets none while all its slots are taken. A
/// job waits until it is due and what it runs after has succeeded, and until no other job of its schedule runs. One that
/// names a host or a worker waits for that one, and `binding` is what the worker's token is for.
pub(crate) fn pick<'a>(active: impl Iterator<Item = &'a Record>, worker: &Worker, binding: &Binding, now: Timestamp) -> Pick {
    let (running, queued): (Vec<_>, Vec<_>) = active.partition(|record| record.job.state == JobState::Running);
    let held = running.iter().filter(|record| record.holder.as_ref().is_some_and(|holder| holder.id == worker.id)).count();
    if held >= usize::try_from(worker.slots).unwrap_or(usize::MAX) {
        return Pick::Nothing { until: None };
    }
    let busy: HashSet<_> = running.iter().filter_map(|record| record.job.schedule).collect();
    let waits = |record: &&&Record| {
        !record.waits_for.is_empty()
            || record.job.schedule.is_some_and(|schedule| busy.contains(&schedule))
            || record.job.host.as_deref().is_some_and(|host| !binding.is_meant(worker, host))
    };
    let (later, due): (Vec<&Record>, Vec<&Record>) =
        queued.iter().filter(|record| !waits(record)).copied().partition(|record| record.job.not_before.is_some_and(|at| at > now));
    match due.into_iter().min_by_key(|record| (Reverse(record.job.priority), record.job.created_at, record.job.id)) {
        Some(next) => Pick::Job(Box::new(next.clone())),
        None => Pick::Nothing { until: later.iter().filter_map(|record| record.job.not_before).min() },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use doorbell_protocol::{
        Fence, JobId, ScheduleId, WorkerId,
        jobs::{NewJob, Task},
    };
    use uuid::Uuid;

    use super::*;
    use crate::domain::{
        job::{self, Command, Holder, NewLease},
        rights::Principal,
    };

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH + Duration::from_secs(seconds)
    }

    fn queued(n: u128, change: impl FnOnce(&mut Record)) -> Record {
        let task = Task { command: vec!["true".to_owned()], ..Task::default() };
        let new = NewJob { name: n.to_string(), task, ..NewJob::default() };
        let mut record = job::create(JobId(Uuid::from_u128(n)), new, Principal::Owner, Fence(1), at(0)).record;
        change(&mut record);
        record
    }

    fn running(n: u128, change: impl FnOnce(&mut Record)) -> Record {
        let worker = Holder { id: worker(1).id, name: "w".to_owned(), host: "h".to_owned() };
        job::decide(
            &queued(n, change),
            Command::Claim { worker, by: Principal::Owner, lease: NewLease { fence: Fence(1), secret_sha256: None, claim: None } },
            at(0),
        )
        .unwrap()
        .unwrap()
        .record
    }

    fn worker(slots: u32) -> Worker {
        Worker { id: WorkerId(Uuid::from_u128(7)), name: "w".to_owned(), host: "h".to_owned(), slots }
    }

    fn picked(active: &[Record], slots: u32, now: u64) -> Result<String, Option<Timestamp>> {
        match pick(active.iter(), &worker(slots), &Binding::default(), at(now)) {
            Pick::Job(record) => Ok(record.job.name),
            Pick::Nothing { until } => Err(until),
        }
    }

    #[test]
    fn the_highest_priority_goes_first_and_then_the_oldest() {
        let urgent = |n| queued(n, |record| record.job.priority = 5);
        let later = queued(4, |record| record.job.priority = -1);
        assert_eq!(picked(&[later.clone(), queued(3, |_| {}), urgent(2), urgent(1)], 9, 0), Ok("1".to_owned()));
        assert_eq!(picked(&[later, queued(3, |_| {})], 9, 0), Ok("3".to_owned()));
    }

    #[test]
    fn a_job_waits_for_its_time_and_tells_when_that_is() {
        let later = |n, seconds| queued(n, |record| record.job.not_before = Some(at(seconds)));
        let jobs = [later(1, 9), later(2, 5)];
        assert_eq!(picked(&jobs, 9, 4), Err(Some(at(5))));
        assert_eq!(picked(&jobs, 9, 5), Ok("2".to_owned()));
        let both = queued(3, |record| {
            record.job.not_before = Some(at(5));
            record.waits_for = vec![JobId(Uuid::nil())];
        });
        assert_eq!(picked(&[both], 9, 4), Err(None));
    }

    #[test]
    fn a_job_goes_only_where_it_is_meant_to() {
        let meant_for = |host: &str| queued(1, |record| record.job.host = Some(host.to_owned()));
        for (host, found) in [("h", true), ("H", true), ("w", true), ("W", false), ("other", false)] {
            assert_eq!(picked(&[meant_for(host)], 9, 0).is_ok(), found, "{host}");
        }
        assert_eq!(picked(&[meant_for("other"), queued(2, |_| {})], 9, 0), Ok("2".to_owned()));
    }

    #[test]
    fn a_worker_has_no_more_jobs_than_slots() {
        let jobs = [running(1, |_| {}), running(2, |_| {}), queued(3, |_| {})];
        assert_eq!(picked(&jobs, 2, 0), Err(None));
        assert_eq!(picked(&jobs, 3, 0), Ok("3".to_owned()));
    }

    #[test]
    fn runs_of_one_schedule_never_overlap() {
        let of = |schedule| move |record: &mut Record| record.job.schedule = Some(ScheduleId(Uuid::from_u128(schedule)));
        assert_eq!(picked(&[running(1, of(1)), queued(2, of(1))], 9, 0), Err(None));
        assert_eq!(picked(&[running(1, of(1)), queued(2, of(1)), queued(3, of(2))], 9, 0), Ok("3".to_owned()));
    }
}
