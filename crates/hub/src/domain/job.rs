//! The state machine of a job: every move that exists, and nothing else.
//!
//! Pure: a decision is a function of the record, the command and the time. A refused command has no transition, so it
//! can change nothing.

use doorbell_protocol::{
    ClaimId, EventKind, Fence, Job, JobId, JobState, Progress, Timestamp, TokenId, WorkerId,
    jobs::{FinishReport, NewJob, Task},
    run_secret::RunSecretHash,
};
use serde::{Deserialize, Serialize};

use crate::domain::rights::{Actor, Principal, Reach};

/// A job with what only the hub knows of it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Record {
    pub(crate) job: Job,
    /// The number that proves the right to report for its run; 0 until it runs.
    pub(crate) fence: Fence,
    /// Who created it, or the first of the runs that it repeats.
    #[serde(default, skip_serializing_if = "Principal::is_owner")]
    pub(crate) created_by: Principal,
    /// Who started or claimed its run, and so reports for it. The owner's until then.
    #[serde(default, skip_serializing_if = "Principal::is_owner")]
    pub(crate) held_by: Principal,
    /// Of the secret by which its command reports for its run, if its runner has made one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) secret_sha256: Option<RunSecretHash>,
    /// The ask of its worker that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) claim: Option<ClaimId>,
    /// What a worker runs; empty for a job that its reporter runs.
    #[serde(default)]
    pub(crate) task: Task,
    /// The worker that claimed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) holder: Option<Holder>,
    /// Jobs of `after` that have not succeeded yet. All of them are queued or running.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) waits_for: Vec<JobId>,
    /// The run that repeats this one. A lost run that has one is not taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) next_run: Option<JobId>,
}

/// Who claimed a job. Its id lives as long as it runs something, even when the hub restarts.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Holder {
    pub(crate) id: WorkerId,
    pub(crate) name: String,
    pub(crate) host: String,
}

/// A move, and what the feed tells about it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Transition {
    pub(crate) record: Record,
    pub(crate) announces: Option<Announcement>,
}

/// The event of a move.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Announcement {
    pub(crate) kind: EventKind,
    /// The end of a run that was told as lost before.
    pub(crate) late: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Command {
    /// A worker takes a queued job.
    Claim { worker: Holder, by: Principal, lease: NewLease },
    /// Somebody wants it stopped: a person, or nobody when its schedule does.
    Cancel { by: Option<String> },
    /// The runner reports after its lease ran out.
    Resume { fence: Fence, by: Actor },
    /// The runner reports the end; `progress` is the latest that it reported.
    Finish { report: FinishReport, progress: Option<Progress>, by: Actor },
    /// The lease ran out.
    Expire { progress: Option<Progress> },
}

/// The lease of a run that begins, and what else proves the right to report for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewLease {
    pub(crate) fence: Fence,
    pub(crate) secret_sha256: Option<RunSecretHash>,
    pub(crate) claim: Option<ClaimId>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    NotFound(JobId),
    /// A new job names it in `after`.
    UnknownDependency(JobId),
    NotATask(JobId),
    IdTaken(JobId),
    LeaseStale,
    /// The run is somebody else's to report for.
    NotTheirs,
    /// Who reports without a fence must show the secret of the run.
    NotShown,
    /// A new job is to be a part of one that it may not be a part of.
    NoSuchParent(JobId),
    BadTransition {
        from: JobState,
        verb: &'static str,
    },
}

impl Record {
    /// Of a job that nobody has run yet. `task` is empty for one that its reporter runs.
    pub(crate) fn new(job: Job, task: Task, created_by: Principal) -> Self {
        Self {
            job,
            fence: Fence::default(),
            created_by,
            held_by: Principal::Owner,
            secret_sha256: None,
            claim: None,
            task,
            holder: None,
            waits_for: Vec::new(),
            next_run: None,
        }
    }

