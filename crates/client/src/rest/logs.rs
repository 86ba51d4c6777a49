//! Calls about a job's log.

use bytes::Bytes;
use doorbell_protocol::{
    Fence, JobId,
    log::{Log, LogEnd},
};
use reqwest::Method;

use super::{Body, Call, CallError, Client, LogFollower};

impl Client {
    /// `POST /v1/jobs/{id}/log`: appends bytes that begin at `offset`, at most 256 KiB, and gives where the log goes on. What
    /// is there already is not appended again. Also renews the lease.
    ///
    /// # Errors
    /// See [`CallError`]. When bytes are missing before `offset`, the refusal's `expected_offset` says where the log goes on.
    pub async fn append_log(&self, id: JobId, fence: Fence, offset: u64, bytes: Bytes) -> Result<u64, CallError> {
        let path = format!("/v1/jobs/{id}/log?offset={offset}&fence={}", fence.0);
        let answer: LogEnd = self.send(Call::<()> { body: Body::Bytes(bytes), ..Call::new(Method::POST, path) }).await?.json()?;
        Ok(answer.end)
    }

    /// `GET /v1/jobs/{id}/log`: all that is kept, or of its last `tail` bytes.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn log(&self, id: JobId, tail: Option<u64>) -> Result<Log, CallError> {
        let tail = tail.map(|tail| format!("?tail={tail}")).unwrap_or_default();
        self.get(&format!("/v1/jobs/{id}/log{tail}")).await
    }

    /// `GET /v1/jobs/{id}/log?follow=true`: all that is kept from the offset `from` on, and what comes until the job is over.
    /// Connects to nothing yet.
    #[must_use]
    pub fn follow_log(&self, id: JobId, from: u64) -> LogFollower {
        LogFollower::new(self.clone(), id, from)
    }
}
