//! Random changes from many callers at once, through the real thread and a real database, against what must always hold.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use doorbell_protocol::{
    Epoch, EventKind, Fence, JobId, JobState, Outcome, Question, QuestionEvent, QuestionId, QuestionState, ScheduleId, Sequence, Timestamp,
    WorkerId,
    jobs::{FinishReport, NewJob, Task},
    question::{NewAnswer, NewQuestion},
    schedule::{CatchUp, NewSchedule, Overlap},
    worker::Worker,
};
use futures_util::future::join_all;
use proptest::{prelude::*, sample::Index};
use uuid::Uuid;

use super::*;
use crate::{
    domain::{
        binding::Binding,
        dependencies,
        job::{self, Command, Holder, NewLease, Record, Refusal},
        plan::Plan,
        question,
        queue::Pick,
        retry,
        rights::{Actor, Principal},
    },
    state::{
        leases::{self, Leases},
        live::{self, Live},
        workers,
    },
    store::{SqliteStore, Store, Write},
    timers,
};

#[derive(Clone, Debug)]
enum Change {
    Start,
    /// With so many attempts, after so many of the newest jobs.
    Queue {
        attempts: u32,
        after: usize,
    },
    Claim {
        worker: u128,
    },
    Cancel {
        job: Index,
    },
    /// The schedule with this rule for overlaps fires.
    Fire {
        overlap: Overlap,
    },
    Retry {
        job: Index,
    },
    Delete {
        job: Index,
    },
    Resume {
        job: Index,
        stale: bool,
    },
    Finish {
        job: Index,
        stale: bool,
        outcome: Outcome,
    },
    Expire {
        job: Index,
    },
    Ask {
        job: Index,
        stale: bool,
    },
    Answer {
        question: Index,
    },
    Withdraw {
        question: Index,
        stale: bool,
    },
    /// A change that moves a job and then refuses itself.
    Regret {
        job: Index,
    },
}

