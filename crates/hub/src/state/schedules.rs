//! Every schedule, in memory.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use doorbell_protocol::{ScheduleId, Timestamp};
use tokio::sync::Notify;

use crate::domain::plan::Plan;

/// Every schedule. Only the writer changes them, after the change is committed.
#[derive(Default)]
pub(crate) struct Schedules {
    plans: Mutex<BTreeMap<ScheduleId, Plan>>,
    /// A schedule changed, whose fire time may now be the next.
    changed: Notify,
}

impl Schedules {
    pub(crate) fn new(plans: Vec<Plan>) -> Self {
        let plans = plans.into_iter().map(|plan| (plan.schedule.id, plan)).collect();
        Self { plans: Mutex::new(plans), changed: Notify::new() }
    }

    pub(crate) fn all(&self) -> BTreeMap<ScheduleId, Plan> {
        self.lock().clone()
    }

    pub(crate) fn keep(&self, plan: Plan) {
        self.lock().insert(plan.schedule.id, plan);
        self.changed.notify_one();
    }

    /// Returns when a schedule changed, whose fire time may now be the next.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    pub(crate) fn remove(&self, id: ScheduleId) {
        self.lock().remove(&id);
        self.changed.notify_one();
    }

    /// When the first of them fires.
    pub(crate) fn next_fire(&self) -> Option<Timestamp> {
        self.lock().values().filter_map(Plan::next_fire).min()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ScheduleId, Plan>> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
