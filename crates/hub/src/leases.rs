//! Leases: whose lease ran out is lost, exactly once.
//!
//! Deadlines are on the monotonic clock, so a wall clock that is set back or a laptop that sleeps ends no lease. They
//! are in memory: after a restart every running job gets one fresh lease period.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use doorbell_protocol::{Fence, JobId, Lease, jobs::RenewedLease};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, sleep_until},
};

use crate::{
    clock,
    job::{self, Command, Record},
    writer::{Draft, WriteError, Writer},
};

/// Jobs that are lost in one commit. Other changes take their turn in between.
const BATCH: usize = 256;
/// After a failed attempt to store that jobs are lost.
const RETRY: Duration = Duration::from_secs(1);

pub(crate) struct Leases {
    ttl: Duration,
    held: Mutex<HashMap<JobId, Held>>,
    /// A lease was granted, which may now be the first to run out.
    granted: Notify,
}

struct Held {
    fence: Fence,
    deadline: Instant,
    cancel_requested: bool,
}

/// How a renewal went.
pub(crate) enum Renewal {
    Renewed(RenewedLease),
    /// Another lease of the job is newer.
    Stale,
    /// Nobody holds a lease: the job is lost, over or unknown.
    NotHeld,
}

impl Leases {
    pub(crate) fn new(ttl: Duration) -> Self {
        Self { ttl, held: Mutex::default(), granted: Notify::new() }
    }

    /// Gives a running job its lease. One that is held already goes on: only its runner renews it.
    pub(crate) fn grant(&self, record: &Record) {
        let mut held = self.lock();
        let (fence, cancel_requested) = (record.fence, record.job.cancel_requested);
        match held.get_mut(&record.job.id).filter(|held| held.fence == fence) {
            Some(held) => held.cancel_requested = cancel_requested,
            None => {
                held.insert(record.job.id, Held { fence, deadline: Instant::now() + self.ttl, cancel_requested });
                self.granted.notify_one();
            }
        }
    }

    pub(crate) fn revoke(&self, id: JobId) {
        self.lock().remove(&id);
    }

    pub(crate) fn renew(&self, id: JobId, fence: Fence) -> Renewal {
        match self.lock().get_mut(&id) {
            None => Renewal::NotHeld,
            Some(held) if held.fence != fence => Renewal::Stale,
            Some(held) => {
                held.deadline = Instant::now() + self.ttl;
                Renewal::Renewed(RenewedLease { lease: self.lease(fence), cancel_requested: held.cancel_requested })
            }
        }
    }

    /// Whether `fence` stands for the lease of a job that runs.
    pub(crate) fn is_held(&self, id: JobId, fence: Fence) -> bool {
        self.lock().get(&id).is_some_and(|held| held.fence == fence)
    }

    /// The lease that `fence` stands for, as of now.
    pub(crate) fn lease(&self, fence: Fence) -> Lease {
        Lease { fence, expires_at: clock::now() + self.ttl, ttl_ms: u64::try_from(self.ttl.as_millis()).unwrap_or(u64::MAX) }
    }

    fn expired(&self) -> Vec<JobId> {
        let now = Instant::now();
        self.lock().iter().filter(|(_, held)| held.deadline <= now).map(|(id, _)| *id).collect()
    }

    fn has_expired(&self, id: JobId) -> bool {
        self.lock().get(&id).is_some_and(|held| held.deadline <= Instant::now())
    }

