//! What each role may do: the table in `docs/protocol.md`, held against every call of the table of routes.
//!
//! Each call is made for each role, about a job of the caller's own and about somebody else's, in such a state that it succeeds when it is
//! allowed. A call that is new fails this until the documentation has a line for it and [`call`] knows how it is made.

use std::{collections::HashMap, fs, path::Path};

use doorbell_protocol::{
    ErrorCode, JobId, Role,
    jobs::CreatedJob,
    routes::{self, Access, Method, Spec},
    token::CreatedToken,
};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::support::{Refused, TestHub, refused};

/// What the documentation says of a role and a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum May {
    Yes,
    Own,
    No,
}

/// Somebody who calls: with a token of one role, or with none.
struct Caller {
    role: Option<Role>,
    secret: Option<String>,
}

/// What a call is about.
struct Subject {
    job: JobId,
    fence: u64,
    question: String,
}

/// The columns of the table, by the words above them.
fn columns() -> [(&'static str, Option<Role>); 6] {
    [
        ("no token", None),
        ("`view`", Some(Role::View)),
        ("`report`", Some(Role::Report)),
        ("`work`", Some(Role::Work)),
        ("`answer`", Some(Role::Answer)),
        ("`admin`", Some(Role::Admin)),
    ]
}

/// What the documentation says, by the call as `GET /v1/jobs`: for each column in their order.
fn documented() -> HashMap<String, Vec<May>> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/protocol.md")).unwrap();
    let head = columns().map(|(words, _)| words).join(" | ");
    let (_, table) = page.split_once(&format!("| call | {head} |\n")).expect("the page has a table of calls and roles");
    let rows = table.lines().skip(1).map_while(|line| line.trim().strip_prefix("| `")?.strip_suffix(" |"));
    let may = |cell: &str| match cell {
        "yes" => May::Yes,
        "own" => May::Own,
        "–" => May::No,
        other => panic!("{other:?} says nothing"),
    };
    rows.map(|row| {
        let mut cells = row.split(" | ");
        (cells.next().unwrap().trim_end_matches('`').to_owned(), cells.map(may).collect())
    })
    .collect()
}

impl Caller {
    async fn of(hub: &TestHub, role: Option<Role>) -> Self {
        let Some(known) = role else { return Self { role, secret: None } };
        let host = (known == Role::Work).then_some("here");
        let answer = hub.post("/v1/tokens", json!({"name": known.as_str(), "roles": [known], "host": host})).await;
        Self { role, secret: Some(answer.json::<CreatedToken>().await.unwrap().secret) }
    }

    fn name(&self) -> &'static str {
        self.role.map_or("no token", Role::as_str)
    }

    async fn send(&self, hub: &TestHub, method: &str, path: &str, body: Option<&Value>) -> Response {
        let mut request = hub.bare(method.parse().unwrap(), path);
        if let Some(secret) = &self.secret {
            request = request.bearer_auth(secret);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await.unwrap()
    }

    /// A job that this caller runs, with a question that is open. `None` when the role creates none.
    async fn subject(&self, hub: &TestHub) -> Option<Subject> {
        let may_create = self.role.is_some_and(|role| role.covers(Role::Report));
        if !may_create {
            return None;
        }
        let answer = self.send(hub, "POST", "/v1/jobs", Some(&json!({"name": format!("own of {}", self.name()), "start": true}))).await;
        let CreatedJob { job, lease } = answer.json().await.unwrap();
        Some(with_question(hub, job.id, lease.unwrap().fence.0).await)
    }
}

/// A job that the owner runs.
async fn foreign(hub: &TestHub) -> Subject {
    let CreatedJob { job, lease } = hub.started("owners").await;
    with_question(hub, job.id, lease.unwrap().fence.0).await
}

async fn with_question(hub: &TestHub, job: JobId, fence: u64) -> Subject {
    let ask = json!({"fence": fence, "prompt": "Deploy?", "free_text": true});
    let asked: Value = hub.post(&format!("/v1/jobs/{job}/questions"), ask).await.json().await.unwrap();
    Subject { job, fence, question: asked["question"]["id"].as_str().unwrap().to_owned() }
}

async fn id(hub: &TestHub, path: &str, body: Value, of: &str) -> String {
    let made: Value = hub.post(path, body).await.json().await.unwrap();
    made[of]["id"].as_str().unwrap_or_else(|| panic!("{path}: {made}")).to_owned()
}

