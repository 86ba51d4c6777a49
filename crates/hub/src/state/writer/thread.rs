//! The thread that owns the store's writing side, and the way to it.

use std::thread;

use tokio::sync::{mpsc, oneshot};

use super::{draft::Draft, error::WriteError, published::Published};
use crate::{
    clock,
    store::{Store, StoreError},
};

/// Most changes in one commit.
const BATCH: usize = 256;

#[derive(Clone)]
pub(crate) struct Writer {
    inbox: mpsc::Sender<Box<dyn Waiting>>,
}

/// A change that waits for its turn, then for its commit.
trait Waiting: Send {
    fn decide(&mut self, draft: &mut Draft<'_>);
    fn settle(self: Box<Self>, store: &mut dyn Store, stored: &Result<(), String>);
}

/// Work on the store that is a transaction of its own and moves no job.
struct StoreTask<T, F> {
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
    /// For what belongs to no job's history: tokens, and jobs that are deleted. What it commits, it publishes itself.
    pub(crate) async fn store_task<T, F>(&self, work: F) -> Result<T, WriteError>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn Store) -> Result<T, StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.inbox.send(Box::new(StoreTask { work, answer })).await.map_err(|_| WriteError::ShuttingDown)?;
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

    fn settle(self: Box<Self>, _store: &mut dyn Store, stored: &Result<(), String>) {
        let outcome = match (self.outcome, stored) {
            (Ok(_), Err(why)) => Err(WriteError::Storage(why.clone())),
            (outcome, _) => outcome,
        };
        // A caller that went away needs no answer.
        let _ = self.answer.send(outcome);
    }
}

impl<T, F> Waiting for StoreTask<T, F>
where
    T: Send,
    F: FnOnce(&mut dyn Store) -> Result<T, StoreError> + Send,
{
    fn decide(&mut self, _draft: &mut Draft<'_>) {}

    fn settle(self: Box<Self>, store: &mut dyn Store, _stored: &Result<(), String>) {
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
        let stored = match writes.is_empty() {
            true => Ok(()),
            false => store.commit(&writes).map(|()| published.publish(writes)).map_err(|error| error.to_string()),
        };
        for waiting in batch.drain(..) {
            waiting.settle(&mut *store, &stored);
        }
    }
}
