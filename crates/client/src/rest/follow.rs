//! Follows a job's log until the job is over.
//!
//! # Invariants
//! - Every byte that the hub keeps is handed on once: after a break the stream goes on at the offset after
//!   the last message.
//! - An error ends one attempt only: whoever asks again waits a moment, and then the next attempt begins.

use std::time::Duration;

use doorbell_protocol::{
    JobId,
    log::{LogMessage, LogQuery},
    routes,
};
use eventsource_client::SSE;
use futures_util::StreamExt;
use reqwest::StatusCode;

use super::{CallError, Client, RefusedCall};
use crate::{
    Backoff,
    event_stream::{self, EventStream, transport::Cause},
};

const FIRST_RETRY: Duration = Duration::from_millis(200);
const LONGEST_RETRY: Duration = Duration::from_secs(5);

/// A log that is being followed. Dropping it closes the connection.
pub struct LogFollower {
    client: Client,
    job: JobId,
    /// The offset of the next byte.
    offset: u64,
    events: Option<(String, EventStream)>,
    backoff: Backoff,
    /// The pause before the next attempt.
    pause: Duration,
}

impl LogFollower {
    pub(super) fn new(client: Client, job: JobId, offset: u64) -> Self {
        let backoff = Backoff::new(FIRST_RETRY, LONGEST_RETRY);
        Self { client, job, offset, events: None, backoff, pause: Duration::ZERO }
    }

    /// The next message. [`LogMessage::End`] is the last one.
    ///
    /// # Errors
    /// The hub cannot be reached, or has ended the stream. Call it again, and the log goes on where it broke
    /// off. When the error is not [transient](CallError::is_transient), calling it again does not help.
    pub async fn next(&mut self) -> Result<LogMessage, CallError> {
        loop {
            let (url, events) = match &mut self.events {
                Some(events) => events,
                none => {
                    tokio::time::sleep(std::mem::take(&mut self.pause)).await;
                    let opened = open(&self.client, self.job, self.offset);
                    none.insert(opened.inspect_err(|_| self.pause = self.backoff.after_failure(rand::random()))?)
                }
            };
            let error = match events.next().await {
                Some(Ok(SSE::Connected(_) | SSE::Comment(_))) => continue,
                Some(Ok(SSE::Event(event))) => match LogMessage::decode(&event.event_type, &event.data) {
                    Ok(Some(message)) => {
                        self.backoff.reset();
                        self.offset = message.end();
                        return Ok(message);
                    }
                    Ok(None) => continue,
                    // It would be the same when asked again for what follows the last message.
                    Err(e) => CallError::Unreadable { url: url.clone(), cause: e.to_string() },
                },
                Some(Err(e)) => error_of(url, &e),
                None => CallError::Unreachable { url: url.clone(), cause: "it closed the connection".to_owned() },
            };
            self.events = None;
            self.pause = self.backoff.after_failure(rand::random());
            return Err(error);
        }
    }
}

impl std::fmt::Debug for LogFollower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogFollower").field("job", &self.job).field("offset", &self.offset).finish_non_exhaustive()
    }
}

fn open(client: &Client, job: JobId, offset: u64) -> Result<(String, EventStream), CallError> {
    let endpoint = client.source.resolve()?;
    let url = endpoint.url().to_owned();
    let http = client.http.to(&endpoint).map_err(|e| CallError::of_transport(&url, &e))?;
    let target = routes::READ_LOG.target(&job, &LogQuery { tail: None, follow: true });
    match event_stream::open(http, &endpoint, &target, Some(offset.to_string())) {
        Ok(events) => Ok((url, events)),
        Err(e) => Err(CallError::Unreachable { url, cause: e.to_string() }),
    }
}

fn error_of(url: &str, error: &eventsource_client::Error) -> CallError {
    match Cause::of(error) {
        Some(Cause::RefusedToken) => CallError::Unauthorized { url: url.to_owned() },
        Some(cause @ Cause::Refused(_)) => {
            CallError::Refused(RefusedCall { message: cause.to_string(), ..RefusedCall::of_status(StatusCode::FORBIDDEN) })
        }
        Some(Cause::Status(status)) => CallError::Refused(RefusedCall::of_status(*status)),
        Some(Cause::NoHeaders | Cause::Silence) => CallError::TimedOut { url: url.to_owned() },
        Some(cause) => CallError::Unreachable { url: url.to_owned(), cause: cause.to_string() },
        None => CallError::Unreachable { url: url.to_owned(), cause: error.to_string() },
    }
}
