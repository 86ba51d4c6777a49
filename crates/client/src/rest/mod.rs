//! One typed method a call of the wire contract.
//!
//! # Invariants
//! - Each call resolves its endpoint anew, so a hub that came back on another port is found.
//! - A call ends: 5 s to connect, 10 s in all (one that waits on purpose: its wait and 10 s), and no answer is read beyond
//!   [`ANSWER_BYTES`].
//! - Nothing is retried here. [`CallError::is_transient`] tells a caller whether trying again may help.

mod error;
mod follow;
mod jobs;
mod logs;
mod questions;
mod schedules;
mod tokens;
mod workers;

use std::time::Duration;

use bytes::Bytes;
use doorbell_protocol::{
    ErrorBody,
    hub::{Health, Stats},
};
use reqwest::{Method, StatusCode, header};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Endpoint, EndpointSource,
    http::{Http, Reuse},
};

pub use error::{CallError, Refusal};
pub use follow::LogFollower;
pub use jobs::{JobQuery, Running};

/// Longest time of a call that does not wait on purpose.
pub const CALL: Duration = Duration::from_secs(10);
/// Largest answer that is read, in bytes.
pub const ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// Calls one hub. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    source: EndpointSource,
    http: Http,
}

/// What a call sends beside its path.
struct Call<'a, B: ?Sized> {
    method: Method,
    path: String,
    body: Body<'a, B>,
    etag: Option<&'a str>,
    timeout: Duration,
}

/// What a call carries.
enum Body<'a, B: ?Sized> {
    Nothing,
    Json(&'a B),
    Bytes(Bytes),
}

/// A whole answer that is not a refusal.
struct Answer {
    url: String,
    status: StatusCode,
    etag: Option<String>,
    body: Vec<u8>,
}

impl Client {
    /// A client of the hub that `source` names. Connects to nothing yet.
    #[must_use]
    pub fn new(source: EndpointSource) -> Self {
        Self { source, http: Http::new(Reuse::Soon) }
    }

    /// The hub as of now.
    ///
    /// # Errors
    /// There is no hub, or no token for it.
    pub fn endpoint(&self) -> Result<Endpoint, CallError> {
        Ok(self.source.resolve()?)
    }

    /// `GET /v1/health`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn health(&self) -> Result<Health, CallError> {
        self.get("/v1/health").await
    }

    /// `GET /v1/stats`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn stats(&self) -> Result<Stats, CallError> {
        self.get("/v1/stats").await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CallError> {
        self.send(Call::<()>::new(Method::GET, path)).await?.json()
    }

    /// A call without a body, whose answer is a body of one thing.
    async fn act<T: DeserializeOwned>(&self, method: Method, path: &str) -> Result<T, CallError> {
        self.send(Call::<()>::new(method, path)).await?.json()
    }

    async fn call<B: Serialize + ?Sized, T: DeserializeOwned>(&self, method: Method, path: &str, body: &B) -> Result<T, CallError> {
        self.send(Call::new(method, path).body(body)).await?.json()
    }

    async fn send<B: Serialize + ?Sized>(&self, call: Call<'_, B>) -> Result<Answer, CallError> {
        let endpoint = self.source.resolve()?;
        let url = endpoint.url().to_owned();
        let mut request = self
            .http
            .to(&endpoint)
            .map_err(|e| CallError::of_transport(&url, &e))?
            .request(call.method, format!("{url}{}", call.path))
            .timeout(call.timeout)
            .bearer_auth(endpoint.token().expose());
        request = match call.body {
            Body::Nothing => request,
            Body::Json(body) => request.json(body),
            Body::Bytes(bytes) => request.body(bytes),
        };
        if let Some(etag) = call.etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        let response = request.send().await.map_err(|e| CallError::of_transport(&url, &e))?;
        let status = response.status();
        let etag = response.headers().get(header::ETAG).and_then(|etag| etag.to_str().ok()).map(str::to_owned);
        let body = read_bounded(&url, response).await?;
        if status.is_success() || status == StatusCode::NOT_MODIFIED {
            return Ok(Answer { url, status, etag, body });
        }
        Err(CallError::of_status(&url, status, serde_json::from_slice::<ErrorBody>(&body).ok()))
    }
}

impl<'a, B: ?Sized> Call<'a, B> {
    fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), body: Body::Nothing, etag: None, timeout: CALL }
    }

    fn body(self, body: &'a B) -> Self {
        Self { body: Body::Json(body), ..self }
    }
}

impl Answer {
    fn json<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        serde_json::from_slice(&self.body).map_err(|e| CallError::Malformed { url: self.url.clone(), cause: e.to_string() })
    }
}

async fn read_bounded(url: &str, mut response: reqwest::Response) -> Result<Vec<u8>, CallError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| CallError::of_transport(url, &e))? {
        if body.len() + chunk.len() > ANSWER_BYTES {
            return Err(CallError::Malformed { url: url.to_owned(), cause: format!("the answer is larger than {ANSWER_BYTES} bytes") });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
