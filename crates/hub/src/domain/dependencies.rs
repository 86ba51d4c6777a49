//! Jobs that run after others: what they wait for, and what becomes of them when one of those ends.
//!
//! # Invariants
//! - Whoever waits, waits for jobs that are queued or running. What is over has either been ticked off or has cancelled
//!   those that waited for it, in the commit of its end.
//! - A run that is tried again has not ended for those that wait: they wait for the new run.

use doorbell_protocol::{JobId, JobState, Timestamp};

use crate::domain::job::{self, Record, Transition};

/// A new job that waits for `dependencies`: cancelled at once when one of them has ended in another way than well.
pub(crate) fn join(new: Transition, dependencies: &[Record], now: Timestamp) -> Transition {
    let is_bad = |dependency: &&Record| dependency.job.state.is_over() && dependency.job.state != JobState::Succeeded;
    if let Some(bad) = dependencies.iter().find(is_bad) {
        return job::cancel_queued(new.record, Some(reason(bad)), now);
    }
    let waits_for = dependencies.iter().filter(|dependency| !dependency.job.state.is_over()).map(|dependency| dependency.job.id);
    let mut record = new.record;
    record.waits_for = waits_for.collect();
    Transition { record, announces: new.announces }
}

/// What the end of `ended` does to those that wait for it.
pub(crate) fn consequences<'a>(ended: &Record, active: impl Iterator<Item = &'a Record>, now: Timestamp) -> Vec<Transition> {
    let waiting = active.filter(|record| record.waits_for.contains(&ended.job.id)).cloned();
    waiting.map(|record| consequence(ended, record, now)).collect()
}

fn consequence(ended: &Record, mut waiting: Record, now: Timestamp) -> Transition {
    let id = ended.job.id;
    match (ended.job.state, ended.next_run) {
        (JobState::Succeeded, _) => waiting.waits_for.retain(|waits_for| *waits_for != id),
        (_, Some(next_run)) => {
            let replace = |ids: &mut Vec<JobId>| ids.iter_mut().filter(|waits_for| **waits_for == id).for_each(|id| *id = next_run);
            replace(&mut waiting.waits_for);
            replace(&mut waiting.job.after);
        }
        (_, None) => return job::cancel_queued(waiting, Some(reason(ended)), now),
    }
    Transition { record: waiting, announces: None }
}

fn reason(ended: &Record) -> String {
    let how = match ended.job.state {
        JobState::Cancelled | JobState::Lost => format!("was {}", ended.job.state.as_str()),
        JobState::Queued | JobState::Running | JobState::Succeeded | JobState::Failed | JobState::Unknown => {
            ended.job.state.as_str().to_owned()
        }
    };
    format!("was to run after {} ({}), which {how}", ended.job.name, ended.job.id)
}

#[cfg(test)]
mod tests {
    use doorbell_protocol::{
        Fence,
        jobs::{NewJob, Task},
    };
    use uuid::Uuid;

    use super::*;
    use crate::domain::rights::Principal;

    const NOW: Timestamp = Timestamp::EPOCH;

    fn id(n: u128) -> JobId {
        JobId(Uuid::from_u128(n))
    }

    fn record(n: u128, state: JobState, waits_for: &[u128]) -> Record {
        let task = Task { command: vec!["true".to_owned()], ..Task::default() };
        let after: Vec<JobId> = waits_for.iter().copied().map(id).collect();
        let new = NewJob { name: format!("job {n}"), task, after: after.clone(), ..NewJob::default() };
        let mut record = job::create(id(n), new, Principal::Owner, Fence(1), NOW).record;
        record.job.state = state;
        record.waits_for = after;
        record
    }

    fn only(ended: &Record, waiting: &Record) -> Record {
        let mut moved = consequences(ended, [waiting].into_iter(), NOW);
        assert_eq!(moved.len(), 1);
        moved.remove(0).record
    }

    #[test]
    fn a_success_is_ticked_off() {
        let left = only(&record(1, JobState::Succeeded, &[]), &record(3, JobState::Queued, &[1, 2]));
        assert_eq!((left.waits_for, left.job.after, left.job.state), (vec![id(2)], vec![id(1), id(2)], JobState::Queued));
    }

    #[test]
    fn any_other_end_cancels_and_is_named() {
        for (state, how) in
            [(JobState::Failed, "which failed"), (JobState::Cancelled, "which was cancelled"), (JobState::Lost, "which was lost")]
        {
            let cancelled = only(&record(1, state, &[]), &record(3, JobState::Queued, &[1]));
            let failure = cancelled.job.failure.unwrap();
            assert_eq!(cancelled.job.state, JobState::Cancelled);
            assert!(failure.contains("job 1") && failure.contains(&id(1).to_string()) && failure.ends_with(how), "{failure}");
        }
    }

    #[test]
    fn a_run_that_is_tried_again_is_waited_for_in_its_new_run() {
        let mut failed = record(1, JobState::Failed, &[]);
        failed.next_run = Some(id(9));
        let waiting = only(&failed, &record(3, JobState::Queued, &[1, 2]));
        assert_eq!((waiting.waits_for, waiting.job.after), (vec![id(9), id(2)], vec![id(9), id(2)]));
    }

    #[test]
    fn those_that_wait_for_others_are_left_alone() {
        let other = record(3, JobState::Queued, &[2]);
        assert_eq!(consequences(&record(1, JobState::Failed, &[]), [&other].into_iter(), NOW), []);
    }

    #[test]
    fn a_new_job_waits_for_what_is_not_over_and_for_nothing_that_went_wrong() {
        let new = || Transition { record: record(9, JobState::Queued, &[1, 2]), announces: None };
        let running = record(2, JobState::Running, &[]);
        let waits = join(new(), &[record(1, JobState::Succeeded, &[]), running.clone()], NOW).record;
        assert_eq!(waits.waits_for, [id(2)]);
        let doomed = join(new(), &[running, record(1, JobState::Lost, &[])], NOW).record;
        assert_eq!((doomed.job.state, doomed.waits_for), (JobState::Cancelled, vec![]));
    }
}
