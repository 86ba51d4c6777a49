//! A job: one run of something that takes long.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{JobId, Progress, ScheduleId, Timestamp, limits, omitted::is_default, text};

/// One run, as the hub tells it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
pub struct Job {
    /// Names this run.
    pub id: JobId,
    /// Names the runs of one job, for history. Defaults to a slug of the name.
    pub key: String,
    /// What people call it, 1 to 200 characters.
    pub name: String,
    /// Where in its life it is.
    pub state: JobState,
    /// Who runs it, where, and what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The job that it is a part of. It counts, but does not ring by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<JobId>,
    /// Words to find it by.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "ts", ts(as = "Option<BTreeMap<String, String>>"))]
    pub labels: BTreeMap<String, String>,
    /// A page about it, `http` or `https`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its start does not ring, and its end only when it has run for so long, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify_after_ms: Option<u64>,
    /// When the hub or its reporter created it.
    pub created_at: Timestamp,
    /// When its command started. Absent while queued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When its command ended, or when its lease ran out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// From start to finish, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// The command's exit code; 128 + n when signal n ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Why it did not succeed, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// The latest report; when it is over, the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// How many of its questions are open. Left out when there are none.
    #[serde(default, skip_serializing_if = "is_default")]
    #[cfg_attr(feature = "ts", ts(as = "Option<u32>"))]
    pub waiting: u32,
    /// How often it was started, its earlier attempts among them: 0 while the first one is queued, then 1.
    pub attempt: u32,
    /// How often it is started at most: a run that fails or is lost is queued again as a new run until then.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    #[cfg_attr(feature = "ts", ts(as = "Option<u32>"))]
    pub attempts: u32,
    /// The run that this one repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_of: Option<JobId>,
    /// Whether somebody asked its runner to stop it. It stays when the run is over.
    #[serde(default, skip_serializing_if = "is_default")]
    #[cfg_attr(feature = "ts", ts(as = "Option<bool>"))]
    pub cancel_requested: bool,
    /// The person who created it, when it was not the owner of the hub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// The person who cancelled it, or who asked for it to be stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_by: Option<String>,
    /// The person who had `retry_of` run again as this run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retried_by: Option<String>,
    /// Of two jobs that may run, the one with the higher priority is claimed first.
    #[serde(default, skip_serializing_if = "is_default")]
    #[cfg_attr(feature = "ts", ts(as = "Option<i32>"))]
    pub priority: i32,
    /// No worker gets it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// The host, or the name of the worker, that may claim it; any when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// It runs when all of these have succeeded, and is cancelled when one does not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<JobId>>"))]
    pub after: Vec<JobId>,
    /// The schedule that queued it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleId>,
    /// Name of the worker that claimed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
}

/// Where in its life a job is.
///
/// `queued → running → succeeded | failed | cancelled | lost`, and `lost → running | succeeded | failed | cancelled`
/// when its runner comes back.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Waits for a worker.
    Queued,
    /// A runner holds its lease.
    Running,
    /// Its command exited with 0.
    Succeeded,
    /// Its command could not start, exited with another code, or a signal ended it.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// Its runner stopped reporting.
    Lost,
    /// A state of a later version.
    #[serde(other)]
    #[cfg_attr(feature = "openapi", schemars(skip))]
    Unknown,
}

/// How a run ended, as its runner reports it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The command exited with 0.
    Succeeded,
    /// The command could not start, exited with another code, or a signal ended it.
    Failed,
    /// Somebody stopped it.
    Cancelled,
}

/// Who runs a job, where, and what.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
pub struct Origin {
    /// Host name of the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Name of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Working directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Program and arguments, as they are shown: text that is cleaned, and cut when it is long.
    #[serde(default)]
    pub command: Vec<String>,
}

impl Job {
    /// A job that is queued at `now` and that nothing else is known of yet. Whoever makes a job says what differs, so that a field that is
    /// new is in no other job's by mistake.
    #[must_use]
    pub fn new(id: JobId, key: impl Into<String>, name: impl Into<String>, now: Timestamp) -> Self {
        Self {
            id,
            key: key.into(),
            name: name.into(),
            state: JobState::Queued,
            origin: None,
            parent: None,
            labels: BTreeMap::new(),
            url: None,
            notify_after_ms: None,
            created_at: now,
            started_at: None,
            finished_at: None,
            duration_ms: None,
            exit_code: None,
            failure: None,
            progress: None,
            waiting: 0,
            attempt: 0,
            attempts: once(),
            retry_of: None,
            cancel_requested: false,
            created_by: None,
            cancelled_by: None,
            retried_by: None,
            priority: 0,
            not_before: None,
            host: None,
            after: Vec::new(),
            schedule: None,
            worker: None,
        }
    }
}

impl Origin {
    /// The origin as it is told: cleaned text within [`limits::ORIGIN_CHARS`] and [`limits::ORIGIN_COMMAND_CHARS`]. Nothing
    /// runs by it, so a command of any length has one.
    #[must_use]
    pub fn cut(self) -> Self {
        let cut = |text: Option<String>| text.map(|text| text::clean_cut(&text, limits::ORIGIN_CHARS));
        let mut left = limits::ORIGIN_COMMAND_CHARS;
        let mut command = Vec::new();
        for arg in self.command {
            if left == 0 {
                break;
            }
            let arg = text::clean_cut(&arg, left);
            // An empty argument is one, too.
            left = left.saturating_sub(arg.chars().count().max(1));
            command.push(arg);
        }
        Self { host: cut(self.host), user: cut(self.user), cwd: cut(self.cwd), command }
    }
}

impl JobState {
    /// Every state that a hub of this version gives a job.
    pub const ALL: [Self; 6] = [Self::Queued, Self::Running, Self::Succeeded, Self::Failed, Self::Cancelled, Self::Lost];

    /// Whether the run is over; a lost one may still come back.
    #[must_use]
    pub fn is_over(self) -> bool {
        match self {
            Self::Queued | Self::Running => false,
            Self::Succeeded | Self::Failed | Self::Cancelled | Self::Lost | Self::Unknown => true,
        }
    }

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
            Self::Unknown => "unknown",
        }
    }
}

impl std::str::FromStr for JobState {
    type Err = crate::Invalid;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == s)
            .ok_or_else(|| crate::Invalid::new("state", "use queued, running, succeeded, failed, cancelled or lost"))
    }
}

impl From<Outcome> for JobState {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Succeeded => Self::Succeeded,
            Outcome::Failed => Self::Failed,
            Outcome::Cancelled => Self::Cancelled,
        }
    }
}

fn once() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_once(attempts: &u32) -> bool {
    *attempts == once()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_of_any_length_has_an_origin() {
        let command = ["rm", "a\u{1b}\u{202e}b", "", &"x".repeat(3_000), "never told"].map(str::to_owned).to_vec();
        let cwd = Some("/".repeat(2_000));
        let origin = Origin { command, cwd, ..Origin::default() }.cut();
        assert_eq!(origin.command[..3], ["rm", "ab", ""]);
        assert_eq!(origin.command.len(), 4);
        assert_eq!(origin.command.concat().chars().count(), limits::ORIGIN_COMMAND_CHARS - 1);
        assert!(origin.command[3].ends_with("x…"));
        assert_eq!(origin.cwd.unwrap().chars().count(), limits::ORIGIN_CHARS);
        let many = Origin { command: vec![String::new(); 10_000], ..Origin::default() }.cut();
        assert_eq!(many.command.len(), limits::ORIGIN_COMMAND_CHARS);
    }
}