    fn first_deadline(&self) -> Option<Instant> {
        self.lock().values().map(|held| held.deadline).min()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<JobId, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Loses every job whose lease runs out. Sleeps until the first one can, and for ever when there is none.
pub(crate) async fn watch(leases: &Leases, writer: &Writer) {
    loop {
        match leases.first_deadline() {
            None => leases.granted.notified().await,
            Some(deadline) => tokio::select! {
                () = leases.granted.notified() => continue,
                () = sleep_until(deadline) => {}
            },
        }
        for ids in leases.expired().chunks(BATCH) {
            if let Err(WriteError::Storage) = expire(writer, ids.to_vec()).await {
                sleep(RETRY).await;
            }
        }
    }
}

async fn expire(writer: &Writer, ids: Vec<JobId>) -> Result<(), WriteError> {
    writer.write(move |draft| ids.into_iter().try_for_each(|id| lose(draft, id))).await
}

fn lose(draft: &mut Draft<'_>, id: JobId) -> Result<(), WriteError> {
    // It may have been renewed, or the job ended, while this change waited for its turn.
    if !draft.leases().has_expired(id) {
        return Ok(());
    }
    let Some(record) = draft.find(id)? else { return Ok(()) };
    let progress = draft.progress().get(id);
    if let Some(transition) = job::decide(&record, Command::Expire { progress }, draft.now())? {
        tracing::info!(%id, "the lease of a job ran out");
        draft.apply(transition)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use doorbell_protocol::{Epoch, JobState, jobs::NewJob};
    use uuid::Uuid;

    use super::*;
    use crate::{
        live::Live,
        store::{Change, SqliteStore, Store, Write, conformance},
        writer::Published,
    };

    const TTL: Duration = Duration::from_secs(15);
    const MANY: u128 = 600;

    /// As when a machine with many runners is gone.
    #[tokio::test]
    async fn many_whose_leases_run_out_at_once_are_lost_in_few_commits() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(&folder.path().join("doorbell.db"), Epoch(7)).unwrap();
        let running = |n| Write::Job(Change { record: conformance::record(n, JobState::Running), question: None, event: None });
        store.commit(&(1..=MANY).map(running).collect::<Vec<_>>()).unwrap();
        let live = Arc::new(Live::new(store.load().unwrap()));
        let leases = Arc::new(Leases::new(Duration::ZERO));
        for record in live.lock().active.values() {
            leases.grant(record);
        }
        let published = Published { live: live.clone(), leases: leases.clone(), progress: Arc::default(), schedules: Arc::default() };
        let (writer, _) = Writer::start(Box::new(store), published).unwrap();
        let before = live.lock().commits;
        let mut commits = live.commits();
        let all_lost = async {
            while live.lock().counts.running > 0 {
                commits.changed().await.unwrap();
            }
        };
        tokio::select! {
            () = watch(&leases, &writer) => panic!("it goes on for ever"),
            () = all_lost => {}
        }
        let live = live.lock();
        assert_eq!((live.seq.0, live.commits - before), (MANY as u64, MANY.div_ceil(BATCH as u128) as u64));
    }

    fn running() -> Record {
        let new = NewJob { name: "make".to_owned(), start: true, ..NewJob::default() };
        job::create(JobId(Uuid::nil()), new, doorbell_protocol::Timestamp::EPOCH).record
    }

    /// Only the monotonic clock moves here: where the wall clock stands makes no difference, also when it is set back.
    #[tokio::test(start_paused = true)]
    async fn a_lease_runs_out_by_the_monotonic_clock_alone() {
        let (leases, record) = (Leases::new(TTL), running());
        leases.grant(&record);
        tokio::time::advance(TTL - Duration::from_millis(1)).await;
        assert_eq!(leases.expired(), []);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(leases.expired(), [record.job.id]);
    }

    #[tokio::test(start_paused = true)]
    async fn only_its_runner_renews_a_lease() {
        let (leases, mut record) = (Leases::new(TTL), running());
        leases.grant(&record);
        tokio::time::advance(TTL / 2).await;
        record.job.cancel_requested = true;
        leases.grant(&record);
        tokio::time::advance(TTL / 2).await;
        assert!(leases.has_expired(record.job.id));
        let Renewal::Renewed(renewed) = leases.renew(record.job.id, record.fence) else { panic!("it is held") };
        assert!(renewed.cancel_requested && !leases.has_expired(record.job.id));
    }
}
