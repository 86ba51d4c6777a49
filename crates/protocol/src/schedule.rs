//! Schedules: jobs that are queued by the clock.

use serde::{Deserialize, Serialize};

use crate::{Invalid, ScheduleId, Timestamp, jobs::Task, limits, omitted::is_default, text};

/// Body of `POST /v1/schedules` and `PUT /v1/schedules/{id}`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewSchedule {
    /// What people call it and its jobs, 1 to 200 characters.
    #[serde(default)]
    pub name: String,
    /// When it fires: five fields, as in `30 2 * * MON-FRI`, or a nickname such as `@daily`.
    #[serde(default)]
    pub cron: String,
    /// Whose clock `cron` is read by: a name of the IANA time zone database, as in `Europe/Berlin`.
    #[serde(default)]
    pub timezone: String,
    /// What to do when a job of this schedule is not over yet.
    #[serde(default)]
    pub overlap: Overlap,
    /// What to do about fire times that passed while no hub was there.
    #[serde(default)]
    pub catch_up: CatchUp,
    /// Whether it fires nothing until it is changed again. Its times then count from that moment.
    #[serde(default, skip_serializing_if = "is_default")]
    pub paused: bool,
    /// What a worker should run.
    #[serde(flatten)]
    pub task: Task,
}

/// What a fire time does while a job of its schedule is queued or running.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// It queues nothing.
    #[default]
    Skip,
    /// It queues a job, which waits until the others are over.
    Queue,
    /// It cancels them and queues a job, which waits until they are over.
    CancelRunning,
    /// A word of a later version.
    #[serde(other)]
    #[cfg_attr(feature = "openapi", schemars(skip))]
    Unknown,
}

/// What becomes of fire times that passed while no hub was there.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// They are passed over.
    #[default]
    None,
    /// The last one fires late, the others are passed over.
    Last,
    /// A word of a later version.
    #[serde(other)]
    #[cfg_attr(feature = "openapi", schemars(skip))]
    Unknown,
}

/// A schedule, as the hub tells it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Schedule {
    /// Names it.
    pub id: ScheduleId,
    /// What was asked for.
    #[serde(flatten)]
    pub spec: NewSchedule,
    /// When it was created.
    pub created_at: Timestamp,
    /// The last fire time that queued a job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_fire: Option<Timestamp>,
    /// The next fire time; absent when there will be none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_fire: Option<Timestamp>,
}

/// Answer to `POST /v1/schedules`, and to `GET` and `PUT` of one.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct OneSchedule {
    /// The schedule as it is now.
    pub schedule: Schedule,
}

/// Answer to `GET /v1/schedules`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ScheduleList {
    /// Every schedule, oldest first.
    pub schedules: Vec<Schedule>,
}

impl NewSchedule {
    /// The request with its text cleaned. Whether `cron` and `timezone` mean something is for the hub to say, which has
    /// the calendar.
    ///
    /// # Errors
    /// Names the field that is not allowed.
    pub fn check(mut self) -> Result<Self, Invalid> {
        self.name = text::clean(&self.name);
        text::check_length("name", &self.name, limits::NAME_CHARS)?;
        self.cron = text::clean(&self.cron);
        text::check_length("cron", &self.cron, limits::CRON_CHARS)?;
        self.timezone = text::clean(&self.timezone);
        text::check_length("timezone", &self.timezone, limits::CRON_CHARS)?;
        if self.overlap == Overlap::Unknown {
            return Err(Invalid::new("overlap", "use skip, queue or cancel_running"));
        }
        if self.catch_up == CatchUp::Unknown {
            return Err(Invalid::new("catch_up", "use none or last"));
        }
        self.task.check()?;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_that_cannot_be_is_refused_by_name() {
        let task = Task { command: vec!["true".to_owned()], ..Task::default() };
        let text = |text: &str| text.to_owned();
        let good = NewSchedule { name: text("x"), cron: text("@daily"), timezone: text("UTC"), task, ..NewSchedule::default() };
        assert!(good.clone().check().is_ok());
        for (field, bad) in [
            ("name", NewSchedule { name: text(" "), ..good.clone() }),
            ("cron", NewSchedule { cron: text(""), ..good.clone() }),
            ("timezone", NewSchedule { timezone: text(""), ..good.clone() }),
            ("overlap", NewSchedule { overlap: Overlap::Unknown, ..good.clone() }),
            ("catch_up", NewSchedule { catch_up: CatchUp::Unknown, ..good.clone() }),
            ("command", NewSchedule { task: Task::default(), ..good }),
        ] {
            assert_eq!(bad.check().unwrap_err().field, field);
        }
    }
}
