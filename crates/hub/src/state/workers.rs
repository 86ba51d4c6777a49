//! The workers that have registered since the hub started.
//!
//! A worker is its name on its host: registering again keeps its id, as long as it is known or runs something. One that
//! is drained stays known, so that it is told to stop instead of registering anew.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use doorbell_protocol::{
    JobId, JobState, Timestamp, WorkerId, id,
    worker::{NewWorker, Worker, WorkerState, WorkerStatus},
};
use tokio::{sync::watch, time::Instant};

use crate::{
    bounds, clock,
    domain::{
        binding::{Binding, Mismatch},
        job::Record,
    },
};

/// Most workers that are known at once; the one that registered first is dropped first, and registers again when it
/// claims.
const MOST: usize = 1_000;

#[derive(Clone, Default)]
pub(crate) struct Workers(Arc<Shared>);

#[derive(Default)]
struct Shared {
    known: Mutex<Vec<Known>>,
    /// Whoever shows the list, or claims for one of them, waits here.
    changed: watch::Sender<()>,
}

struct Known {
    worker: Worker,
    state: WorkerState,
    seen: Instant,
}

/// What each worker runs, oldest first.
pub(crate) struct Running(HashMap<WorkerId, Vec<JobId>>);

/// Why a worker's call is refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    /// The hub knows no such worker, for instance since it has restarted.
    Unknown,
    /// It gets no more jobs.
    Draining,
    /// The caller's token is for other workers.
    OtherToken(Mismatch),
}

impl Workers {
    /// Makes the worker known, with the id that it has or had when it claimed what it runs. Ends a drain.
    pub(crate) fn register(&self, new: NewWorker, claimed_as: Option<WorkerId>, running: &Running) -> Worker {
        let mut known = self.lock();
        self.drop_silent(&mut known, running);
        let before = known.iter().position(|known| (&known.worker.name, &known.worker.host) == (&new.name, &new.host));
        let id = before.map(|at| known.remove(at).worker.id).or(claimed_as).unwrap_or_else(|| WorkerId(id::fresh(clock::now())));
        if known.len() == MOST {
            known.remove(0);
        }
        let worker = Worker { id, name: new.name, host: new.host, slots: new.slots };
        known.push(Known { worker: worker.clone(), state: WorkerState::Active, seen: Instant::now() });
        self.0.changed.send_replace(());
        worker
    }

    /// The worker, which was heard of just now from whom has a token for `binding`.
    pub(crate) fn heard_of(&self, id: WorkerId, binding: &Binding) -> Result<Worker, Refusal> {
        let mut known = self.lock();
        let known = known.iter_mut().find(|known| known.worker.id == id).ok_or(Refusal::Unknown)?;
        binding.check(&known.worker.name, &known.worker.host).map_err(Refusal::OtherToken)?;
        known.seen = Instant::now();
        Ok(known.worker.clone())
    }

    /// [`heard_of`](Self::heard_of), if it gets jobs.
    pub(crate) fn that_claims(&self, id: WorkerId, binding: &Binding) -> Result<Worker, Refusal> {
        let worker = self.heard_of(id, binding)?;
        let drains = self.lock().iter().any(|known| known.worker.id == id && known.state == WorkerState::Draining);
        if drains { Err(Refusal::Draining) } else { Ok(worker) }
    }

    /// From now on the worker gets no jobs.
    pub(crate) fn drain(&self, id: WorkerId) -> Result<(), Refusal> {
        let mut known = self.lock();
        known.iter_mut().find(|known| known.worker.id == id).ok_or(Refusal::Unknown)?.state = WorkerState::Draining;
        self.0.changed.send_replace(());
        Ok(())
    }

    pub(crate) fn status(&self, id: WorkerId, running: &Running, now: Timestamp) -> Result<WorkerStatus, Refusal> {
        let known = self.lock();
        let known = known.iter().find(|known| known.worker.id == id).ok_or(Refusal::Unknown)?;
        Ok(known.status(running, now))
    }