    /// Whether it is theirs: they created it, or started or claimed its run.
    pub(crate) fn is_of(&self, who: Principal) -> bool {
        self.created_by == who || (self.job.started_at.is_some() && self.held_by == who)
    }

    /// The tokens that it is of, for a search by whose it is.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = TokenId> {
        let holder = self.job.started_at.and(self.held_by.into());
        Option::<TokenId>::from(self.created_by).into_iter().chain(holder)
    }

    /// Whether it is what this ask has got, and they are who asked.
    pub(crate) fn answers(&self, claim: ClaimId, actor: Actor) -> bool {
        self.claim == Some(claim) && self.job.state == JobState::Running && actor.may_act_as(self.held_by)
    }

    /// Whether they may know of it.
    pub(crate) fn is_seen_by(&self, actor: Actor) -> bool {
        actor.reach != Reach::Own || self.is_of(actor.who) || self.is_run_of(actor)
    }

    /// Whether they show the secret of its run, as its command does.
    pub(crate) fn is_run_of(&self, actor: Actor) -> bool {
        self.secret_sha256.is_some_and(|hash| actor.shows(hash))
    }

    /// Refuses whoever may not speak for its run: with a fence as [`check_reporter`](Self::check_reporter) does, without one whoever
    /// does not show the secret of the run. A run without a secret is spoken for by who reports for it.
    pub(crate) fn check_speaker(&self, actor: Actor, fence: Option<Fence>) -> Result<(), Refusal> {
        if fence.is_some() || self.secret_sha256.is_none() {
            return self.check_reporter(actor);
        }
        if actor.reach == Reach::All || self.is_run_of(actor) { Ok(()) } else { Err(Refusal::NotShown) }
    }

    /// Refuses whoever may not report for its run.
    pub(crate) fn check_reporter(&self, actor: Actor) -> Result<(), Refusal> {
        if actor.may_act_as(self.held_by) { Ok(()) } else { Err(Refusal::NotTheirs) }
    }
}

/// The first state of a job: running under `fence` when its reporter runs it, else queued. `new` has passed its checks.
pub(crate) fn create(id: JobId, new: NewJob, by: Principal, fence: Fence, now: Timestamp) -> Transition {
    let job = Job {
        origin: new.origin,
        parent: new.parent,
        labels: new.labels,
        url: new.url,
        notify_after_ms: new.notify_after_ms,
        attempts: new.attempts.unwrap_or(1),
        priority: new.priority.unwrap_or(0),
        not_before: new.not_before,
        host: new.host,
        after: new.after,
        ..Job::new(id, new.key.unwrap_or_default(), new.name, now)
    };
    let record = Record::new(job, new.task, by);
    let lease = NewLease { fence, secret_sha256: new.secret_sha256, claim: None };
    if new.start { start(record, by, lease, new.started_at.unwrap_or(now).min(now)) } else { Transition { record, announces: None } }
}

