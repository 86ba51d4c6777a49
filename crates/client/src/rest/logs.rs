//! Calls about a job's log.

use bytes::Bytes;
use doorbell_protocol::{
    Fence, JobId,
    log::{Log, LogAppend, LogEnd, LogQuery},
    routes,
};

use super::{Call, CallError, Client, LogFollower};

impl Client {
    /// `POST /v1/jobs/{id}/log`: appends bytes that begin at `offset`, at most 256 KiB, and returns where the
    /// log goes on. Bytes that the hub has already are not appended again. Also renews the lease.
    ///
    /// # Errors
    /// See [`CallError`]. When bytes are missing before `offset`, the refusal's `expected_offset` says where
    /// the log goes on.
    pub async fn append_log(&self, id: JobId, fence: Fence, offset: u64, bytes: Bytes) -> Result<u64, CallError> {
        let call = Call::of(&routes::APPEND_LOG, &id, &LogAppend { offset, fence }).bytes(bytes);
        let answer: LogEnd = self.send(call).await?.json()?;
        Ok(answer.end)
    }

    /// `GET /v1/jobs/{id}/log`: all that is kept, or only what is kept of the last `tail` bytes.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn log(&self, id: JobId, tail: Option<u64>) -> Result<Log, CallError> {
        self.send(Call::of(&routes::READ_LOG, &id, &LogQuery { tail, follow: false })).await?.json()
    }

    /// `GET /v1/jobs/{id}/log?follow=true`: all that is kept from the offset `from` on, and what comes until
    /// the job is over. Connects to nothing yet.
    #[must_use]
    pub fn follow_log(&self, id: JobId, from: u64) -> LogFollower {
        LogFollower::new(self.clone(), id, from)
    }
}