/// Path and body of a call that succeeds when it is allowed.
async fn call(hub: &TestHub, spec: &Spec, about: &Subject) -> (String, Option<Value>) {
    let Subject { job, fence, question } = about;
    let schedule = json!({"name": "nightly", "cron": "@daily", "timezone": "UTC", "command": ["true"]});
    let worker = json!({"name": "w", "host": "here", "slots": 1});
    let some_id = match spec.path.split('/').nth(2) {
        Some("jobs") => job.to_string(),
        Some("questions") => question.clone(),
        Some("schedules") if spec.path.contains(routes::ID) => id(hub, "/v1/schedules", schedule.clone(), "schedule").await,
        Some("tokens") if spec.path.contains(routes::ID) => id(hub, "/v1/tokens", json!({"name": "x", "roles": ["view"]}), "token").await,
        Some("workers") if spec.path.contains(routes::ID) => id(hub, "/v1/workers", worker.clone(), "worker").await,
        _ => String::new(),
    };
    let mut path = spec.path.replace(routes::ID, &some_id);
    let body = match spec.name {
        "METRICS"
        | "CHANGES"
        | "FEED"
        | "LIST_JOBS"
        | "GET_JOB"
        | "READ_LOG"
        | "LIST_QUESTIONS"
        | "GET_QUESTION"
        | "LIST_SCHEDULES"
        | "GET_SCHEDULE"
        | "STATS"
        | "HEALTH"
        | "LIST_TOKENS"
        | "LIST_WORKERS"
        | "CANCEL_JOB"
        | "DELETE_SCHEDULE"
        | "DELETE_TOKEN"
        | "HEARTBEAT"
        | "DRAIN_WORKER"
        | "CREATE_BROWSER_SESSION"
        | "CREATE_TEST_JOB"
        | "ROTATE_OWNER_TOKEN" => None,
        "OPEN_BROWSER_SESSION" => {
            let link: Value = hub.post("/v1/browser-sessions", json!({})).await.json().await.unwrap();
            Some(json!({"key": link["path"].as_str().unwrap().strip_prefix("/#key=").unwrap()}))
        }
        "CLAIM" => Some(json!({"worker": id(hub, "/v1/workers", worker, "worker").await, "wait_ms": 0})),
        "CREATE_JOB" => Some(json!({"name": "make", "start": true})),
        "DELETE_JOB" => {
            hub.post(&format!("/v1/jobs/{job}/finish"), json!({"fence": fence, "outcome": "succeeded"})).await;
            None
        }
        "RETRY_JOB" => {
            let queued = hub.queued("again", json!({})).await.id;
            hub.cancel(queued).await;
            path = spec.path.replace(routes::ID, &queued.to_string());
            None
        }
        "FINISH_JOB" => Some(json!({"fence": fence, "outcome": "succeeded"})),
        "RENEW_LEASE" => Some(json!({"fence": fence})),
        "APPEND_LOG" => {
            path = format!("{path}?offset=0&fence={fence}");
            Some(json!("made"))
        }
        "REPORT_PROGRESS" => Some(json!({"fence": fence, "fraction": 0.5})),
        "ASK_QUESTION" => Some(json!({"fence": fence, "prompt": "Again?", "free_text": true})),
        "ANSWER_QUESTION" => Some(json!({"text": "yes"})),
        "WITHDRAW_QUESTION" => Some(json!({"fence": fence})),
        "CREATE_SCHEDULE" | "REPLACE_SCHEDULE" => Some(schedule),
        "CREATE_TOKEN" => Some(json!({"name": "more", "roles": ["view"]})),
        "REGISTER_WORKER" => Some(worker),
        new => panic!("say how {new} is made so that it succeeds"),
    };
    (path, body)
}

#[test]
fn the_documentation_has_a_line_for_every_call_and_for_no_other() {
    let documented = documented();
    let mut left: Vec<&String> = documented.keys().collect();
    for spec in routes::ALL {
        let call = format!("{} {}", spec.method.as_str(), spec.path);
        assert_eq!(documented.get(&call).map(Vec::len), Some(columns().len()), "{call} has no whole line in docs/protocol.md");
        left.retain(|known| **known != call);
    }
    assert!(left.is_empty(), "there is no call {left:?}");
}

#[tokio::test]
async fn each_role_may_do_what_the_documentation_says_with_its_own_and_with_what_is_others() {
    let (documented, hub) = (documented(), TestHub::start().await);
    for (column, (_, role)) in columns().into_iter().enumerate() {
        let caller = Caller::of(&hub, role).await;
        for spec in routes::ALL {
            let may = documented[&format!("{} {}", spec.method.as_str(), spec.path)][column];
            let theirs = caller.subject(&hub).await;
            let others = foreign(&hub).await;
            for (about, is_own) in theirs.iter().map(|own| (own, true)).chain([(&others, false)]) {
                let (path, body) = call(&hub, spec, about).await;
                let answer = caller.send(&hub, spec.method.as_str(), &path, body.as_ref()).await;
                let told = format!("{}, {}, {}", caller.name(), spec.name, if is_own { "own" } else { "another's" });
                check(answer, spec, may, &caller, is_own, &told).await;
            }
            if may != May::No && !spec.path.contains(routes::ID) && spec.name.starts_with("LIST_") {
                lists_what_it_may(&hub, spec, may, &caller, theirs.as_ref(), &others).await;
            }
        }
    }
}

