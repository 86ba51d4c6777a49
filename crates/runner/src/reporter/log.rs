//! Sends what a command prints, in the background and in few calls.

use std::{convert::Infallible, time::Duration};

use doorbell_client::{CallError, Client};
use doorbell_protocol::{Fence, JobId};

use super::pace;
use crate::output::UnsentLog;

/// How long output gathers before it is sent.
const GATHER: Duration = Duration::from_millis(250);

/// Sends the log of one job.
pub(super) struct LogSender<'a> {
    pub(super) client: &'a Client,
    pub(super) id: JobId,
    pub(super) fence: Fence,
    pub(super) log: &'a UnsentLog,
}

impl LogSender<'_> {
    /// Sends output as it comes. It may be dropped at any point: what was not acknowledged is sent again.
    pub(super) async fn keep_sending(&self) -> Infallible {
        loop {
            self.log.grown().await;
            tokio::time::sleep(GATHER).await;
            self.send().await;
        }
    }

    /// Sends all output that waits.
    pub(super) async fn send(&self) {
        let mut backoff = pace::retries();
        while let Some((offset, chunk)) = self.log.next() {
            match self.client.append_log(self.id, self.fence, offset, chunk).await {
                Ok(end) => {
                    self.log.goes_on_at(end);
                    backoff.reset();
                }
                Err(CallError::Refused(refusal)) if refusal.expected_offset.is_some_and(|expected| expected < offset) => {
                    self.log.goes_on_at(refusal.expected_offset.unwrap_or(offset));
                }
                Err(e) if e.is_transient() => {
                    tracing::debug!("cannot send output: {e}");
                    tokio::time::sleep(backoff.after_failure(rand::random())).await;
                }
                Err(e) => {
                    tracing::debug!("the hub takes no more output: {e}");
                    self.log.close();
                }
            }
        }
    }
}