/// What `command` does to `record`; `None` when it was done before and changes nothing.
pub(crate) fn decide(record: &Record, command: Command, now: Timestamp) -> Result<Option<Transition>, Refusal> {
    let state = record.job.state;
    match command {
        Command::Claim { worker, by, lease } => match state {
            JobState::Queued => {
                let mut record = record.clone();
                record.job.worker = Some(worker.name.clone());
                record.holder = Some(worker);
                Ok(Some(start(record, by, lease, now)))
            }
            JobState::Running | JobState::Succeeded | JobState::Failed | JobState::Cancelled | JobState::Lost | JobState::Unknown => {
                Err(Refusal::BadTransition { from: state, verb: "claim" })
            }
        },
        Command::Cancel { by } => match state {
            JobState::Queued => {
                let mut record = record.clone();
                record.job.cancelled_by = by;
                Ok(Some(cancel_queued(record, None, now)))
            }
            JobState::Running if record.job.cancel_requested => Ok(None),
            JobState::Running => {
                let mut record = record.clone();
                record.job.cancel_requested = true;
                record.job.cancelled_by = by;
                Ok(Some(Transition { record, announces: None }))
            }
            JobState::Cancelled => Ok(None),
            JobState::Succeeded | JobState::Failed | JobState::Lost | JobState::Unknown => {
                Err(Refusal::BadTransition { from: state, verb: "cancel" })
            }
        },
        Command::Resume { by, .. } | Command::Finish { by, .. } if record.check_reporter(by).is_err() => Err(Refusal::NotTheirs),
        // Another runner may have the job by now: two must not report for it.
        Command::Resume { .. } | Command::Finish { .. } if state == JobState::Lost && record.next_run.is_some() => Err(Refusal::LeaseStale),
        Command::Resume { fence, .. } if fence == record.fence => match state {
            JobState::Lost => Ok(Some(resume(record.clone()))),
            JobState::Running => Ok(None),
            JobState::Queued | JobState::Succeeded | JobState::Failed | JobState::Cancelled | JobState::Unknown => Err(Refusal::LeaseStale),
        },
        Command::Finish { report, progress, .. } if report.fence == record.fence => match state {
            JobState::Running => Ok(Some(finish(record.clone(), report, progress, now, false))),
            JobState::Lost => Ok(Some(finish(record.clone(), report, progress, now, true))),
            ended if ended == JobState::from(report.outcome) => Ok(None),
            JobState::Queued | JobState::Succeeded | JobState::Failed | JobState::Cancelled | JobState::Unknown => {
                Err(Refusal::BadTransition { from: state, verb: "finish" })
            }
        },
        Command::Resume { .. } | Command::Finish { .. } => Err(Refusal::LeaseStale),
        Command::Expire { progress } => Ok((state == JobState::Running).then(|| lose(record.clone(), progress, now))),
    }
}

/// Ends a job that never started, which the feed therefore never tells.
pub(crate) fn cancel_queued(mut record: Record, reason: Option<String>, now: Timestamp) -> Transition {
    record.job.state = JobState::Cancelled;
    record.job.finished_at = Some(now.max(record.job.created_at));
    record.job.failure = reason;
    record.waits_for.clear();
    Transition { record, announces: None }
}

fn start(mut record: Record, by: Principal, lease: NewLease, at: Timestamp) -> Transition {
    record.held_by = by;
    record.fence = lease.fence;
    record.secret_sha256 = lease.secret_sha256;
    record.claim = lease.claim;
    record.job.attempt += 1;
    record.job.state = JobState::Running;
    record.job.started_at = Some(at);
    Transition { record, announces: Some(Announcement { kind: EventKind::JobStarted, late: false }) }
}

fn resume(mut record: Record) -> Transition {
    record.job.state = JobState::Running;
    record.job.finished_at = None;
    record.job.duration_ms = None;
    record.job.failure = None;
    Transition { record, announces: Some(Announcement { kind: EventKind::JobStarted, late: false }) }
}

fn finish(mut record: Record, report: FinishReport, progress: Option<Progress>, now: Timestamp, late: bool) -> Transition {
    record.job.exit_code = report.exit_code;
    record.job.failure = report.failure;
    end(record, report.outcome.into(), progress, report.finished_at.unwrap_or(now).min(now), late)
}

fn lose(mut record: Record, progress: Option<Progress>, now: Timestamp) -> Transition {
    let host = record.job.origin.as_ref().and_then(|origin| origin.host.as_deref());
    record.job.failure = Some(match host {
        Some(host) => format!("its runner on {host} stopped reporting"),
        None => "its runner stopped reporting".to_owned(),
    });
    end(record, JobState::Lost, progress, now, false)
}

fn end(mut record: Record, state: JobState, progress: Option<Progress>, at: Timestamp, late: bool) -> Transition {
    let started_at = record.job.started_at.unwrap_or(record.job.created_at);
    let at = at.max(started_at);
    record.job.state = state;
    // The writer closes its questions in the same commit.
    record.job.waiting = 0;
    record.job.finished_at = Some(at);
    record.job.duration_ms = u64::try_from(at.since(started_at).as_millis()).ok();
    record.job.progress = progress.or(record.job.progress);
    Transition { record, announces: Some(Announcement { kind: EventKind::JobFinished, late }) }
}

