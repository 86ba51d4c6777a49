//! Requests that nobody would write: whatever comes in, the hub answers, never with a fault of its own, and goes on.

use std::time::Duration;

use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    raw::Raw,
    support::{LONG, TestHub},
};

/// A call may wait for something to happen. That it waits is an answer, too.
const PATIENCE: Duration = Duration::from_millis(100);

#[derive(Clone, Debug)]
struct Request {
    method: &'static str,
    path: String,
    headers: Vec<String>,
    body: Vec<u8>,
}

/// Each route with a body that it takes. In a path, `JOB` is a job that runs, `OVER` one that is over, and `QUESTION`, `WORKER`,
/// `SCHEDULE` and `TOKEN` are there, until a request takes them away.
fn routes() -> Vec<(&'static str, &'static str, Value)> {
    let none = || json!(null);
    let new = json!({
        "name": "make", "key": "make", "start": true, "started_at": "2026-11-21T10:42:00.000Z",
        "origin": {"host": "h", "user": "u", "cwd": "/", "command": ["make"]},
    });
    let task = json!({
        "name": "ingest", "command": ["ingest"], "cwd": "/", "env": {"A": "1"}, "priority": 3, "attempts": 2,
        "not_before": "2026-11-21T10:42:00.000Z", "after": ["0192f0c1-7a3b-7c4d-8e5f-0123456789ab"],
    });
    let progress = json!({
        "fence": 1, "done": 1, "total": 2, "unit": "files", "fraction": 0.5, "message": "m",
        "step": {"index": 1, "count": 8, "label": "l"}, "at": "2026-11-21T10:42:00.000Z",
    });
    let finish = json!({
        "fence": 2, "outcome": "failed", "exit_code": 1, "failure": "f", "finished_at": "2026-11-21T10:42:00.000Z",
    });
    let question = json!({
        "id": "0192f0c1-7a3b-7c4d-8e5f-0123456789ac", "fence": 1, "prompt": "Deploy?", "detail": "two\nlines", "free_text": true,
        "choices": [{"id": "yes", "label": "Yes", "style": "primary"}, {"id": "no", "label": "No"}], "expires_in_ms": 1_000,
    });
    let schedule = json!({
        "name": "nightly", "cron": "0 2 * * *", "timezone": "Europe/Berlin", "command": ["ingest"], "cwd": "/", "env": {"A": "1"},
        "overlap": "skip", "catch_up": "last",
    });
    vec![
        ("GET", "/metrics", none()),
        ("GET", "/v1/changes", none()),
        ("GET", "/v1/feed", none()),
        ("GET", "/v1/health", none()),
        ("GET", "/v1/stats", none()),
        ("GET", "/v1/jobs", none()),
        ("GET", "/v1/jobs?state=running", none()),
        ("GET", "/v1/jobs?key=make&q=ma&finished_after=2026-11-21T10:42:00.000Z&limit=3", none()),
        ("POST", "/v1/jobs", new),
        ("POST", "/v1/jobs", task),
        ("GET", "/v1/jobs/JOB", none()),
        ("DELETE", "/v1/jobs/OVER", none()),
        ("POST", "/v1/jobs/OVER/cancel", none()),
        ("POST", "/v1/jobs/OVER/retry", none()),
        ("POST", "/v1/jobs/JOB/finish", finish),
        ("PUT", "/v1/jobs/JOB/lease", json!({"fence": 1})),
        ("PUT", "/v1/jobs/JOB/progress", progress),
        ("POST", "/v1/jobs/JOB/log?offset=0&fence=FENCE", json!("what a command prints")),
        ("GET", "/v1/jobs/JOB/log", none()),
        ("GET", "/v1/jobs/JOB/log?tail=10&follow=true", none()),
        ("POST", "/v1/jobs/JOB/questions", question),
        ("GET", "/v1/questions?state=open", none()),
        ("GET", "/v1/questions/QUESTION?wait_ms=0", none()),
        ("POST", "/v1/questions/QUESTION/answer", json!({"choice": "yes", "text": "t", "by": "ada", "from": "phone"})),
        ("POST", "/v1/questions/QUESTION/withdraw", json!({"fence": 1})),
        ("POST", "/v1/test-jobs", json!({"duration_ms": 100, "fail_at_step": 2})),
        ("GET", "/v1/workers", none()),
        ("POST", "/v1/workers", json!({"name": "w", "host": "h", "slots": 1})),
        ("PUT", "/v1/workers/WORKER", none()),
        ("DELETE", "/v1/workers/WORKER", none()),
        ("POST", "/v1/claims", json!({"worker": "0192f0c1-7a3b-7c4d-8e5f-0123456789ab", "wait_ms": 0})),
        ("GET", "/v1/schedules", none()),
        ("POST", "/v1/schedules", schedule.clone()),
        ("GET", "/v1/schedules/SCHEDULE", none()),
        ("PUT", "/v1/schedules/SCHEDULE", schedule),
        ("DELETE", "/v1/schedules/SCHEDULE", none()),
        ("GET", "/v1/tokens", none()),
        ("POST", "/v1/tokens", json!({"name": "ci", "roles": ["report", "answer"], "expires_in_ms": 60_000})),
        ("DELETE", "/v1/tokens/TOKEN", none()),
    ]
}

