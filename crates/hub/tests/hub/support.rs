//! A hub on a free port with its data in a temporary folder, and a caller that knows its token.

use std::{
    collections::HashMap,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use doorbell_hub::{Config, Hub, OpenError};
use doorbell_protocol::{
    Counts, ErrorBody, ErrorCode, Event, EventId, FeedMessage, Fence, Job, JobId, Sequence, Snapshot, WorkerId,
    hub::Stats,
    jobs::{CreatedJob, OneJob, RunningList},
    worker::{Claim, RegisteredWorker},
};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

/// Nothing that is waited for takes this long.
pub(crate) const LONG: Duration = Duration::from_secs(20);

type SetUp = Arc<dyn Fn(&mut Config) + Send + Sync>;

pub(crate) struct TestHub {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
    folder: Arc<TempDir>,
    set_up: SetUp,
    shutdown: CancellationToken,
    serving: JoinHandle<()>,
    http: reqwest::Client,
    /// Of the leases that this caller was given.
    fences: Arc<Mutex<HashMap<JobId, Fence>>>,
}

/// A client to be set up. Other crates of the workspace give it TLS, which needs a provider.
pub(crate) fn http() -> reqwest::ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Sooner than the hub closes a connection that stands idle: a call would break that goes out as it closes.
    reqwest::Client::builder().pool_idle_timeout(Duration::from_secs(5))
}

/// What was refused: status, code and field.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Refused(pub(crate) u16, pub(crate) ErrorCode, pub(crate) Option<String>);

impl TestHub {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with_leases_of(lease_ttl: Duration) -> Self {
        Self::with(move |config| config.lease_ttl = lease_ttl).await
    }

    /// A hub that is set up otherwise, also after a restart.
    pub(crate) async fn with(set_up: impl Fn(&mut Config) + Send + Sync + 'static) -> Self {
        Self::open(Arc::new(tempfile::tempdir().unwrap()), Arc::new(set_up)).await
    }

    async fn open(folder: Arc<TempDir>, set_up: SetUp) -> Self {
        let mut config = Config::new(folder.path().join("data"));
        config.hub_file = Some(folder.path().join("run/hub.json"));
        config.lease_ttl = Duration::from_secs(60);
        set_up(&mut config);
        let hub = open(config).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let ended = shutdown.clone().cancelled_owned();
        let serving = tokio::spawn(async move { hub.serve(listener, ended).await.unwrap() });
        let token = std::fs::read_to_string(folder.path().join("data/token")).unwrap().trim().to_owned();
        let http = http().no_proxy().timeout(LONG).build().unwrap();
        let hub = Self { address, token, folder, set_up, shutdown, serving, http, fences: Arc::default() };
        // It answers, so it serves and has announced itself.
        hub.bare(Method::GET, "/v1/health").send().await.unwrap();
        hub
    }

    /// Ends the hub in order and opens another on the same data.
    pub(crate) async fn restart(self) -> Self {
        self.restart_after(|_| {}).await
    }

    /// [`restart`](Self::restart), with `away` in between, which may open the database.
    pub(crate) async fn restart_after(self, away: impl FnOnce(&Path)) -> Self {
        let (folder, set_up, fences) = (self.folder.clone(), self.set_up.clone(), self.fences.clone());
        self.stop().await;
        away(&folder.path().join("data/doorbell.db"));
        Self { fences, ..Self::open(folder, set_up).await }
    }

    /// Ends the hub in order. Its folder lasts as long as what is returned.
    pub(crate) async fn stop(self) -> Arc<TempDir> {
        let folder = self.folder.clone();
        self.stop_and(|_| {}).await;
        folder
    }

