//! A schedule, and how far it has come.

use doorbell_protocol::{
    ScheduleId, Timestamp,
    schedule::{NewSchedule, Schedule},
};
use serde::{Deserialize, Serialize};

use super::calendar::Calendar;

/// A schedule, and how far it has come.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Plan {
    /// The schedule without its next fire time, which follows from the rest.
    pub(crate) schedule: Schedule,
    /// Every fire time up to here has fired or was passed over.
    pub(crate) passed: Timestamp,
}

/// There is no such schedule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Unknown(pub(crate) ScheduleId);

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

    /// The schedule as callers see it, with its next fire time.
    pub(crate) fn tell(&self) -> Schedule {
        Schedule { next_fire: self.next_fire(), ..self.schedule.clone() }
    }

    /// The next moment at which it fires, if it does.
    pub(crate) fn next_fire(&self) -> Option<Timestamp> {
        if self.schedule.spec.paused {
            return None;
        }
        Calendar::of(&self.schedule.spec).ok()?.next(self.passed)
    }
}