fn request() -> impl Strategy<Value = Request> {
    let method =
        prop_oneof![6 => Just(None), 1 => prop::sample::select(vec!["GET", "HEAD", "OPTIONS", "PATCH", "DELETE", "BREW"]).prop_map(Some)];
    (prop::sample::select(routes()), method, path_end(), prop::collection::vec(header(), 0..4)).prop_flat_map(
        |((usual, path, valid), method, end, headers)| {
            let path = format!("{path}{end}");
            body(valid).prop_map(move |body| Request {
                method: method.unwrap_or(usual),
                path: path.clone(),
                headers: headers.clone(),
                body,
            })
        },
    )
}

/// What is appended to a path: mostly nothing.
fn path_end() -> impl Strategy<Value = String> {
    let query =
        prop_oneof![Just("?state=".to_owned()), "\\?(state|cursor|limit|q)=[!-~&&[^ #]]{0,40}", "\\?limit=[-0-9]{1,30}", "[?&=%;+]{1,20}",];
    prop_oneof![4 => Just(String::new()), 2 => query, 1 => "/(%[0-9a-fA-F]{2}|\\.\\.|/|[a-z{}*]){0,12}", 1 => "[!-~&&[^ #]]{0,60}"]
}

fn header() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "Accept",
        "Accept-Encoding",
        "Content-Type",
        "Cookie",
        "Expect",
        "If-None-Match",
        "Last-Event-ID",
        "Origin",
        "Range",
        "Upgrade",
        "X-Odd",
    ]);
    (name, prop_oneof!["[ -~]{0,60}", "[ -~]{4000}", "\\PC{0,20}", Just("100-continue".to_owned())])
        .prop_map(|(name, value)| format!("{name}: {value}"))
}

fn body(valid: Value) -> impl Strategy<Value = Vec<u8>> {
    let fields = valid.as_object().map_or(0, serde_json::Map::len).max(1);
    let mutated = (0..fields, prop::collection::vec(odd(), 1..3)).prop_map(move |(first, values)| {
        let mut valid = valid.clone();
        if let Value::Object(object) = &mut valid {
            for (value, field) in values.into_iter().zip(object.values_mut().skip(first)) {
                *field = value;
            }
        }
        valid.to_string().into_bytes()
    });
    let nested = (1_usize..20_000).prop_map(|depth| "[".repeat(depth).into_bytes());
    let nested_objects = (1_usize..5_000).prop_map(|depth| r#"{"name":"#.repeat(depth).into_bytes());
    let huge = "[-0-9.eE]{1,400}".prop_map(|number| format!(r#"{{"fence":{number},"done":{number},"slots":{number}}}"#).into_bytes());
    prop_oneof![
        6 => mutated,
        1 => odd().prop_map(|value| value.to_string().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..300),
        1 => nested,
        1 => nested_objects,
        1 => huge,
    ]
}

/// Any JSON, with a leaning to what is at the edge.
fn odd() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        prop::sample::select(vec![json!(0), json!(-1), json!(u64::MAX), json!(i64::MIN), json!(1e308), json!(-1e-308), json!(1_u64 << 53)]),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
    ];
    let time = prop::sample::select(vec![
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999Z",
        "-9999-01-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-11-21T23:59:60Z",
        "2026-11-21T10:42:00+25:00",
        "1969-12-31T23:59:59.999Z",
    ]);
    let text = prop_oneof!["\\PC{0,30}", "\\PC{300}", Just("\u{202e}\u{0}\u{1b}[31m".to_owned()), time.prop_map(str::to_owned)];
    let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), number, text.prop_map(Value::from)];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-z_]{0,10}", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

