//! Leases: whose lease ran out is lost, exactly once.
//!
//! Deadlines are on the monotonic clock, so a wall clock that is set back or a laptop that sleeps ends no lease. They
//! are in memory: after a restart every running job gets one fresh lease period.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use doorbell_protocol::{Fence, JobId, Lease, jobs::RenewedLease, limits};
use tokio::{sync::Notify, time::Instant};

use crate::{
    clock,
    domain::{
        job::Record,
        rights::{Actor, Principal},
    },
};

pub(crate) struct Leases {
    ttl: Duration,
    held: Mutex<HashMap<JobId, Held>>,
    /// A lease was granted, which may now be the first to run out.
    granted: Notify,
}

struct Held {
    fence: Fence,
    by: Principal,
    deadline: Instant,
    cancel_requested: bool,
}

/// How a renewal went.
pub(crate) enum Renewal {
    Renewed(RenewedLease),
    /// The fence is not that of the job's lease.
    Stale,
    /// The lease is somebody else's.
    NotTheirs,
    /// Nobody holds a lease: the job is lost, over or unknown.
    NotHeld,
}

/// The fence of a new lease: nobody can guess it, and JavaScript can hold it. It is never 0, which is that of no lease.
pub(crate) fn new_fence() -> Fence {
    Fence(rand::random_range(1..=limits::COUNT))
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
                held.insert(record.job.id, Held { fence, by: record.held_by, deadline: Instant::now() + self.ttl, cancel_requested });
                self.granted.notify_one();
            }
        }
    }

    pub(crate) fn revoke(&self, id: JobId) {
        self.lock().remove(&id);
    }

    pub(crate) fn renew(&self, id: JobId, fence: Fence, by: Actor) -> Renewal {
        match self.lock().get_mut(&id) {
            None => Renewal::NotHeld,
            Some(held) if !by.may_act_as(held.by) => Renewal::NotTheirs,
            Some(held) if held.fence != fence => Renewal::Stale,
            Some(held) => {
                held.deadline = Instant::now() + self.ttl;
                Renewal::Renewed(RenewedLease { lease: self.lease(fence), cancel_requested: held.cancel_requested })
            }
        }
    }

    /// Whether `fence` stands for the lease of a job that runs, and is this caller's to use.
    pub(crate) fn is_held(&self, id: JobId, fence: Fence, by: Actor) -> bool {
        self.lock().get(&id).is_some_and(|held| held.fence == fence && by.may_act_as(held.by))
    }

    /// The lease that `fence` stands for, as of now.
    pub(crate) fn lease(&self, fence: Fence) -> Lease {
        Lease { fence, expires_at: clock::now() + self.ttl, ttl_ms: u64::try_from(self.ttl.as_millis()).unwrap_or(u64::MAX) }
    }

    /// The jobs whose lease has run out.
    pub(crate) fn expired(&self) -> Vec<JobId> {
        let now = Instant::now();
        self.lock().iter().filter(|(_, held)| held.deadline <= now).map(|(id, _)| *id).collect()
    }

    pub(crate) fn has_expired(&self, id: JobId) -> bool {
        self.lock().get(&id).is_some_and(|held| held.deadline <= Instant::now())
    }

    /// When the first lease runs out.
    pub(crate) fn first_deadline(&self) -> Option<Instant> {
        self.lock().values().map(|held| held.deadline).min()
    }

    /// Returns when a lease was granted, which may now be the first to run out.
    pub(crate) async fn granted(&self) {
        self.granted.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<JobId, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use doorbell_protocol::jobs::NewJob;
    use uuid::Uuid;

    use super::*;
    use crate::domain::job;

    const TTL: Duration = Duration::from_secs(15);

    fn running() -> Record {
        let new = NewJob { name: "make".to_owned(), start: true, ..NewJob::default() };
        job::create(JobId(Uuid::nil()), new, Principal::Owner, new_fence(), doorbell_protocol::Timestamp::EPOCH).record
    }

    #[test]
    fn a_fence_is_no_guess_never_zero_and_exact_in_json() {
        let fences: std::collections::HashSet<u64> = (0..10_000).map(|_| new_fence().0).collect();
        assert_eq!(fences.len(), 10_000);
        assert!(fences.iter().all(|fence| (1..=limits::COUNT).contains(fence)));
        // All 53 bits are used: the chance that none of these is in the upper half is 1 in 2^10,000.
        assert!(fences.iter().any(|fence| *fence > limits::COUNT / 2));
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
        let Renewal::Renewed(renewed) = leases.renew(record.job.id, record.fence, Actor::OWNER) else { panic!("it is held") };
        assert!(renewed.cancel_requested && !leases.has_expired(record.job.id));
    }
}