fn change() -> impl Strategy<Value = Change> {
    let outcome = prop_oneof![Just(Outcome::Succeeded), Just(Outcome::Failed), Just(Outcome::Cancelled)];
    prop_oneof![
        3 => Just(Change::Start),
        3 => (1..4_u32, 0..3_usize).prop_map(|(attempts, after)| Change::Queue { attempts, after }),
        4 => (1..3_u128).prop_map(|worker| Change::Claim { worker }),
        2 => any::<Index>().prop_map(|job| Change::Cancel { job }),
        1 => prop_oneof![Just(Overlap::Skip), Just(Overlap::Queue), Just(Overlap::CancelRunning)].prop_map(|overlap| Change::Fire { overlap }),
        1 => any::<Index>().prop_map(|job| Change::Retry { job }),
        1 => any::<Index>().prop_map(|job| Change::Delete { job }),
        1 => (any::<Index>(), any::<bool>()).prop_map(|(job, stale)| Change::Resume { job, stale }),
        3 => (any::<Index>(), prop::bool::weighted(0.2), outcome).prop_map(|(job, stale, outcome)| Change::Finish { job, stale, outcome }),
        2 => any::<Index>().prop_map(|job| Change::Expire { job }),
        4 => (any::<Index>(), prop::bool::weighted(0.2)).prop_map(|(job, stale)| Change::Ask { job, stale }),
        2 => any::<Index>().prop_map(|question| Change::Answer { question }),
        1 => (any::<Index>(), any::<bool>()).prop_map(|(question, stale)| Change::Withdraw { question, stale }),
        1 => any::<Index>().prop_map(|job| Change::Regret { job }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_the_hub_keeps_its_word(batches in prop::collection::vec(prop::collection::vec(change(), 1..12), 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new();
            let mut told = Told::default();
            for batch in batches {
                let (jobs, questions) = (world.ids(), told.question_ids());
                let answers = join_all(batch.into_iter().map(|change| world.ask(change, jobs.clone(), questions.clone()))).await;
                for write in answers.into_iter().flatten() {
                    told.keep(write);
                }
                world.check(&told);
            }
            // What was acknowledged is in the database, and a hub that opens it anew agrees with the one that ran.
            let mut reopened = SqliteStore::open(&world.folder.path().join("doorbell.db"), Epoch(8)).unwrap();
            let loaded = reopened.load().unwrap();
            let live = world.live.lock();
            assert_eq!((loaded.epoch, loaded.seq), (Epoch(7), live.seq));
            assert_eq!(live::counts(loaded.active.iter()), live.counts);
            assert_eq!(Live::new(loaded).lock().questions, live.questions);
        });
    }
}

/// What was acknowledged last of each job and question.
#[derive(Default)]
struct Told {
    jobs: HashMap<JobId, Record>,
    questions: HashMap<QuestionId, Question>,
    /// Questions whose job is deleted.
    deleted: HashSet<QuestionId>,
}

impl Told {
    fn keep(&mut self, write: Write) {
        match write {
            Write::Job(change) => {
                self.jobs.insert(change.record.job.id, change.record);
                self.questions.extend(change.question.map(|question| (question.id, question)));
            }
            Write::Delete(id) => {
                self.jobs.remove(&id);
                self.deleted.extend(self.questions.extract_if(|_, question| question.job == id).map(|(id, _)| id));
            }
            Write::Schedule(_) | Write::Unschedule(_) => {}
        }
    }

    fn question_ids(&self) -> Vec<QuestionId> {
        let mut ids: Vec<_> = self.questions.keys().copied().collect();
        ids.sort();
        ids
    }
}

struct World {
    folder: tempfile::TempDir,
    writer: Writer,
    live: Arc<Live>,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(&folder.path().join("doorbell.db"), Epoch(7)).unwrap();
        let live = Arc::new(Live::new(store.load().unwrap()));
        let leases = Arc::new(Leases::new(std::time::Duration::from_secs(60)));
        let published = Published { live: live.clone(), leases, progress: Arc::default(), schedules: Arc::default() };
        let (writer, _) = Writer::start(Box::new(store), published).unwrap();
        Self { folder, writer, live }
    }

    /// Every job that was ever created, in order.
    fn ids(&self) -> Vec<JobId> {
        let mut reader = SqliteStore::open(&self.folder.path().join("doorbell.db"), Epoch(8)).unwrap();
        let query = crate::store::PageQuery { limit: usize::MAX, ..crate::store::PageQuery::default() };
        crate::store::Read::page(&mut reader, &query).unwrap().iter().map(|job| job.id).collect()
    }

    /// What the change did, consequences and all, if it was not refused.
    async fn ask(&self, change: Change, known: Vec<JobId>, questions: Vec<QuestionId>) -> Vec<Write> {
        let answer = self.writer.write(move |draft| {
            let before = draft.writes.len();
            make(draft, change, &known, &questions)?;
            Ok(draft.writes[before..].to_vec())
        });
        answer.await.unwrap_or_default()
    }

    /// Jobs and questions are as they were acknowledged last, so what was refused changed nothing; counts are those of the
    /// jobs and of the open questions; every event is there once, without a gap, and right by itself; a job that is over
    /// has no open question.
    fn check(&self, told: &Told) {
        let mut store = SqliteStore::open(&self.folder.path().join("doorbell.db"), Epoch(8)).unwrap();
        let loaded = store.load().unwrap();
        let sequences: Vec<u64> = loaded.events.iter().map(|event| event.seq.0).collect();
        assert_eq!(sequences, (1..=loaded.seq.0).collect::<Vec<_>>());
        assert_eq!(self.live.lock().seq, loaded.seq);
        assert_eq!(self.live.lock().ring.after(Sequence(0)).unwrap().count(), loaded.events.len());

        let mut running = 0;
        let mut runs: HashMap<JobId, JobState> = HashMap::new();
        let mut open: HashMap<QuestionId, Question> = HashMap::new();
        for stored in &loaded.events {
            let QuestionEvent { event, head } = serde_json::from_str(&stored.data).unwrap();
            let before = runs.insert(event.job.id, event.job.state);
            match (stored.kind, event.late) {
                (EventKind::JobStarted, false) => {
                    assert!(matches!(before, None | Some(JobState::Lost)), "{before:?} started");
                    running += 1;
                }
                (EventKind::JobFinished, false) => {
                    assert_eq!(before, Some(JobState::Running));
                    running -= 1;
                }
                (EventKind::JobFinished, true) => assert_eq!(before, Some(JobState::Lost)),
                (EventKind::QuestionAsked, false) => {
                    assert_eq!((before, event.job.state), (Some(JobState::Running), JobState::Running));
                    let question = event.question.unwrap();
                    assert_eq!(open.insert(question.id, question), None);
                }
                (EventKind::QuestionClosed, false) => {
                    assert_eq!((before, event.job.state), (Some(JobState::Running), JobState::Running));
                    let question = event.question.unwrap();
                    assert!(question.state != QuestionState::Open && question.closed_at.is_some());
                    assert_eq!(open.remove(&question.id).map(|asked| asked.job), Some(event.job.id));
                }
                (EventKind::JobStarted | EventKind::QuestionAsked | EventKind::QuestionClosed, true) => {
                    panic!("only an end is late")
                }
            }
            let waiting = open.values().filter(|question| question.job == event.job.id).count();
            let tells_head = matches!(stored.kind, EventKind::QuestionAsked | EventKind::QuestionClosed);
            let oldest = open.values().min_by_key(|question| (question.asked_at, question.id)).filter(|_| tells_head);
            assert_eq!(head.as_ref(), oldest);
            assert_eq!((event.counts.running, event.counts.waiting as usize), (running, open.len()));
            assert_eq!(event.job.waiting as usize, waiting);
            assert!(waiting == 0 || event.job.state == JobState::Running);
        }
        let live: HashSet<QuestionId> = self.live.lock().questions.keys().copied().collect();
        let stored: HashSet<QuestionId> = loaded.questions.iter().map(|question| question.id).collect();
        assert_eq!((&live, &stored), (&open.keys().copied().collect(), &live));
        for question in told.questions.values() {
            assert_eq!(crate::store::Read::question(&mut store, question.id).unwrap().as_ref(), Some(question));
            assert!(question.state != QuestionState::Open || told.jobs[&question.job].job.state == JobState::Running);
        }
        for id in &told.deleted {
            assert_eq!(crate::store::Read::question(&mut store, *id).unwrap(), None);
        }
        let jobs: Vec<Record> = self.ids().into_iter().map(|id| crate::store::Read::record(&mut store, id).unwrap().unwrap()).collect();
        assert_eq!(jobs.len(), told.jobs.len());
        for record in &jobs {
            assert_eq!(Some(record), told.jobs.get(&record.job.id));
        }
        let counts = live::counts(jobs.iter());
        assert_eq!((self.live.lock().counts, counts.running, counts.waiting as usize), (counts, running, open.len()));
        for record in &jobs {
            let open = told.questions.values().filter(|question| question.job == record.job.id && question.state == QuestionState::Open);
            assert_eq!(record.job.waiting as usize, open.count());
            let has_run = record.job.started_at.is_some();
            assert_eq!(runs.get(&record.job.id), has_run.then_some(&record.job.state), "{record:?}");
        }
        check_queue(&jobs);
    }
}

