//! Running a job again: by hand, or because its run failed or was lost and it may be started more often.
//!
//! A run that ended never changes. Running again is a new queued job of the same task, key and priority, with `retry_of`.
//! A run that was cancelled, or that somebody asked to stop, is only run again by hand.

use doorbell_protocol::{Job, JobId, JobState, Timestamp};

use crate::domain::job::{Record, Refusal, Transition};

/// The run that the person `by` asks for, whose attempts count anew, and the record of the run that it repeats.
pub(crate) fn by_hand(ended: &Record, id: JobId, by: String, now: Timestamp) -> Result<(Transition, Transition), Refusal> {
    if !ended.job.state.is_over() {
        return Err(Refusal::BadTransition { from: ended.job.state, verb: "retry" });
    }
    if ended.task.command.is_empty() {
        return Err(Refusal::NotATask(ended.job.id));
    }
    let mut next = again(ended, id, 0, now);
    next.record.job.retried_by = Some(by);
    let mut before = ended.clone();
    before.next_run = Some(id);
    Ok((Transition { record: before, announces: None }, next))
}

/// The next attempt of a run that has ended just now, if it has one. `ended` then knows of it.
pub(crate) fn next_attempt(ended: &mut Record, id: JobId, now: Timestamp) -> Option<Transition> {
    let job = &ended.job;
    let went_wrong = matches!(job.state, JobState::Failed | JobState::Lost);
    let is_a_task = !ended.task.command.is_empty();
    if !went_wrong || !is_a_task || job.cancel_requested || job.attempt >= job.attempts || ended.next_run.is_some() {
        return None;
    }
    let next = again(ended, id, job.attempt, now);
    ended.next_run = Some(id);
    Some(next)
}

/// Another run of the same job: what it is, whose it is and what it runs, and nothing of how `run` was queued, went and ended.
fn again(run: &Record, id: JobId, attempt: u32, now: Timestamp) -> Transition {
    let before = run.job.clone();
    let job = Job {
        origin: before.origin,
        parent: before.parent,
        labels: before.labels,
        url: before.url,
        notify_after_ms: before.notify_after_ms,
        attempt,
        attempts: before.attempts,
        retry_of: Some(before.id),
        created_by: before.created_by,
        priority: before.priority,
        host: before.host,
        schedule: before.schedule,
        ..Job::new(id, before.key, before.name, now)
    };
    Transition { record: Record::new(job, run.task.clone(), run.created_by), announces: None }
}

#[cfg(test)]
mod tests {
    use doorbell_protocol::{
        Fence,
        jobs::{NewJob, Task},
    };
    use uuid::Uuid;

    use super::*;
    use crate::domain::{
        job,
        rights::{Principal, Reach, tests::token},
    };

    const NOW: Timestamp = Timestamp::EPOCH;

    fn ended(state: JobState, attempt: u32, attempts: u32) -> Record {
        let task = Task { command: vec!["true".to_owned()], ..Task::default() };
        let new = NewJob { name: "x".to_owned(), attempts: Some(attempts), priority: Some(7), task, ..NewJob::default() };
        let mut record = job::create(id(1), new, token(1, Reach::Own).who, Fence(1), NOW).record;
        record.held_by = token(2, Reach::Own).who;
        record.fence = Fence(1);
        record.job.state = state;
        record.job.attempt = attempt;
        record
    }

    fn id(n: u128) -> JobId {
        JobId(Uuid::from_u128(n))
    }

    #[test]
    fn what_failed_or_was_lost_is_tried_until_its_attempts_are_used_up() {
        for (state, attempt, again) in [
            (JobState::Failed, 1, true),
            (JobState::Lost, 2, true),
            (JobState::Lost, 3, false),
            (JobState::Succeeded, 1, false),
            (JobState::Cancelled, 1, false),
        ] {
            let mut run = ended(state, attempt, 3);
            let next = next_attempt(&mut run, id(2), NOW);
            assert_eq!(next.is_some(), again, "{state:?} {attempt}");
            assert_eq!(run.next_run, again.then_some(id(2)));
            if let Some(Transition { record, announces }) = next {
                assert!(record.is_of(token(1, Reach::Own).who) && record.held_by == Principal::Owner && record.fence == Fence::default());
                assert_eq!(
                    (record.job.state, record.job.attempt, record.job.retry_of, announces),
                    (JobState::Queued, attempt, Some(id(1)), None)
                );
            }
        }
    }

    #[test]
    fn what_somebody_wanted_stopped_is_not_tried_again() {
        let mut run = ended(JobState::Failed, 1, 3);
        run.job.cancel_requested = true;
        assert_eq!(next_attempt(&mut run, id(2), NOW), None);
    }

    #[test]
    fn by_hand_everything_that_is_over_and_has_a_task_runs_again() {
        let (before, next) = by_hand(&ended(JobState::Cancelled, 3, 3), id(2), "Ada".to_owned(), NOW).unwrap();
        assert_eq!((before.record.next_run, before.announces), (Some(id(2)), None));
        assert_eq!(next.record.job.retried_by.as_deref(), Some("Ada"));
        assert_eq!((next.record.job.attempt, next.record.job.attempts, next.record.job.priority), (0, 3, 7));
        assert!(matches!(by_hand(&ended(JobState::Running, 1, 1), id(2), "Ada".to_owned(), NOW), Err(Refusal::BadTransition { .. })));
        let reported = Record { task: Task::default(), ..ended(JobState::Failed, 1, 1) };
        assert_eq!(by_hand(&reported, id(2), "Ada".to_owned(), NOW), Err(Refusal::NotATask(id(1))));
    }
}