/// The answer is what `may` allows for a job that `is_own` or is not.
async fn check(answer: Response, spec: &Spec, may: May, caller: &Caller, is_own: bool, told: &str) {
    let status = answer.status();
    // A list has nothing that it is about: it leaves out what is not theirs.
    let is_allowed = match may {
        May::Yes => true,
        May::Own => is_own || !spec.path.contains(routes::ID),
        May::No => false,
    };
    if is_allowed {
        assert!(spec.statuses.contains(&status.as_u16()), "{told}: {status} {}", answer.text().await.unwrap());
        return;
    }
    let authorization = || Some("Authorization".to_owned());
    let expected = match (may, caller.role) {
        (May::Own, _) if spec.method == Method::Get => Refused(404, ErrorCode::NotFound, None),
        (_, None) => Refused(401, ErrorCode::Unauthorized, authorization()),
        _ => Refused(403, ErrorCode::Forbidden, authorization()),
    };
    let text = answer.text().await.unwrap();
    let needed = match spec.access {
        Access::Role(role) | Access::Own(role) => role.as_str(),
        Access::Anyone => "",
    };
    let body: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{told}: {status} {text:?}"));
    let (code, field) = (&body["error"]["code"], &body["error"]["field"]);
    assert_eq!((status.as_u16(), code, field), (expected.0, &json!(expected.1), &json!(expected.2)), "{told}");
    if may == May::No && caller.role.is_some() {
        assert!(body["error"]["message"].as_str().unwrap().contains(&format!("`{needed}`")), "{told}: {text}");
    }
}

/// A list of jobs or questions has what is theirs, and what is others' for who may read that.
async fn lists_what_it_may(hub: &TestHub, spec: &Spec, may: May, caller: &Caller, own: Option<&Subject>, others: &Subject) {
    let (of, lists): (fn(&Subject) -> String, &[&str]) = match spec.name {
        "LIST_JOBS" => (|subject| subject.job.to_string(), &["", "?state=running", "?q=o", "?state=running&limit=200"]),
        "LIST_QUESTIONS" => (|subject| subject.question.clone(), &["", "?state=all", "?state=all&limit=200"]),
        _ => return,
    };
    for query in lists {
        let text = caller.send(hub, "GET", &format!("{}{query}", spec.path), None).await.text().await.unwrap();
        let told = format!("{} {}{query}", caller.name(), spec.path);
        assert_eq!(text.contains(&of(others)), may == May::Yes, "{told}: another's");
        assert!(own.is_none_or(|own| text.contains(&of(own))), "{told}: own");
    }
    let about = |subject: &Subject| format!("/v1/questions?state=all&job={}", subject.job);
    let other = caller.send(hub, "GET", &about(others), None).await.text().await.unwrap();
    assert_eq!(other.contains(&others.question), may == May::Yes, "{}", caller.name());
}

/// What a token counts and is told of a list's state is worked out of what it sees.
#[tokio::test]
async fn who_sees_only_their_own_counts_it_alone_and_has_a_list_of_their_own() {
    let hub = TestHub::start().await;
    let (mine, other) = (Caller::of(&hub, Some(Role::Report)).await, Caller::of(&hub, Some(Role::Report)).await);
    mine.subject(&hub).await;
    for _ in 0..3 {
        foreign(&hub).await;
    }
    hub.queued("later", json!({})).await;
    let running = async |caller: &Caller, known: &str| {
        let request = hub.bare(reqwest::Method::GET, "/v1/jobs?state=running").bearer_auth(caller.secret.as_ref().unwrap());
        request.header("If-None-Match", known).send().await.unwrap()
    };
    let list = running(&mine, "").await;
    let etag = list.headers()["etag"].to_str().unwrap().to_owned();
    let list: Value = list.json().await.unwrap();
    assert_eq!((list["counts"].clone(), list["jobs"].as_array().unwrap().len()), (json!({"running": 1, "queued": 0, "waiting": 1}), 1));
    assert_eq!(running(&mine, &etag).await.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(running(&other, &etag).await.json::<Value>().await.unwrap()["jobs"], json!([]));
}

/// A question that nobody answers is waited for by its job, and by nobody who may not know of it.
#[tokio::test]
async fn anothers_question_is_no_sooner_known_when_it_is_closed() {
    let hub = TestHub::start().await;
    let others = foreign(&hub).await;
    let caller = Caller::of(&hub, Some(Role::Report)).await;
    for closed in [false, true] {
        if closed {
            hub.post(&format!("/v1/questions/{}/answer", others.question), json!({"text": "yes"})).await;
        }
        let answer = caller.send(&hub, "GET", &format!("/v1/questions/{}?wait_ms=60000", others.question), None).await;
        assert_eq!(refused(answer).await, Refused(404, ErrorCode::NotFound, None));
    }
}