#[cfg(test)]
mod tests {
    use doorbell_protocol::Outcome;
    use uuid::Uuid;

    use super::*;
    use crate::domain::rights::tests::token;

    const NOW: Timestamp = Timestamp::EPOCH;
    const LEASE: NewLease = NewLease { fence: Fence(1), secret_sha256: None, claim: None };

    fn later(seconds: u64) -> Timestamp {
        NOW + std::time::Duration::from_secs(seconds)
    }

    fn new(start: bool) -> NewJob {
        NewJob { name: "make".to_owned(), start, ..NewJob::default() }
    }

    fn created(start: bool) -> Record {
        create(JobId(Uuid::from_u128(1)), new(start), Principal::Owner, Fence(1), NOW).record
    }

    fn finish_as(outcome: Outcome) -> Command {
        Command::Finish {
            report: FinishReport { fence: Fence(1), outcome, exit_code: Some(0), failure: None, finished_at: None },
            progress: None,
            by: Actor::OWNER,
        }
    }

    fn cancel() -> Command {
        Command::Cancel { by: Some("Ada".to_owned()) }
    }

    fn moved(record: &Record, command: Command, at: Timestamp) -> Transition {
        decide(record, command, at).unwrap().unwrap()
    }

    #[test]
    fn a_run_is_told_twice() {
        let started = create(JobId(Uuid::from_u128(1)), new(true), Principal::Owner, Fence(1), NOW);
        assert_eq!(started.announces, Some(Announcement { kind: EventKind::JobStarted, late: false }));
        let finished = moved(&started.record, finish_as(Outcome::Succeeded), later(7));
        assert_eq!(finished.announces, Some(Announcement { kind: EventKind::JobFinished, late: false }));
        assert_eq!(finished.record.job.duration_ms, Some(7_000));
    }

    #[test]
    fn a_queued_job_is_cancelled_at_once_and_untold() {
        let queued = create(JobId(Uuid::from_u128(1)), new(false), Principal::Owner, Fence(1), NOW).record;
        let cancelled = moved(&queued, cancel(), later(1));
        assert_eq!((cancelled.record.job.state, cancelled.announces), (JobState::Cancelled, None));
        assert_eq!(cancelled.record.job.cancelled_by.as_deref(), Some("Ada"));
        assert_eq!(decide(&cancelled.record, cancel(), later(2)), Ok(None));
    }

    #[test]
    fn a_running_job_is_asked_to_stop_once_and_ends_as_its_runner_says() {
        let asked = moved(&created(true), cancel(), later(1));
        assert_eq!((asked.record.job.state, asked.record.job.cancel_requested, asked.announces), (JobState::Running, true, None));
        assert_eq!(decide(&asked.record, cancel(), later(2)), Ok(None));
        let second = decide(&asked.record, Command::Cancel { by: Some("Bob".to_owned()) }, later(2));
        assert_eq!((second, asked.record.job.cancelled_by.as_deref()), (Ok(None), Some("Ada")));
        let ended = moved(&asked.record, finish_as(Outcome::Succeeded), later(3)).record;
        assert!(matches!(decide(&ended, cancel(), later(4)), Err(Refusal::BadTransition { .. })));
    }

    #[test]
    fn a_lost_run_that_was_queued_again_is_not_taken_back() {
        let mut lost = moved(&created(true), Command::Expire { progress: None }, later(15)).record;
        lost.next_run = Some(JobId(Uuid::from_u128(2)));
        assert_eq!(decide(&lost, Command::Resume { fence: Fence(1), by: Actor::OWNER }, later(20)), Err(Refusal::LeaseStale));
        assert_eq!(decide(&lost, finish_as(Outcome::Succeeded), later(20)), Err(Refusal::LeaseStale));
    }

