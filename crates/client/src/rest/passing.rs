//! Calls that are passed on for somebody who may not have the token, as the tray app does it for its panel.
//! Who makes them has checked them against the table of routes: here they are only carried.
//!
//! # Invariants
//! - The path is appended to the hub's own address, so nothing that stands in it leads to another host.
//! - A stream has the bounds of a call until it begins, and ends when nothing came for [`SILENCE`].

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use doorbell_protocol::routes;
use reqwest::{Method, StatusCode, header};
use tokio::time::timeout;

use super::{CALL, CallError, Client, read_bounded, refusal};

/// Longest silence on a stream. The hub sends a comment every 30 s.
const SILENCE: Duration = Duration::from_secs(60);
/// Headers of an answer that are passed on.
const PASSED: [header::HeaderName; 3] = [header::CONTENT_TYPE, header::ETAG, header::RETRY_AFTER];

/// A call as it is passed on.
#[derive(Clone, Debug)]
pub struct PassedCall {
    /// How it is called.
    pub method: routes::Method,
    /// Path and query. Begins with a slash.
    pub target: String,
    /// By their names in small letters.
    pub headers: BTreeMap<String, String>,
    /// Absent for a call without one.
    pub body: Option<String>,
    /// How long the hub may wait on purpose before it answers.
    pub wait: Duration,
}

/// What the hub answered, whatever its status.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PassedAnswer {
    /// As in 200.
    pub status: u16,
    /// By their names in small letters: type, ETag and when to try again.
    pub headers: BTreeMap<String, String>,
    /// As it came.
    pub body: Vec<u8>,
}

/// A stream of events as it is passed on. Dropping it closes the connection.
#[derive(Debug)]
pub struct PassedStream {
    url: String,
    response: reqwest::Response,
}

impl Client {
    /// Passes a call on, and its answer back.
    ///
    /// # Errors
    /// The hub is away, or does not answer in time. What it refuses is an answer.
    pub async fn pass(&self, call: PassedCall) -> Result<PassedAnswer, CallError> {
        let wait = call.wait;
        let (url, request) = self.passed(call)?;
        let response = request.timeout(wait + CALL).send().await.map_err(|e| CallError::of_transport(&url, &e))?;
        let status = response.status().as_u16();
        let text = |name: header::HeaderName| Some((name.to_string(), response.headers().get(&name)?.to_str().ok()?.to_owned()));
        let headers = PASSED.into_iter().filter_map(text).collect();
        Ok(PassedAnswer { status, headers, body: read_bounded(&url, response).await? })
    }

    /// Opens a stream for somebody else.
    ///
    /// # Errors
    /// See [`CallError`]. What answers with anything but a stream is [`CallError::Malformed`].
    pub async fn pass_stream(&self, target: String) -> Result<PassedStream, CallError> {
        let headers = BTreeMap::from([("accept".to_owned(), "text/event-stream".to_owned())]);
        let (url, request) = self.passed(PassedCall { method: routes::Method::Get, target, headers, body: None, wait: Duration::ZERO })?;
        let response = match timeout(CALL, request.send()).await {
            Ok(response) => response.map_err(|e| CallError::of_transport(&url, &e))?,
            Err(_) => return Err(CallError::TimedOut { url }),
        };
        let status = response.status();
        if status != StatusCode::OK {
            let body = read_bounded(&url, response).await?;
            return Err(CallError::of_status(&url, status, refusal(&body)));
        }
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("text/event-stream") {
            return Err(CallError::Malformed { url, cause: "the answer is no stream of events".to_owned() });
        }
        Ok(PassedStream { url, response })
    }

    fn passed(&self, call: PassedCall) -> Result<(String, reqwest::RequestBuilder), CallError> {
        let endpoint = self.source.resolve()?;
        let url = endpoint.url().to_owned();
        let method = match call.method {
            routes::Method::Get => Method::GET,
            routes::Method::Post => Method::POST,
            routes::Method::Put => Method::PUT,
            routes::Method::Delete => Method::DELETE,
        };
        let http = self.http.to(&endpoint).map_err(|e| CallError::of_transport(&url, &e))?;
        let mut request = http.request(method, format!("{url}{}", call.target));
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        if let Some(body) = call.body {
            request = request.body(body);
        }
        Ok((url, request.bearer_auth(endpoint.token().expose())))
    }
}

impl PassedStream {
    /// The next bytes, cut anywhere; `None` when the hub has ended the stream.
    ///
    /// # Errors
    /// The connection broke, or nothing came for too long.
    pub async fn next(&mut self) -> Result<Option<Bytes>, CallError> {
        match timeout(SILENCE, self.response.chunk()).await {
            Ok(chunk) => chunk.map_err(|e| CallError::of_transport(&self.url, &e)),
            Err(_) => Err(CallError::TimedOut { url: self.url.clone() }),
        }
    }
}
