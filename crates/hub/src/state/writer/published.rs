//! What a commit is told to: all that is in memory and keeps step with the database.

use std::sync::Arc;

use doorbell_protocol::JobState;

use crate::{
    state::{leases::Leases, live::Live, progress::ProgressMap, schedules::Schedules},
    store::{Change, Write},
};

/// What the publishing side of a commit keeps in step with the jobs.
pub(crate) struct Published {
    pub(crate) live: Arc<Live>,
    pub(crate) leases: Arc<Leases>,
    pub(crate) progress: Arc<ProgressMap>,
    pub(crate) schedules: Arc<Schedules>,
}

impl Published {
    /// Tells what was committed.
    pub(super) fn publish(&self, writes: Vec<Write>) {
        let Self { live, leases, progress, schedules } = self;
        let mut changes = Vec::with_capacity(writes.len());
        let mut has_deleted = false;
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
                Write::Delete(_) => has_deleted = true,
                Write::Schedule(plan) => schedules.keep(plan),
                Write::Unschedule(id) => schedules.remove(id),
            }
        }
        live.publish(changes, progress);
        if has_deleted {
            live.tell_deleted();
        }
    }
}