    #[test]
    fn a_queued_job_is_told_when_it_is_claimed() {
        let queued = create(JobId(Uuid::from_u128(1)), new(false), Principal::Owner, Fence(1), NOW);
        assert_eq!(queued.announces, None);
        let worker = Holder { id: WorkerId(Uuid::nil()), name: "here".to_owned(), host: "host".to_owned() };
        let claimed = moved(&queued.record, Command::Claim { worker: worker.clone(), by: Principal::Owner, lease: LEASE }, later(1));
        assert_eq!(claimed.announces.map(|told| told.kind), Some(EventKind::JobStarted));
        assert_eq!(claimed.record.job.worker.as_deref(), Some("here"));
        assert_eq!(claimed.record.fence, Fence(1));
        let again = decide(&claimed.record, Command::Claim { worker, by: Principal::Owner, lease: LEASE }, later(2));
        assert!(matches!(again, Err(Refusal::BadTransition { from: JobState::Running, .. })));
    }

    #[test]
    fn the_same_end_twice_changes_nothing_and_another_is_refused() {
        let ended = moved(&created(true), finish_as(Outcome::Succeeded), later(1)).record;
        assert_eq!(decide(&ended, finish_as(Outcome::Succeeded), later(2)), Ok(None));
        assert!(matches!(decide(&ended, finish_as(Outcome::Failed), later(2)), Err(Refusal::BadTransition { .. })));
    }

    #[test]
    fn another_fence_reports_nothing_whether_it_is_larger_or_smaller() {
        let stale = Fence(0);
        assert_eq!(decide(&created(true), Command::Resume { fence: stale, by: Actor::OWNER }, NOW), Err(Refusal::LeaseStale));
        let Command::Finish { mut report, progress, by } = finish_as(Outcome::Succeeded) else { unreachable!() };
        report.fence = stale;
        assert_eq!(decide(&created(true), Command::Finish { report, progress, by }, NOW), Err(Refusal::LeaseStale));
    }

    #[test]
    fn a_lease_that_runs_out_loses_the_job_once() {
        let lost = moved(&created(true), Command::Expire { progress: None }, later(15)).record;
        assert_eq!(lost.job.state, JobState::Lost);
        assert_eq!(decide(&lost, Command::Expire { progress: None }, later(16)), Ok(None));
    }

    #[test]
    fn a_lost_job_comes_back_or_ends_late() {
        let lost = moved(&created(true), Command::Expire { progress: None }, later(15)).record;
        let back = moved(&lost, Command::Resume { fence: Fence(1), by: Actor::OWNER }, later(20));
        assert_eq!((back.record.job.state, back.record.job.failure.as_deref()), (JobState::Running, None));
        assert_eq!(back.announces.map(|told| told.kind), Some(EventKind::JobStarted));
        let late = moved(&lost, finish_as(Outcome::Succeeded), later(20));
        assert_eq!(late.announces, Some(Announcement { kind: EventKind::JobFinished, late: true }));
    }

    #[test]
    fn times_of_a_late_report_are_kept_but_never_in_the_future_nor_before_the_start() {
        let early =
            create(JobId(Uuid::from_u128(1)), NewJob { started_at: Some(later(5)), ..new(true) }, Principal::Owner, Fence(1), later(9))
                .record;
        assert_eq!(early.job.started_at, Some(later(5)));
        let future =
            create(JobId(Uuid::from_u128(1)), NewJob { started_at: Some(later(50)), ..new(true) }, Principal::Owner, Fence(1), later(9))
                .record;
        assert_eq!(future.job.started_at, Some(later(9)));
        for (reported, kept) in [(1, 5), (7, 7), (70, 20)] {
            let Command::Finish { mut report, progress, by } = finish_as(Outcome::Succeeded) else { unreachable!() };
            report.finished_at = Some(later(reported));
            let ended = moved(&early, Command::Finish { report, progress, by }, later(20)).record;
            assert_eq!(ended.job.finished_at, Some(later(kept)));
        }
    }

