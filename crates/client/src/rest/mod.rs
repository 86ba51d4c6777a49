//! One typed method for each call of the wire contract, made of its line in the table of routes.
//!
//! # Invariants
//! - Each call resolves its endpoint anew, so a hub that came back on another port is found.
//! - Every call ends: it has 5 s to connect and 10 s in all, or its wait and 10 s when it waits on purpose.
//!   No answer is read beyond [`ANSWER_BYTES`].
//! - Nothing is retried here, but a call that is refused with a token which has been replaced meanwhile. [`CallError::is_transient`] tells a caller whether trying again may help.

mod error;
mod follow;
mod jobs;
mod logs;
mod pages;
mod passing;
mod questions;
mod schedules;
mod tokens;
mod workers;

use std::time::Duration;

use bytes::Bytes;
use doorbell_protocol::{
    ErrorBody,
    hub::{Health, Stats},
    routes::{self, Json, PathId, Route},
    run_secret,
};
use reqwest::{
    Method, StatusCode,
    header::{self, HeaderValue},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Endpoint, EndpointSource,
    http::{Http, Reuse},
    wire_text,
};

pub use doorbell_protocol::jobs::JobQuery;
pub use error::{CallError, RefusedCall};
pub use follow::LogFollower;
pub use jobs::Running;
pub use pages::Pages;
pub use passing::{PassedAnswer, PassedCall, PassedStream};

/// Longest time of a call that does not wait on purpose.
pub const CALL: Duration = Duration::from_secs(10);
/// Largest answer that is read, in bytes.
pub const ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// Calls one hub. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    source: EndpointSource,
    http: Http,
    run_secret: Option<HeaderValue>,
}

/// One call, ready to be sent.
struct Call<'a> {
    method: Method,
    /// Path and query.
    target: String,
    body: Option<Body>,
    etag: Option<&'a str>,
    timeout: Duration,
}

/// What a call carries.
struct Body {
    kind: &'static str,
    bytes: Bytes,
}

/// A complete answer that is not a refusal.
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
        Self { source, http: Http::new(Reuse::Soon), run_secret: None }
    }

    /// The client of a program that is the run with this secret, and shows it with each call. What could not stand in a header is no
    /// secret, and is not shown.
    #[must_use]
    pub fn showing(self, run_secret: Option<&str>) -> Self {
        let run_secret = run_secret.and_then(|secret| HeaderValue::from_str(secret).ok()).map(|mut secret| {
            secret.set_sensitive(true);
            secret
        });
        Self { run_secret, ..self }
    }

    /// A client whose calls are far apart. It closes each connection after its call, and then has nothing to look after: to keep
    /// connections means to wake up seconds after each call, and see which are idle.
    #[must_use]
    pub fn for_rare_calls(source: EndpointSource) -> Self {
        Self { source, http: Http::new(Reuse::Never), run_secret: None }
    }

    /// The hub's endpoint, found anew.
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
        self.call(&routes::HEALTH, (), &()).await
    }

    /// `GET /v1/stats`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn stats(&self) -> Result<Stats, CallError> {
        self.call(&routes::STATS, (), &()).await
    }

    /// A call without a body, answered with one.
    async fn call<Id: PathId, Query: Serialize, A: DeserializeOwned>(
        &self,
        route: &Route<Id, Query, (), Json<A>>,
        id: Id,
        query: &Query,
    ) -> Result<A, CallError> {
        self.send(Call::of(route, &id, query)).await?.json()
    }

    /// A call with a body, answered with one.
    async fn call_with<Id: PathId, B: Serialize, A: DeserializeOwned>(
        &self,
        route: &Route<Id, (), Json<B>, Json<A>>,
        id: Id,
        body: &B,
    ) -> Result<A, CallError> {
        self.send(Call::of(route, &id, &()).json(body)).await?.json()
    }

    /// A call without a body, answered without one.
    async fn act<Id: PathId>(&self, route: &Route<Id, (), (), ()>, id: Id) -> Result<(), CallError> {
        self.send(Call::of(route, &id, &())).await.map(|_| ())
    }

    async fn send(&self, call: Call<'_>) -> Result<Answer, CallError> {
        let tried = self.source.resolve()?;
        match self.send_to(&tried, &call).await {
            // The token may have been replaced after it was read. The hub has done nothing.
            Err(CallError::Unauthorized { url }) => match self.source.resolve() {
                Ok(endpoint) if endpoint != tried => self.send_to(&endpoint, &call).await,
                _ => Err(CallError::Unauthorized { url }),
            },
            answered => answered,
        }
    }

    async fn send_to(&self, endpoint: &Endpoint, call: &Call<'_>) -> Result<Answer, CallError> {
        let url = endpoint.url().to_owned();
        let mut request = self
            .http
            .to(endpoint)
            .map_err(|e| CallError::of_transport(&url, &e))?
            .request(call.method.clone(), format!("{url}{}", call.target))
            .timeout(call.timeout)
            .bearer_auth(endpoint.token().expose());
        if let Some(Body { kind, bytes }) = &call.body {
            request = request.header(header::CONTENT_TYPE, *kind).body(bytes.clone());
        }
        if let Some(secret) = &self.run_secret {
            request = request.header(run_secret::HEADER, secret);
        }
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
        Err(CallError::of_status(&url, status, refusal(&body)))
    }
}

impl Call<'_> {
    fn of<Id: PathId, Query: Serialize, Sent, A>(route: &Route<Id, Query, Sent, A>, id: &Id, query: &Query) -> Self {
        let method = match route.spec.method {
            routes::Method::Get => Method::GET,
            routes::Method::Post => Method::POST,
            routes::Method::Put => Method::PUT,
            routes::Method::Delete => Method::DELETE,
        };
        Self { method, target: route.target(id, query), body: None, etag: None, timeout: CALL }
    }

    fn json(self, body: &impl Serialize) -> Self {
        let bytes = serde_json::to_vec(body).expect("a body of the contract can be written as JSON").into();
        Self { body: Some(Body { kind: "application/json", bytes }), ..self }
    }

    fn bytes(self, bytes: Bytes) -> Self {
        Self { body: Some(Body { kind: "application/octet-stream", bytes }), ..self }
    }

    /// For a call that waits on purpose.
    fn waiting(self, wait: Duration) -> Self {
        Self { timeout: wait + CALL, ..self }
    }
}

impl Answer {
    fn json<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        serde_json::from_slice(&wire_text::cleaned(&self.body))
            .map_err(|e| CallError::Malformed { url: self.url.clone(), cause: e.to_string() })
    }
}

/// What a refusal says, if it is one of a hub.
fn refusal(body: &[u8]) -> Option<ErrorBody> {
    serde_json::from_slice(&wire_text::cleaned(body)).ok()
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