    /// Ends the hub in order, then looks at what is left of its folder.
    pub(crate) async fn stop_and(self, look: impl FnOnce(&Path)) {
        self.shutdown.cancel();
        timeout(LONG, self.serving).await.unwrap().unwrap();
        look(self.folder.path());
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A call with the token that is in the file now.
    pub(crate) fn call(&self, method: Method, path: &str) -> RequestBuilder {
        let token = std::fs::read_to_string(self.folder.path().join("data/token")).unwrap_or_else(|_| self.token.clone());
        self.bare(method, path).bearer_auth(token.trim())
    }

    /// A call without the token.
    pub(crate) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.address))
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.call(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json().await.unwrap()
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Value) -> Response {
        self.call(method, path).json(&body).send().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Response {
        self.send(Method::POST, path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Response {
        self.send(Method::PUT, path, body).await
    }

    /// A job that this caller runs itself.
    pub(crate) async fn started(&self, name: &str) -> CreatedJob {
        let answer = self.post("/v1/jobs", json!({"name": name, "start": true})).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
        self.kept(answer.json().await.unwrap())
    }

    /// The job, whose fence is known from now on.
    pub(crate) fn kept(&self, created: CreatedJob) -> CreatedJob {
        self.keep_fence(created.job.id, created.lease.unwrap().fence);
        created
    }

    /// Of the lease of a job that this caller has started or claimed.
    pub(crate) fn fence(&self, id: JobId) -> Fence {
        self.fences.lock().unwrap()[&id]
    }

    /// Of a lease that the test was given in another way.
    pub(crate) fn keep_fence(&self, id: JobId, fence: Fence) {
        self.fences.lock().unwrap().insert(id, fence);
    }

    /// A job for a worker, with `more` in its body.
    pub(crate) async fn queued(&self, name: &str, more: Value) -> Job {
        let mut body = json!({"name": name, "command": ["true"]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = self.post("/v1/jobs", body).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
        answer.json::<CreatedJob>().await.unwrap().job
    }

    pub(crate) async fn worker(&self, name: &str, slots: u32) -> WorkerId {
        let answer = self.post("/v1/workers", json!({"name": name, "host": "here", "slots": slots})).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
        answer.json::<RegisteredWorker>().await.unwrap().worker.id
    }

    pub(crate) async fn claim(&self, worker: WorkerId, wait_ms: u64) -> Option<Claim> {
        let answer = self.post("/v1/claims", json!({"worker": worker, "wait_ms": wait_ms})).await;
        match answer.status() {
            StatusCode::NO_CONTENT => None,
            StatusCode::OK => {
                let claim: Claim = answer.json().await.unwrap();
                self.keep_fence(claim.job.id, claim.lease.fence);
                Some(claim)
            }
            status => panic!("{status}"),
        }
    }

    pub(crate) async fn cancel(&self, id: JobId) -> Response {
        self.call(Method::POST, &format!("/v1/jobs/{id}/cancel")).send().await.unwrap()
    }

    pub(crate) async fn delete(&self, path: &str) -> Response {
        self.call(Method::DELETE, path).send().await.unwrap()
    }

    pub(crate) async fn progress(&self, id: JobId, done: u64) {
        let answer = self.put(&format!("/v1/jobs/{id}/progress"), json!({"fence": self.fence(id), "done": done, "total": 1_000_000})).await;
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    }

    pub(crate) async fn finish(&self, id: JobId, outcome: &str) -> Response {
        self.post(&format!("/v1/jobs/{id}/finish"), json!({"fence": self.fence(id), "outcome": outcome})).await
    }

    pub(crate) async fn job(&self, id: JobId) -> Job {
        let answer: OneJob = serde_json::from_value(self.get(&format!("/v1/jobs/{id}")).await).unwrap();
        answer.job
    }

    pub(crate) async fn running(&self) -> RunningList {
        serde_json::from_value(self.get("/v1/jobs?state=running").await).unwrap()
    }

    /// What a refused call must leave as it was.
    pub(crate) async fn facts(&self) -> (Counts, Sequence, u64, u64) {
        let stats = self.stats().await;
        (stats.counts, stats.seq, stats.progress_reports, stats.failed)
    }

    pub(crate) async fn stats(&self) -> Stats {
        serde_json::from_value(self.get("/v1/stats").await).unwrap()
    }

    /// Returns when so many listen.
    pub(crate) async fn until_listeners_are(&self, expected: u32, within: Duration) {
        let deadline = tokio::time::Instant::now() + within;
        loop {
            let listeners = self.stats().await.subscribers;
            if listeners == expected {
                return;
            }
            assert!(tokio::time::Instant::now() < deadline, "{listeners} listeners instead of {expected}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn feed(&self, last: Option<&str>) -> Feed {
        self.feed_as(&self.token, last).await
    }

    /// The feed of somebody else.
    pub(crate) async fn feed_as(&self, secret: &str, last: Option<&str>) -> Feed {
        let mut call = self.bare(Method::GET, "/v1/feed").bearer_auth(secret);
        if let Some(last) = last {
            call = call.header("Last-Event-ID", last);
        }
        let answer = call.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Feed::of(answer)
    }
}

/// Opens a hub on a folder that another hub has just left. A process that another test starts at that moment holds a copy
/// of every lock until it has become its program.
pub(crate) async fn open(config: Config) -> Hub {
    try_open(config).await.unwrap()
}

/// [`open`], with a refusal for any other reason.
pub(crate) async fn try_open(config: Config) -> Result<Hub, OpenError> {
    let deadline = tokio::time::Instant::now() + LONG;
    loop {
        match Hub::open(config.clone()) {
            Err(OpenError::InUse(_)) if tokio::time::Instant::now() < deadline => tokio::task::yield_now().await,
            opened => return opened,
        }
    }
}

pub(crate) async fn refused(answer: Response) -> Refused {
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    let body: ErrorBody = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{status} {text:?}: {error}"));
    assert!(!body.error.message.is_empty());
    Refused(status, body.error.code, body.error.field)
}

/// Takes the first whole message out of `text`; comments and `retry` are passed over.
pub(crate) fn take_message(text: &mut String) -> Option<(EventId, FeedMessage)> {
    while let Some((block, rest)) = text.split_once("\n\n") {
        let fields: Vec<(&str, &str)> = block.lines().filter_map(|line| line.split_once(": ")).collect();
        let field = |name| fields.iter().find(|(field, _)| *field == name).map(|(_, value)| *value);
        let message = field("event").map(|event| {
            let message = FeedMessage::decode(event, field("data").unwrap()).unwrap().unwrap();
            (field("id").unwrap().parse().unwrap(), message)
        });
        *text = rest.to_owned();
        if message.is_some() {
            return message;
        }
    }
    None
}

/// A feed as it comes over the socket.
pub(crate) struct Feed {
    answer: Response,
    text: String,
}

impl Feed {
    pub(crate) fn of(answer: Response) -> Self {
        Self { answer, text: String::new() }
    }

    /// The next message; comments and `retry` are passed over.
    pub(crate) async fn next(&mut self) -> (EventId, FeedMessage) {
        self.maybe_next().await.expect("the feed ended")
    }

    /// The next message, or `None` at the end of the stream.
    pub(crate) async fn maybe_next(&mut self) -> Option<(EventId, FeedMessage)> {
        loop {
            if let Some(message) = take_message(&mut self.text) {
                return Some(message);
            }
            let chunk = timeout(LONG, self.answer.chunk()).await.expect("the feed is silent").ok()??;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    pub(crate) async fn snapshot(&mut self) -> (EventId, Snapshot) {
        match self.next().await {
            (id, FeedMessage::Snapshot(snapshot)) => (id, snapshot),
            (_, FeedMessage::Event(event)) => panic!("{event:?} instead of a snapshot"),
        }
    }

    pub(crate) async fn event(&mut self) -> (EventId, &'static str, Event) {
        match self.next().await {
            (id, FeedMessage::Event(event)) => (id, event.kind().as_str(), event.into_data()),
            (_, FeedMessage::Snapshot(snapshot)) => panic!("{snapshot:?} instead of an event"),
        }
    }
}
