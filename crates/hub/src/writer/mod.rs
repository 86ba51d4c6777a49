//! The transaction runner: decide → commit → publish → answer, for many callers with one sync to disk.
//!
//! One thread owns the store's writing side. It takes every change that waits, lets each decide in turn on a draft,
//! commits the whole draft at once, publishes it, and only then answers. So nothing is told before it is durable, and
//! everything is told in the order of the commits. A change that is refused leaves no trace in the draft; when the
//! commit fails, every caller of the batch is told so and nothing of the draft is kept.

mod draft;
#[cfg(test)]
mod errand_tests;
#[cfg(test)]
mod progress_tests;
#[cfg(test)]
mod tests;

use std::{sync::Arc, thread};

use doorbell_protocol::JobState;
use tokio::sync::{mpsc, oneshot};

pub(crate) use self::draft::Draft;
use crate::{
    clock,
    job::Refusal,
    leases::Leases,
    live::Live,
    progress::ProgressMap,
    question,
    schedule::Schedules,
    store::{Change, Store, StoreError, Write},
};

/// Most changes in one commit.
const BATCH: usize = 256;

#[derive(Clone)]
pub(crate) struct Writer {
    inbox: mpsc::Sender<Box<dyn Waiting>>,
}

#[derive(Debug)]
pub(crate) enum WriteError {
    /// The state does not allow it.
    Refused(Refusal),
    /// The question's state does not allow it.
    Question(question::Refusal),
    /// The store failed; nothing was changed.
    Storage,
    /// The hub is going down.
    ShuttingDown,
}

impl From<Refusal> for WriteError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<question::Refusal> for WriteError {
    fn from(refusal: question::Refusal) -> Self {
        Self::Question(refusal)
    }
}

/// What the publishing side of a commit keeps in step with the jobs.
pub(crate) struct Published {
    pub(crate) live: Arc<Live>,
    pub(crate) leases: Arc<Leases>,
    pub(crate) progress: Arc<ProgressMap>,
    pub(crate) schedules: Arc<Schedules>,
}

/// A change that waits for its turn, then for its commit.
trait Waiting: Send {
    fn decide(&mut self, draft: &mut Draft<'_>);
    fn settle(self: Box<Self>, store: &mut dyn Store, stored: bool);
}

/// Work on the store that is a transaction of its own and moves no job.
struct Errand<T, F> {
    work: F,
    answer: oneshot::Sender<Result<T, WriteError>>,
}

struct Pending<T, F> {
    change: Option<F>,
    outcome: Result<T, WriteError>,
    answer: oneshot::Sender<Result<T, WriteError>>,
}

impl Writer {
    /// Starts the thread. It ends when every clone of the writer is gone.
    pub(crate) fn start(store: Box<dyn Store>, published: Published) -> std::io::Result<(Self, thread::JoinHandle<()>)> {
        let (inbox, waiting) = mpsc::channel(BATCH);
        let thread = thread::Builder::new().name("doorbell-writer".to_owned()).spawn(move || run(store, &published, waiting))?;
        Ok((Self { inbox }, thread))
    }

    /// Lets `change` decide on the newest state, and returns its answer once that is durable and published.
    pub(crate) async fn write<T, F>(&self, change: F) -> Result<T, WriteError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Draft<'_>) -> Result<T, WriteError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let pending = Pending { change: Some(change), outcome: Err(WriteError::ShuttingDown), answer };
        self.inbox.send(Box::new(pending)).await.map_err(|_| WriteError::ShuttingDown)?;
        answered.await.unwrap_or(Err(WriteError::ShuttingDown))
    }

    /// Lets `work` have the store after the changes that wait before it, and returns its answer.
    ///
    /// For what belongs to no job's history: tokens, and jobs that are forgotten. What it commits, it publishes itself.
    pub(crate) async fn errand<T, F>(&self, work: F) -> Result<T, WriteError>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn Store) -> Result<T, StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.inbox.send(Box::new(Errand { work, answer })).await.map_err(|_| WriteError::ShuttingDown)?;
        answered.await.unwrap_or(Err(WriteError::ShuttingDown))
    }
}

impl<T, F> Waiting for Pending<T, F>
where
    T: Send,
    F: FnOnce(&mut Draft<'_>) -> Result<T, WriteError> + Send,
{
    fn decide(&mut self, draft: &mut Draft<'_>) {
        if let Some(change) = self.change.take() {
            self.outcome = draft.attempt(change);
        }
    }

    fn settle(self: Box<Self>, _store: &mut dyn Store, stored: bool) {
        let outcome = match self.outcome {
            Ok(_) if !stored => Err(WriteError::Storage),
            outcome => outcome,
        };
        // A caller that went away needs no answer.
        let _ = self.answer.send(outcome);
    }
}

impl<T, F> Waiting for Errand<T, F>
where
    T: Send,
    F: FnOnce(&mut dyn Store) -> Result<T, StoreError> + Send,
{
    fn decide(&mut self, _draft: &mut Draft<'_>) {}

    fn settle(self: Box<Self>, store: &mut dyn Store, _stored: bool) {
        let Self { work, answer } = *self;
        let _ = answer.send(work(store).map_err(WriteError::from));
    }
}

fn run(mut store: Box<dyn Store>, published: &Published, mut inbox: mpsc::Receiver<Box<dyn Waiting>>) {
    let mut batch = Vec::with_capacity(BATCH);
    while inbox.blocking_recv_many(&mut batch, BATCH) > 0 {
        let mut draft = Draft::new(&mut *store, published, clock::now());
        for waiting in &mut batch {
            waiting.decide(&mut draft);
        }
        let writes = draft.into_writes();
        let stored = writes.is_empty()
            || match store.commit(&writes) {
                Ok(()) => {
                    publish(published, writes);
                    true
                }
                Err(error) => {
                    storage_failed(&error);
                    false
                }
            };
        for waiting in batch.drain(..) {
            waiting.settle(&mut *store, stored);
        }
    }
}

fn publish(Published { live, leases, progress, schedules }: &Published, writes: Vec<Write>) {
    let mut changes = Vec::with_capacity(writes.len());
    let mut has_forgotten = false;
    for write in writes {
        match write {
            Write::Job(change) => {
                let Change { record, question, .. } = &change;
                // A move of a question leaves its job's state as it is, and is no report of the runner's.
                match (question, record.job.state) {
                    (Some(_), _) => {}
                    (None, JobState::Running) => leases.grant(record),
                    (None, _) => leases.revoke(record.job.id),
                }
                changes.push(change);
            }
            Write::Forget(_) => has_forgotten = true,
            Write::Schedule(plan) => schedules.keep(plan),
            Write::Unschedule(id) => schedules.remove(id),
        }
    }
    live.publish(changes, progress);
    if has_forgotten {
        live.tell_forgotten();
    }
}

fn storage_failed(error: &dyn std::error::Error) -> WriteError {
    tracing::error!(%error, "a change could not be stored");
    WriteError::Storage
}

impl From<StoreError> for WriteError {
    fn from(error: StoreError) -> Self {
        storage_failed(&error)
    }
}
