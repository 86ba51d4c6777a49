//! Workers and claims: how a queued job finds somebody who runs it.

use serde::{Deserialize, Serialize};

use crate::{ClaimId, Invalid, Job, JobId, Lease, Timestamp, WorkerId, jobs::Task, limits, run_secret::RunSecretHash, text};

/// Body of `POST /v1/workers`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewWorker {
    /// What people call it, 1 to 200 characters.
    pub name: String,
    /// Host name of its machine.
    pub host: String,
    /// How many jobs it runs at once, 1 to 1,000.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = limits::SLOTS)))]
    pub slots: u32,
}

/// A registered worker.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Worker {
    /// Goes into its claims.
    pub id: WorkerId,
    /// What people call it.
    pub name: String,
    /// Host name of its machine.
    pub host: String,
    /// How many jobs it runs at once.
    pub slots: u32,
}

/// Answer to `POST /v1/workers`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct RegisteredWorker {
    /// The worker, with its id.
    pub worker: Worker,
}

/// A registered worker, and how it is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct WorkerStatus {
    /// The worker.
    #[serde(flatten)]
    pub worker: Worker,
    /// Whether it gets jobs.
    pub state: WorkerState,
    /// When it registered, claimed or sent a heartbeat last.
    pub last_seen: Timestamp,
    /// The jobs that it runs, oldest first.
    pub running: Vec<JobId>,
}

/// Whether a worker gets jobs.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WorkerState {
    /// It gets jobs.
    Active,
    /// It gets no more jobs, and is gone when those that it runs are over.
    Draining,
    /// A state of a later version.
    #[serde(other)]
    #[cfg_attr(feature = "openapi", schemars(skip))]
    Unknown,
}

/// Answer to `GET /v1/workers`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct WorkerList {
    /// Every worker, by name.
    pub workers: Vec<WorkerStatus>,
}

/// Answer to `PUT /v1/workers/{id}`, the heartbeat.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct OneWorker {
    /// The worker as it is now.
    pub worker: WorkerStatus,
}

/// Body of `POST /v1/claims`: a long poll for a queued job.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ClaimRequest {
    /// Chosen by the worker, a new one for each ask. The same id again is answered with the job that it got, as long as that runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ClaimId>,
    /// Who will run it.
    pub worker: WorkerId,
    /// How long to wait for one, in milliseconds; at most 60,000, longer waits are cut.
    #[serde(default)]
    pub wait_ms: u64,
    /// The SHA-256 of a secret that the worker made for the run that it may get: whoever shows the secret reports for it, as its
    /// command does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_sha256: Option<RunSecretHash>,
}

/// Answer to `POST /v1/claims`: a job that is this worker's to run. 204 when there was none.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Claim {
    /// The job, running from now on.
    pub job: Job,
    /// The right to report for it.
    pub lease: Lease,
    /// What to run.
    pub task: Task,
}

impl NewWorker {
    /// The request with its text cleaned.
    ///
    /// # Errors
    /// Names the field that is not allowed.
    pub fn check(mut self) -> Result<Self, Invalid> {
        self.name = text::clean_cut(&self.name, limits::NAME_CHARS);
        self.host = text::clean_cut(&self.host, limits::NAME_CHARS);
        if self.name.is_empty() {
            return Err(Invalid::new("name", "must have at least one printable character"));
        }
        if !(1..=limits::SLOTS).contains(&self.slots) {
            return Err(Invalid::new("slots", format!("must be between 1 and {}", limits::SLOTS)));
        }
        Ok(self)
    }
}
