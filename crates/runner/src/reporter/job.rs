//! The job that is reported.

use doorbell_protocol::{JobId, Lease, jobs::NewJob};
use tokio::sync::watch;

use crate::{
    job_control::Stopper,
    output::{Latest, UnsentLog},
    redact::Redactor,
};

/// How a job gets its lease.
#[derive(Debug)]
pub(crate) enum Opening {
    /// The hub does not know it yet.
    Create(Box<NewJob>),
    /// A worker claimed it.
    Claimed(Lease),
}

/// What is reported of a job, and by what it is stopped when the hub asks for that.
pub(crate) struct ReportedJob {
    pub(crate) id: JobId,
    pub(crate) progress: watch::Receiver<Latest>,
    /// What its command prints, if that is sent.
    pub(crate) log: Option<UnsentLog>,
    pub(crate) redactor: Redactor,
    pub(crate) stopper: Option<Stopper>,
}
