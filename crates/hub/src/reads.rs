//! Reads from the store that hold up neither the writer nor the runtime.

use std::sync::{Arc, Mutex, PoisonError};

use doorbell_protocol::{Job, JobId, Question, QuestionId};

use crate::{
    job::Record,
    store::{PageQuery, Read, StoreError},
};

#[derive(Clone)]
pub(crate) struct Reads(Arc<Mutex<Box<dyn Read>>>);

impl Reads {
    pub(crate) fn new(reader: Box<dyn Read>) -> Self {
        Self(Arc::new(Mutex::new(reader)))
    }

    pub(crate) async fn record(&self, id: JobId) -> Result<Option<Record>, StoreError> {
        self.read(move |reader| reader.record(id)).await
    }

    pub(crate) async fn question(&self, id: QuestionId) -> Result<Option<Question>, StoreError> {
        self.read(move |reader| reader.question(id)).await
    }

    pub(crate) async fn page(&self, query: PageQuery) -> Result<Vec<Job>, StoreError> {
        self.read(move |reader| reader.page(&query)).await
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut dyn Read) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let Self(reader) = self.clone();
        let task = tokio::task::spawn_blocking(move || read(&mut **reader.lock().unwrap_or_else(PoisonError::into_inner)));
        task.await.unwrap_or_else(|source| Err(StoreError::Corrupt { what: "read", source: source.into() }))
    }
}