/// Who waits, waits for what is not over; what may be started again has been queued again.
fn check_queue(jobs: &[Record]) {
    let states: HashMap<JobId, JobState> = jobs.iter().map(|record| (record.job.id, record.job.state)).collect();
    for record in jobs {
        for waits_for in &record.waits_for {
            assert_eq!(record.job.state, JobState::Queued);
            assert!(states.get(waits_for).is_some_and(|state| !state.is_over()), "{record:?}");
        }
        let went_wrong = matches!(record.job.state, JobState::Failed | JobState::Lost) && !record.task.command.is_empty();
        let is_due = went_wrong && record.job.attempt < record.job.attempts && !record.job.cancel_requested;
        assert!(record.job.attempt <= record.job.attempts && (!is_due || record.next_run.is_some()), "{record:?}");
    }
}

fn make(draft: &mut Draft<'_>, change: Change, known: &[JobId], questions: &[QuestionId]) -> Result<(), WriteError> {
    let pick = |index: Index| if known.is_empty() { JobId(Uuid::nil()) } else { known[index.index(known.len())] };
    let pick_question = |index: Index| if questions.is_empty() { QuestionId(Uuid::nil()) } else { questions[index.index(questions.len())] };
    let fence = |record: &Record, stale| if stale { Fence(record.fence.0 + 1) } else { record.fence };
    match change {
        Change::Start => {
            let new = NewJob { name: "x".to_owned(), start: true, ..NewJob::default() };
            draft.apply(job::create(JobId(Uuid::now_v7()), new, Principal::Owner, leases::new_fence(), draft.now()))
        }
        Change::Queue { attempts, after } => {
            let task = Task { command: vec!["true".to_owned()], ..Task::default() };
            let waits_for = known.iter().take(after).map(|id| draft.get(*id)).collect::<Result<Vec<_>, _>>()?;
            let after = waits_for.iter().map(|record| record.job.id).collect();
            let new = NewJob { name: "x".to_owned(), attempts: Some(attempts), after, task, ..NewJob::default() };
            draft.apply(dependencies::join(
                job::create(JobId(Uuid::now_v7()), new, Principal::Owner, leases::new_fence(), draft.now()),
                &waits_for,
                draft.now(),
            ))
        }
        Change::Claim { worker: id } => {
            let worker = worker(id);
            let Pick::Job(record) = draft.pick(&worker, &Binding::default()) else { return Err(workers::Refusal::Unknown.into()) };
            let held =
                draft.active(|record| record.job.state == JobState::Running && record.holder.as_ref().is_some_and(|h| h.id == worker.id));
            assert!(held.len() < 2, "{} has no free slot", worker.name);
            let schedule = record.job.schedule;
            let overlapping =
                draft.active(|other| other.job.state == JobState::Running && schedule.is_some() && other.job.schedule == schedule);
            assert_eq!(overlapping, []);
            let holder = Holder { id: worker.id, name: worker.name, host: worker.host };
            decide(
                draft,
                &record,
                Command::Claim {
                    worker: holder,
                    by: Principal::Owner,
                    lease: NewLease { fence: leases::new_fence(), secret_sha256: None, claim: None },
                },
            )
        }
        Change::Cancel { job } => {
            let record = draft.get(pick(job))?;
            decide(draft, &record, Command::Cancel { by: None })
        }
        Change::Fire { overlap } => {
            let schedule = ScheduleId(Uuid::from_u128(overlap as u128));
            let of_schedule = |draft: &Draft<'_>| draft.active(|record| record.job.schedule == Some(schedule));
            let before = of_schedule(draft);
            draft.schedule(plan(schedule, overlap));
            timers::schedules::fire(draft)?;
            let after = of_schedule(draft);
            match overlap {
                Overlap::Skip => assert_eq!(after.len(), before.len().max(1)),
                Overlap::Queue => assert_eq!(after.len(), before.len() + 1),
                Overlap::CancelRunning | Overlap::Unknown => {
                    assert_eq!(after.iter().filter(|record| !record.job.cancel_requested).count(), 1)
                }
            }
            // It has come as far as that fire time, and does not fire again.
            let writes = draft.writes.len();
            timers::schedules::fire(draft)?;
            assert_eq!(draft.writes.len(), writes);
            Ok(())
        }
        Change::Retry { job } => {
            let (before, next) = retry::by_hand(&draft.get(pick(job))?, JobId(Uuid::now_v7()), "Ada".to_owned(), draft.now())?;
            draft.apply(before)?;
            draft.apply(next)
        }
        Change::Delete { job } => {
            let record = draft.get(pick(job))?;
            if record.job.state.is_over() {
                draft.delete(record.job.id);
            }
            Ok(())
        }
        Change::Resume { job, stale } => {
            let record = draft.get(pick(job))?;
            decide(draft, &record, Command::Resume { fence: fence(&record, stale), by: Actor::OWNER })
        }
        Change::Finish { job, stale, outcome } => {
            let record = draft.get(pick(job))?;
            let report = FinishReport { fence: fence(&record, stale), outcome, exit_code: None, failure: None, finished_at: None };
            decide(draft, &record, Command::Finish { report, progress: None, by: Actor::OWNER })
        }
        Change::Expire { job } => {
            let record = draft.get(pick(job))?;
            decide(draft, &record, Command::Expire { progress: None })
        }
        Change::Ask { job, stale } => {
            let record = draft.get(pick(job))?;
            let new = NewQuestion {
                id: None,
                fence: Some(fence(&record, stale)),
                prompt: "x".to_owned(),
                detail: None,
                choices: Vec::new(),
                free_text: true,
                expires_in_ms: None,
            };
            let asked = question::ask(&record, QuestionId(Uuid::now_v7()), new, Actor::OWNER, draft.now())?;
            draft.apply_question(asked).map(|_| ())
        }
        Change::Answer { question } => {
            let answer = NewAnswer { text: Some("x".to_owned()), ..NewAnswer::default() };
            draft.decide_question(pick_question(question), question::Command::Answer { answer, by: "Ada".to_owned() }).map(|_| ())
        }
        Change::Withdraw { question, stale } => {
            let id = pick_question(question);
            let job = draft.find_question(id)?.map_or(JobId(Uuid::nil()), |question| question.job);
            let record = draft.get(job)?;
            draft.decide_question(id, question::Command::Withdraw { fence: Some(fence(&record, stale)), by: Actor::OWNER }).map(|_| ())
        }
        Change::Regret { job } => {
            let record = draft.get(pick(job))?;
            decide(draft, &record, Command::Expire { progress: None })?;
            Err(Refusal::LeaseStale.into())
        }
    }
}

/// Whose last fire time was missed, and is caught up.
fn plan(id: ScheduleId, overlap: Overlap) -> Plan {
    let task = Task { command: vec!["true".to_owned()], ..Task::default() };
    let (cron, timezone) = ("0 0 1 * *".to_owned(), "UTC".to_owned());
    let spec = NewSchedule { name: "x".to_owned(), cron, timezone, overlap, catch_up: CatchUp::Last, paused: false, task };
    Plan::new(id, spec, Timestamp::EPOCH)
}

fn worker(id: u128) -> Worker {
    Worker { id: WorkerId(Uuid::from_u128(id)), name: id.to_string(), host: "here".to_owned(), slots: 2 }
}

fn decide(draft: &mut Draft<'_>, record: &Record, command: Command) -> Result<(), WriteError> {
    match job::decide(record, command, draft.now())? {
        Some(transition) => draft.apply(transition),
        None => Ok(()),
    }
}