    fn created_by(by: Actor, start: bool) -> Record {
        create(JobId(Uuid::from_u128(1)), new(start), by.who, Fence(1), NOW).record
    }

    #[test]
    fn who_starts_a_job_owns_it_and_reports_for_it_and_no_other_token_does() {
        let (mine, other) = (token(1, Reach::Own), token(2, Reach::SeesAll));
        let record = created_by(mine, true);
        assert!(record.is_of(mine.who) && record.is_seen_by(mine) && record.check_reporter(mine).is_ok());
        assert!(!record.is_of(other.who) && record.is_seen_by(other) && !record.is_seen_by(token(2, Reach::Own)));
        let resume = Command::Resume { fence: Fence(1), by: other };
        let Command::Finish { report, progress, .. } = finish_as(Outcome::Failed) else { unreachable!() };
        for command in [resume, Command::Finish { report, progress, by: other }] {
            assert_eq!(decide(&record, command, NOW), Err(Refusal::NotTheirs));
        }
        for everything in [token(3, Reach::All), Actor::OWNER] {
            assert!(!record.is_of(everything.who) && record.is_seen_by(everything) && record.check_reporter(everything).is_ok());
        }
    }

    #[test]
    fn a_claimed_run_is_its_workers_and_its_job_stays_its_creators() {
        let (creator, worker) = (token(1, Reach::Own), token(2, Reach::Own));
        let queued = created_by(creator, false);
        assert!(queued.is_of(creator.who) && !queued.is_of(Principal::Owner));
        let holder = Holder { id: WorkerId(Uuid::nil()), name: "w".to_owned(), host: "h".to_owned() };
        let running = moved(&queued, Command::Claim { worker: holder, by: worker.who, lease: LEASE }, NOW).record;
        assert!(running.is_of(creator.who) && running.is_of(worker.who));
        assert_eq!((running.check_reporter(creator), running.check_reporter(worker)), (Err(Refusal::NotTheirs), Ok(())));
    }

    #[test]
    fn what_was_kept_before_anybody_wrote_down_whose_it_is_is_the_owners() {
        let mut json = serde_json::to_value(created_by(token(1, Reach::Own), true)).unwrap();
        let fields = json.as_object_mut().unwrap();
        assert!(fields.remove("created_by").is_some() && fields.remove("held_by").is_some());
        let old: Record = serde_json::from_value(json).unwrap();
        assert_eq!((old.created_by, old.held_by), (Principal::Owner, Principal::Owner));
        assert!(!serde_json::to_string(&old).unwrap().contains("_by"));
    }

    #[test]
    fn who_shows_the_secret_of_a_run_speaks_for_it_and_reports_for_nothing() {
        let hash = |secret: u8| Some(RunSecretHash([secret; 32]));
        let (mine, other) = (token(1, Reach::Own), token(2, Reach::Own));
        let start =
            |secret_sha256| create(JobId(Uuid::from_u128(1)), NewJob { secret_sha256, ..new(true) }, mine.who, Fence(1), NOW).record;
        let (secret, plain) = (start(hash(1)), start(None));
        for (record, actor, without, with) in [
            (&secret, other.showing(hash(1)), Ok(()), Err(Refusal::NotTheirs)),
            (&secret, other.showing(hash(2)), Err(Refusal::NotShown), Err(Refusal::NotTheirs)),
            (&secret, other, Err(Refusal::NotShown), Err(Refusal::NotTheirs)),
            (&secret, mine, Err(Refusal::NotShown), Ok(())),
            (&secret, Actor::OWNER, Ok(()), Ok(())),
            (&plain, mine, Ok(()), Ok(())),
            (&plain, other.showing(hash(1)), Err(Refusal::NotTheirs), Err(Refusal::NotTheirs)),
        ] {
            assert_eq!((record.check_speaker(actor, None), record.check_speaker(actor, Some(Fence(1)))), (without, with), "{actor:?}");
        }
        assert!(secret.is_seen_by(other.showing(hash(1))) && !secret.is_seen_by(other));
    }
}
