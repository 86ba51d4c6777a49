//! Reads from the store that hold up neither the writer nor the runtime.
//!
//! A few connections, each for one read at a time. A search in a long history takes its time, so one connection is left to
//! reads by id, however many search.

use std::sync::{Arc, Mutex, PoisonError};

use doorbell_protocol::{Job, JobId, Question, QuestionId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    domain::job::Record,
    store::{PageQuery, QuestionsQuery, Read, StoreError},
};

/// Reads at the same time. More would only share the processor.
const READERS: usize = 4;
/// How many of these may be pages and searches.
const PAGES: usize = READERS - 1;

#[derive(Clone)]
pub(crate) struct Reads {
    free: Arc<Free>,
    /// Has a permit for each reader that is free.
    turns: Arc<Semaphore>,
    pages: Arc<Semaphore>,
}

type Free = Mutex<Vec<Box<dyn Read>>>;

/// A reader that is in use. It is free again when this is dropped, also by a read that panics.
struct Borrowed {
    reader: Option<Box<dyn Read>>,
    free: Arc<Free>,
    _turn: OwnedSemaphorePermit,
}

impl Reads {
    /// Opens the readers by `open`.
    pub(crate) fn new(open: impl Fn() -> Result<Box<dyn Read>, StoreError>) -> Result<Self, StoreError> {
        let free = (0..READERS).map(|_| open()).collect::<Result<_, _>>()?;
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Ok(Self { free: Arc::new(Mutex::new(free)), turns: semaphore(READERS), pages: semaphore(PAGES) })
    }

    pub(crate) async fn record(&self, id: JobId) -> Result<Option<Record>, StoreError> {
        self.read(move |reader| reader.record(id)).await
    }

    pub(crate) async fn question(&self, id: QuestionId) -> Result<Option<Question>, StoreError> {
        self.read(move |reader| reader.question(id)).await
    }

    pub(crate) async fn page(&self, query: PageQuery) -> Result<Vec<Job>, StoreError> {
        self.page_of(move |reader| reader.page(&query)).await
    }

    pub(crate) async fn questions(&self, query: QuestionsQuery) -> Result<Vec<Question>, StoreError> {
        self.page_of(move |reader| reader.questions(&query)).await
    }

    /// A read that may take its time.
    async fn page_of<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut dyn Read) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let page = self.pages.clone().acquire_owned().await.map_err(failed)?;
        let read = move |reader: &mut dyn Read| {
            // To the end of the read, although its caller may be gone by then.
            let _page = page;
            read(reader)
        };
        self.read(read).await
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut dyn Read) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = self.turns.clone().acquire_owned().await.map_err(failed)?;
        let mut borrowed = Borrowed { reader: lock(&self.free).pop(), free: self.free.clone(), _turn: turn };
        let task = tokio::task::spawn_blocking(move || match &mut borrowed.reader {
            Some(reader) => read(&mut **reader),
            None => Err(failed("there are fewer readers than turns")),
        });
        task.await.unwrap_or_else(|source| Err(failed(source)))
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        lock(&self.free).extend(self.reader.take());
    }
}

fn lock(free: &Free) -> std::sync::MutexGuard<'_, Vec<Box<dyn Read>>> {
    free.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::BrokeOff(source.into())
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Condvar, mpsc},
        time::Duration,
    };

    use futures_util::future::join_all;
    use uuid::Uuid;

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    /// A store whose searches go on until somebody ends them.
    struct Slow {
        searching: mpsc::Sender<()>,
        end: Arc<(Mutex<bool>, Condvar)>,
    }

    impl Read for Slow {
        fn record(&mut self, _: JobId) -> Result<Option<Record>, StoreError> {
            Ok(None)
        }

        fn question(&mut self, _: QuestionId) -> Result<Option<Question>, StoreError> {
            panic!("this read fails")
        }

        fn page(&mut self, _: &PageQuery) -> Result<Vec<Job>, StoreError> {
            self.searching.send(()).unwrap();
            let (ended, wake) = &*self.end;
            let (_ended, late) = wake.wait_timeout_while(ended.lock().unwrap(), LONG, |ended| !*ended).unwrap();
            assert!(!late.timed_out(), "nobody ended the search");
            Ok(Vec::new())
        }

        fn questions(&mut self, _: &QuestionsQuery) -> Result<Vec<Question>, StoreError> {
            Ok(Vec::new())
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn reads_by_id_go_on_however_many_search() {
        let (searching, searches) = mpsc::channel();
        let end = Arc::new((Mutex::new(false), Condvar::new()));
        let reads = Reads::new(|| Ok(Box::new(Slow { searching: searching.clone(), end: end.clone() }))).unwrap();
        let all: Vec<_> = (0..20)
            .map(|_| {
                let reads = reads.clone();
                tokio::spawn(async move { reads.page(PageQuery::default()).await })
            })
            .collect();
        // Some of them wait for others, and none for less than all pages.
        for _ in 0..PAGES {
            searches.recv_timeout(LONG).unwrap();
        }
        for _ in 0..100 {
            assert_eq!(reads.record(JobId(Uuid::nil())).await.unwrap(), None);
        }
        assert!(searches.try_recv().is_err());
        *end.0.lock().unwrap() = true;
        end.1.notify_all();
        assert!(join_all(all).await.into_iter().all(|page| page.unwrap().unwrap().is_empty()));
    }

    #[tokio::test]
    async fn a_read_that_panics_takes_no_reader_along() {
        let (searching, _searches) = mpsc::channel();
        let reads = Reads::new(|| Ok(Box::new(Slow { searching: searching.clone(), end: Arc::default() }))).unwrap();
        for _ in 0..2 * READERS {
            assert!(reads.question(QuestionId(Uuid::nil())).await.is_err());
        }
        assert_eq!(reads.record(JobId(Uuid::nil())).await.unwrap(), None);
    }
}
