//! Store tasks and changes through the real thread and a real database.

use std::sync::Arc;

use doorbell_protocol::{Epoch, Fence, JobId, Outcome, jobs::FinishReport, jobs::NewJob};
use uuid::Uuid;

use super::*;
use crate::{
    clock,
    domain::{
        job::{self, Command, Refusal},
        rights::{Actor, Principal},
    },
    state::{leases::Leases, live::Live, schedules::Schedules},
    store::{SqliteStore, Store, StoreError},
};

fn world(folder: &std::path::Path) -> (Writer, Arc<Live>) {
    let mut store = SqliteStore::open(&folder.join("doorbell.db"), Epoch(7)).unwrap();
    let live = Arc::new(Live::new(store.load().unwrap()));
    let leases = Arc::new(Leases::new(std::time::Duration::from_secs(60)));
    let published = Published { live: live.clone(), leases, progress: Arc::default(), schedules: Arc::new(Schedules::new(Vec::new())) };
    (Writer::start(Box::new(store), published).unwrap().0, live)
}

#[tokio::test]
async fn a_store_task_sees_every_change_before_it_and_what_it_deletes_is_gone_for_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, live) = world(folder.path());
    let (id, running) = (JobId(Uuid::now_v7()), JobId(Uuid::now_v7()));
    let create = |id| {
        writer.write(move |draft| {
            draft.apply(job::create(
                id,
                NewJob { name: "x".to_owned(), start: true, ..NewJob::default() },
                Principal::Owner,
                Fence(1),
                draft.now(),
            ))
        })
    };
    let end = || {
        writer.write(move |draft| {
            let record = draft.get(id)?;
            let report = FinishReport { fence: record.fence, outcome: Outcome::Failed, exit_code: None, failure: None, finished_at: None };
            let transition = job::decide(&record, Command::Finish { report, progress: None, by: Actor::OWNER }, draft.now())?;
            transition.map_or(Ok(()), |transition| draft.apply(transition))
        })
    };
    let all = clock::now() + std::time::Duration::from_secs(60);
    // All of them wait for the thread at once, so that they may well be one batch.
    let (first, second, ended, deleted, again) =
        futures_util::join!(create(id), create(running), end(), writer.store_task(move |store| store.delete_old(all, 0, 10)), end());
    assert!(first.is_ok() && second.is_ok() && ended.is_ok());
    assert_eq!(deleted.unwrap(), [id]);
    // In the same batch as the store task it is a repetition, afterwards there is no such job.
    assert!(matches!(again, Ok(()) | Err(WriteError::Job(Refusal::NotFound(_)))));
    assert!(matches!(end().await, Err(WriteError::Job(Refusal::NotFound(unknown))) if unknown == id));
    let now = live.lock();
    assert_eq!((now.counts.running, now.seq.0), (1, 3));
}

#[tokio::test]
async fn a_store_task_that_fails_harms_no_change() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, live) = world(folder.path());
    let id = JobId(Uuid::now_v7());
    let create = writer.write(move |draft| {
        draft.apply(job::create(
            id,
            NewJob { name: "x".to_owned(), start: true, ..NewJob::default() },
            Principal::Owner,
            Fence(1),
            draft.now(),
        ))
    });
    let fails = writer.store_task(|_| Err::<(), _>(StoreError::Corrupt { what: "test", source: "broken".into() }));
    let (created, failed) = futures_util::join!(create, fails);
    assert!(created.is_ok() && matches!(failed, Err(WriteError::Storage(_))));
    assert_eq!(live.lock().counts.running, 1);
}