    /// Sees every change of the list from now on: who is there and who drains, not when somebody was heard of.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.0.changed.subscribe()
    }

    /// Every worker that is there, by name.
    pub(crate) fn list(&self, running: &Running, now: Timestamp) -> Vec<WorkerStatus> {
        let mut known = self.lock();
        self.drop_silent(&mut known, running);
        let there = known.iter().filter(|known| known.state == WorkerState::Active || running.has(known.worker.id));
        let mut list: Vec<_> = there.map(|known| known.status(running, now)).collect();
        list.sort_by(|a, b| (&a.worker.name, &a.worker.host).cmp(&(&b.worker.name, &b.worker.host)));
        list
    }

    fn drop_silent(&self, known: &mut Vec<Known>, running: &Running) {
        let before = known.len();
        known.retain(|known| {
            known.state == WorkerState::Draining || known.seen.elapsed() < bounds::WORKER_SILENCE || running.has(known.worker.id)
        });
        if known.len() < before {
            self.0.changed.send_replace(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Known>> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn status(&self, running: &Running, now: Timestamp) -> WorkerStatus {
        let silent = i64::try_from(self.seen.elapsed().as_millis()).unwrap_or(i64::MAX);
        WorkerStatus {
            worker: self.worker.clone(),
            state: self.state,
            last_seen: Timestamp::from_millis(now.as_millis().saturating_sub(silent)),
            running: running.0.get(&self.worker.id).cloned().unwrap_or_default(),
        }
    }
}

impl Running {
    pub(crate) fn of<'a>(active: impl Iterator<Item = &'a Record>) -> Self {
        let mut running: Vec<&Record> = active.filter(|record| record.job.state == JobState::Running).collect();
        running.sort_by_key(|record| (record.job.started_at, record.job.id));
        let mut by_worker: HashMap<_, Vec<_>> = HashMap::new();
        for record in running {
            if let Some(holder) = &record.holder {
                by_worker.entry(holder.id).or_default().push(record.job.id);
            }
        }
        Self(by_worker)
    }

    fn has(&self, id: WorkerId) -> bool {
        self.0.contains_key(&id)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn new(name: &str) -> NewWorker {
        NewWorker { name: name.to_owned(), host: "here".to_owned(), slots: 1 }
    }

    fn idle() -> Running {
        Running(HashMap::new())
    }

    #[tokio::test(start_paused = true)]
    async fn a_worker_that_is_silent_is_forgotten_unless_it_runs_something() {
        let workers = Workers::default();
        let silent = workers.register(new("silent"), None, &idle());
        let busy = workers.register(new("busy"), None, &idle());
        let running = Running([(busy.id, vec![JobId(Uuid::nil())])].into());
        tokio::time::advance(bounds::WORKER_SILENCE).await;
        let alive = workers.register(new("alive"), None, &running);
        let ids: Vec<_> = workers.list(&running, Timestamp::EPOCH).into_iter().map(|status| status.worker.id).collect();
        assert_eq!(ids, [alive.id, busy.id]);
        assert_eq!(workers.heard_of(silent.id, &Binding::default()), Err(Refusal::Unknown));
    }

    #[tokio::test(start_paused = true)]
    async fn who_watches_the_list_hears_of_who_comes_drains_and_is_forgotten_but_of_no_heartbeat() {
        let workers = Workers::default();
        let mut changes = workers.changes();
        let mut is_told = || changes.has_changed().unwrap().then(|| changes.mark_unchanged()).is_some();
        let worker = workers.register(new("w"), None, &idle());
        assert!(is_told());
        workers.heard_of(worker.id, &Binding::default()).unwrap();
        workers.list(&idle(), Timestamp::EPOCH);
        assert!(!is_told());
        workers.drain(worker.id).unwrap();
        assert!(is_told());
        workers.register(new("silent"), None, &idle());
        assert!(is_told());
        tokio::time::advance(bounds::WORKER_SILENCE).await;
        workers.list(&idle(), Timestamp::EPOCH);
        assert!(is_told());
        workers.list(&idle(), Timestamp::EPOCH);
        assert!(!is_told());
    }

    #[test]
    fn a_worker_that_registers_again_keeps_its_id() {
        let workers = Workers::default();
        let first = workers.register(new("w"), None, &idle());
        assert_eq!(workers.register(new("w"), None, &idle()).id, first.id);
        let restarted = Workers::default();
        assert_eq!(restarted.register(new("w"), Some(first.id), &idle()).id, first.id);
    }

    #[test]
    fn a_drained_worker_gets_nothing_until_it_registers_again() {
        let workers = Workers::default();
        let worker = workers.register(new("w"), None, &idle());
        workers.drain(worker.id).unwrap();
        assert_eq!(workers.that_claims(worker.id, &Binding::default()), Err(Refusal::Draining));
        assert_eq!(workers.list(&idle(), Timestamp::EPOCH), []);
        let running = Running([(worker.id, vec![JobId(Uuid::nil())])].into());
        assert_eq!(workers.list(&running, Timestamp::EPOCH)[0].state, WorkerState::Draining);
        workers.register(new("w"), None, &idle());
        assert!(workers.that_claims(worker.id, &Binding::default()).is_ok());
    }
}
