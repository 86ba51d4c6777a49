//! Schedules: jobs that are queued by the clock.
//!
//! # Layout
//! - `calendar`: when a schedule fires, by its cron expression and its time zone · `fire`: what a fire time does
//!
//! # Invariants
//! - A fire time fires once: how far a schedule has come is stored in the transaction that queues the job, and only moves
//!   forward, also when the clock does not.

mod calendar;
pub(crate) mod fire;

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use doorbell_protocol::{
    ScheduleId, Timestamp,
    schedule::{NewSchedule, Schedule},
};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

pub(crate) use self::calendar::Calendar;

/// A schedule, and how far it has come.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Plan {
    /// Without its next fire time, which follows from the rest.
    pub(crate) schedule: Schedule,
    /// Every fire time up to here has fired or was passed over.
    pub(crate) passed: Timestamp,
}

/// Every schedule. Only the writer changes them, after the change is committed.
#[derive(Default)]
pub(crate) struct Schedules {
    plans: Mutex<BTreeMap<ScheduleId, Plan>>,
    /// A schedule changed, whose fire time may now be the next.
    changed: Notify,
}

impl Plan {
    /// `spec` has passed its checks.
    pub(crate) fn new(id: ScheduleId, spec: NewSchedule, now: Timestamp) -> Self {
        Self { schedule: Schedule { id, spec, created_at: now, last_fire: None, next_fire: None }, passed: now }
    }

    /// The schedule with other terms. Other times count from now on, and so do those of a schedule that goes on after a pause.
    pub(crate) fn with(mut self, spec: NewSchedule, now: Timestamp) -> Self {
        let before = &self.schedule.spec;
        if before.paused || (&before.cron, &before.timezone) != (&spec.cron, &spec.timezone) {
            self.passed = now;
        }
        self.schedule.spec = spec;
        self
    }

    /// The schedule as it is told.
    pub(crate) fn tell(&self) -> Schedule {
        Schedule { next_fire: self.next_fire(), ..self.schedule.clone() }
    }

    fn next_fire(&self) -> Option<Timestamp> {
        if self.schedule.spec.paused {
            return None;
        }
        Calendar::of(&self.schedule.spec).ok()?.next(self.passed)
    }
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

    pub(crate) fn remove(&self, id: ScheduleId) {
        self.lock().remove(&id);
        self.changed.notify_one();
    }

    fn next_fire(&self) -> Option<Timestamp> {
        self.lock().values().filter_map(Plan::next_fire).min()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ScheduleId, Plan>> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