#[test]
fn no_request_is_a_fault_of_the_hub() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let hub = runtime.block_on(TestHub::start());
    let there = runtime.block_on(things(&hub));
    let config = Config { cases: 1_500, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&request(), |request| runtime.block_on(ask(&hub, &request, &there)));
    if let Err(error) = result {
        panic!("{error}");
    }
    runtime.block_on(async {
        let mut feed = hub.feed(None).await;
        let (id, _) = feed.snapshot().await;
        let job = hub.started("after all that").await.job;
        assert_eq!(feed.event().await.0.seq, id.seq.next());
        assert_eq!(hub.finish(job.id, "succeeded").await.status(), 200);
        drop(feed);
        hub.until_listeners_are(0, LONG).await;
    });
}

/// One of each, by the word that stands for it in a path.
async fn things(hub: &TestHub) -> Vec<(&'static str, String)> {
    let id = async |path: &str, body: Value, of: &str| {
        let answer = hub.post(path, body).await;
        assert_eq!(answer.status(), 201, "{path}");
        answer.json::<Value>().await.unwrap()[of]["id"].as_str().unwrap().to_owned()
    };
    let job = hub.started("make").await.job.id;
    let over = hub.started("over").await.job.id;
    hub.finish(over, "failed").await;
    let question = json!({"fence": hub.fence(job), "prompt": "Deploy?", "free_text": true});
    vec![
        ("FENCE", hub.fence(job).0.to_string()),
        ("JOB", job.to_string()),
        ("OVER", over.to_string()),
        ("QUESTION", id(&format!("/v1/jobs/{job}/questions"), question, "question").await),
        ("WORKER", hub.worker("w", 1).await.to_string()),
        (
            "SCHEDULE",
            id("/v1/schedules", json!({"name": "nightly", "cron": "@daily", "timezone": "UTC", "command": ["true"]}), "schedule").await,
        ),
        ("TOKEN", id("/v1/tokens", json!({"name": "ci", "roles": ["report"]}), "token").await),
    ]
}

/// The body with the fence of the job in the place of the 1 that stands for it, where it has one.
fn with_fence(body: &[u8], fence: &str) -> Vec<u8> {
    const ONE: &[u8] = br#""fence":1"#;
    let mut body = body.to_vec();
    if let Some(at) = body.windows(ONE.len()).position(|bytes| bytes == ONE) {
        body.splice(at + ONE.len() - 1..at + ONE.len(), fence.bytes());
    }
    body
}

async fn ask(hub: &TestHub, request: &Request, there: &[(&str, String)]) -> Result<(), TestCaseError> {
    let Request { method, path, headers, body } = request;
    let path = there.iter().fold(path.clone(), |path, (word, id)| path.replace(word, id));
    let body = &with_fence(body, &there[0].1);
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let (token, length) = (&hub.token, body.len());
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    let mut raw = Raw::connect(hub.address).await;
    raw.send([head.as_bytes(), body].concat()).await;
    let mut answered = std::pin::pin!(raw.status());
    let status = match timeout(PATIENCE, &mut answered).await {
        Ok(status) => status,
        Err(_) if path.starts_with("/v1/claims") || path.contains("wait_ms=") => return Ok(()),
        Err(_) => answered.await,
    };
    prop_assert!(status.is_some_and(|status| (200..500).contains(&status)), "{status:?}");
    Ok(())
}
