//! Whose a job is: only the token that started or claimed a run reports for it, beside the owner.

use doorbell_protocol::{ErrorCode, JobState, jobs::CreatedJob, log::Log, token::CreatedToken, worker::Claim};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Refused, TestHub, refused};

const UNKNOWN: &str = "0192f0c1-7a3b-7c4d-8e5f-0123456789ab";

/// Somebody with a token of their own.
struct Holder<'a> {
    hub: &'a TestHub,
    secret: String,
}

impl<'a> Holder<'a> {
    async fn of(hub: &'a TestHub, role: &str) -> Self {
        let answer = hub.post("/v1/tokens", json!({"name": role, "roles": [role], "host": (role == "work").then_some("h")})).await;
        Self { hub, secret: answer.json::<CreatedToken>().await.unwrap().secret }
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> reqwest::Response {
        self.hub.bare(method, path).bearer_auth(&self.secret).json(&body).send().await.unwrap()
    }

    async fn create(&self, body: Value) -> reqwest::Response {
        self.send(Method::POST, "/v1/jobs", body).await
    }

    async fn started(&self, name: &str) -> CreatedJob {
        let answer = self.create(json!({"name": name, "start": true})).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
        answer.json().await.unwrap()
    }
}

fn not_theirs() -> Refused {
    Refused(403, ErrorCode::Forbidden, Some("Authorization".to_owned()))
}

/// Everything that is said for a run, with its fence and, where that may be left out, without.
fn reports(job: &CreatedJob, question: &str) -> Vec<(Method, String, Value)> {
    let (id, fence) = (job.job.id, job.lease.unwrap().fence);
    let jobs = |of: &str| format!("/v1/jobs/{id}/{of}");
    vec![
        (Method::PUT, jobs("progress"), json!({"fence": fence, "fraction": 0.5})),
        (Method::PUT, jobs("progress"), json!({"fraction": 0.5})),
        (Method::PUT, jobs("lease"), json!({"fence": fence})),
        (Method::POST, jobs(&format!("log?offset=0&fence={}", fence.0)), json!("forged")),
        (Method::POST, jobs("questions"), json!({"fence": fence, "prompt": "Password?", "free_text": true})),
        (Method::POST, jobs("questions"), json!({"prompt": "Password?", "free_text": true})),
        (Method::POST, format!("/v1/questions/{question}/withdraw"), json!({"fence": fence})),
        (Method::POST, format!("/v1/questions/{question}/withdraw"), json!({})),
        (Method::POST, jobs("finish"), json!({"fence": fence, "outcome": "succeeded"})),
    ]
}

async fn asked(hub: &TestHub, job: &CreatedJob) -> String {
    let ask = json!({"fence": job.lease.unwrap().fence, "prompt": "Deploy?", "free_text": true});
    let answer: Value = hub.post(&format!("/v1/jobs/{}/questions", job.job.id), ask).await.json().await.unwrap();
    answer["question"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn nobody_reports_for_anothers_run_with_the_right_fence_or_without_one_also_after_a_restart() {
    let mut hub = TestHub::start().await;
    let owners = hub.started("deploy").await;
    let question = asked(&hub, &owners).await;
    for round in 0..2 {
        if round == 1 {
            hub = hub.restart().await;
        }
        let before = hub.facts().await;
        for role in ["report", "work"] {
            let other = Holder::of(&hub, role).await;
            for (method, path, body) in reports(&owners, &question) {
                assert_eq!(refused(other.send(method, &path, body).await).await, not_theirs(), "{role}: {path}");
            }
        }
        assert_eq!(hub.facts().await, before);
        let job = hub.job(owners.job.id).await;
        assert_eq!((job.state, job.progress, job.waiting), (JobState::Running, None, 1));
        let log: Log = serde_json::from_value(hub.get(&format!("/v1/jobs/{}/log", job.id)).await).unwrap();
        assert_eq!(log.end, 0);
    }
}

#[tokio::test]
async fn who_started_a_run_reports_for_it_and_so_does_the_owner() {
    let hub = TestHub::start().await;
    let mine = Holder::of(&hub, "report").await;
    let job = mine.started("make").await;
    let question = asked(&hub, &job).await;
    for (method, path, body) in reports(&job, &question) {
        let answer = mine.send(method, &path, body).await;
        // The second withdrawal of a question says the same as the first.
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
    }
    let job = mine.started("again").await;
    let question = asked(&hub, &job).await;
    for (method, path, body) in reports(&job, &question) {
        let answer = hub.send(method, &path, body).await;
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
    }
}

#[tokio::test]
async fn a_claimed_run_is_its_workers_and_a_queued_job_is_reported_by_nobody() {
    let hub = TestHub::start().await;
    let queued = hub.queued("deploy", json!({})).await;
    let (mine, other) = (Holder::of(&hub, "work").await, Holder::of(&hub, "work").await);
    for fence in [0, 1] {
        let end = json!({"fence": fence, "outcome": "succeeded"});
        assert_eq!(refused(mine.send(Method::POST, &format!("/v1/jobs/{}/finish", queued.id), end).await).await, not_theirs());
    }
    let registered: Value =
        mine.send(Method::POST, "/v1/workers", json!({"name": "w", "host": "h", "slots": 1})).await.json().await.unwrap();
    let claim = json!({"worker": registered["worker"]["id"]});
    let Claim { job, lease, .. } = mine.send(Method::POST, "/v1/claims", claim).await.json().await.unwrap();
    let job = CreatedJob { job, lease: Some(lease) };
    let question = asked(&hub, &job).await;
    for (method, path, body) in reports(&job, &question) {
        assert_eq!(refused(other.send(method.clone(), &path, body.clone()).await).await, not_theirs(), "{path}");
        let answer = mine.send(method, &path, body).await;
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
    }
}

#[tokio::test]
async fn a_create_that_is_repeated_gives_the_lease_to_its_creator_alone() {
    let hub = TestHub::start().await;
    let (mine, other) = (Holder::of(&hub, "report").await, Holder::of(&hub, "report").await);
    let body = json!({"id": UNKNOWN, "name": "make", "start": true});
    let first: CreatedJob = mine.create(body.clone()).await.json().await.unwrap();
    assert_eq!(refused(other.create(body.clone()).await).await, Refused(409, ErrorCode::IdTaken, Some("id".to_owned())));
    let again = mine.create(body.clone()).await;
    assert_eq!(again.status(), StatusCode::OK);
    assert_eq!(again.json::<CreatedJob>().await.unwrap().lease.unwrap().fence, first.lease.unwrap().fence);
    let by_the_owner: CreatedJob = hub.post("/v1/jobs", body).await.json().await.unwrap();
    assert_eq!(by_the_owner.lease.unwrap().fence, first.lease.unwrap().fence);
}

/// Its worker has the lease.
#[tokio::test]
async fn a_create_that_is_repeated_gives_no_lease_of_a_run_that_a_worker_has_claimed() {
    let hub = TestHub::start().await;
    let body = json!({"id": UNKNOWN, "name": "make", "command": ["true"]});
    assert_eq!(hub.post("/v1/jobs", body.clone()).await.status(), StatusCode::CREATED);
    let worker = hub.worker("w", 1).await;
    assert!(hub.claim(worker, 0).await.is_some());
    let again: CreatedJob = hub.post("/v1/jobs", body).await.json().await.unwrap();
    assert_eq!((again.job.state, again.lease), (JobState::Running, None));
}

#[tokio::test]
async fn a_job_is_a_part_of_ones_own_and_of_what_one_may_see() {
    let hub = TestHub::start().await;
    let mine = Holder::of(&hub, "report").await;
    let (own, owners) = (mine.started("mine").await.job.id, hub.started("owners").await.job.id);
    let invalid = || Refused(422, ErrorCode::Invalid, Some("parent".to_owned()));
    let part_of = |parent: &str| json!({"name": "part", "start": true, "parent": parent});
    assert_eq!(mine.create(part_of(&own.to_string())).await.status(), StatusCode::CREATED);
    assert_eq!(refused(mine.create(part_of(&owners.to_string())).await).await, invalid());
    for parent in [own, owners] {
        assert_eq!(hub.post("/v1/jobs", part_of(&parent.to_string())).await.status(), StatusCode::CREATED);
    }
    // A part may be told before its whole is, or when that is gone. Nobody queues a part of nothing.
    assert_eq!(mine.create(part_of(UNKNOWN)).await.status(), StatusCode::CREATED);
    let queued = json!({"name": "part", "command": ["true"], "parent": UNKNOWN});
    assert_eq!(refused(hub.post("/v1/jobs", queued).await).await, invalid());
}

/// The next run of a job is its creator's as well, and its runner's no more.
#[tokio::test]
async fn the_next_attempt_is_held_by_whoever_claims_it() {
    let hub = TestHub::start().await;
    let (first, second) = (Holder::of(&hub, "work").await, Holder::of(&hub, "work").await);
    hub.queued("deploy", json!({"attempts": 2})).await;
    let mut before: Option<&Holder<'_>> = None;
    for worker in [&first, &second] {
        let registered: Value =
            worker.send(Method::POST, "/v1/workers", json!({"name": "w", "host": "h", "slots": 9})).await.json().await.unwrap();
        let claim = json!({"worker": registered["worker"]["id"]});
        let Claim { job, lease, .. } = worker.send(Method::POST, "/v1/claims", claim).await.json().await.unwrap();
        let end = json!({"fence": lease.fence, "outcome": "failed"});
        let path = format!("/v1/jobs/{}/finish", job.id);
        if let Some(earlier) = before {
            assert_eq!(refused(earlier.send(Method::POST, &path, end.clone()).await).await, not_theirs());
        }
        assert_eq!(worker.send(Method::POST, &path, end).await.status(), StatusCode::OK);
        before = Some(worker);
    }
}

/// Made for a run, and the SHA-256 that the hub is told.
const SECRET: (&str, &str) = ("open sesame", "41ef4bb0b23661e66301aac36066912dac037827b4ae63a7b1165a5aa93ed4eb");

/// What a program says for the run that it is: nothing of it has a fence.
fn words(job: &str, question: &str) -> [(Method, String, Value); 3] {
    [
        (Method::PUT, format!("/v1/jobs/{job}/progress"), json!({"fraction": 0.5})),
        (Method::POST, format!("/v1/jobs/{job}/questions"), json!({"prompt": "Deploy?", "free_text": true})),
        (Method::POST, format!("/v1/questions/{question}/withdraw"), json!({})),
    ]
}

#[tokio::test]
async fn a_program_speaks_for_its_run_by_the_secret_of_it_with_any_token_that_reports() {
    let hub = TestHub::start().await;
    let (mine, other) = (Holder::of(&hub, "report").await, Holder::of(&hub, "report").await);
    let new = json!({"name": "deploy", "start": true, "secret_sha256": SECRET.1});
    let job: CreatedJob = mine.create(new).await.json().await.unwrap();
    let (id, question) = (job.job.id.to_string(), asked(&hub, &job).await);
    let shown = async |holder: &Holder<'_>, secret: &str, (method, path, body): (Method, String, Value)| {
        let call = hub.bare(method, &path).bearer_auth(&holder.secret).header("Doorbell-Job-Secret", secret);
        call.json(&body).send().await.unwrap()
    };
    let before = hub.facts().await;
    for holder in [&mine, &other] {
        for (method, path, body) in words(&id, &question) {
            let not_shown = || Refused(403, ErrorCode::Forbidden, Some("Doorbell-Job-Secret".to_owned()));
            assert_eq!(refused(holder.send(method.clone(), &path, body.clone()).await).await, not_shown(), "{path}");
            assert_eq!(refused(shown(holder, "open barley", (method, path, body)).await).await, not_shown());
        }
    }
    // The secret of a run is no lease.
    for call in reports(&job, &question).into_iter().filter(|(_, path, body)| path.contains("fence=") || body.get("fence").is_some()) {
        assert_eq!(refused(shown(&other, SECRET.0, call).await).await, not_theirs());
    }
    assert_eq!(hub.facts().await, before);
    for word in words(&id, &question) {
        let answer = shown(&other, SECRET.0, word).await;
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }
    // The owner needs no secret.
    for (method, path, body) in words(&id, &question) {
        assert!(hub.send(method, &path, body).await.status().is_success(), "{path}");
    }
    let part = json!({"name": "part", "start": true, "parent": id});
    assert_eq!(refused(other.create(part.clone()).await).await.0, 422);
    let answer = shown(&other, SECRET.0, (Method::POST, "/v1/jobs".to_owned(), part)).await;
    assert_eq!(answer.json::<CreatedJob>().await.unwrap().job.parent, Some(job.job.id));
    for path in [format!("/v1/jobs/{id}"), "/v1/jobs".to_owned(), "/v1/jobs?state=running".to_owned()] {
        assert!(!hub.get(&path).await.to_string().contains(SECRET.1), "{path}");
    }
}

#[tokio::test]
async fn the_secret_of_a_claimed_run_comes_with_its_claim_and_outlives_the_hub() {
    let hub = TestHub::start().await;
    let queued = json!({"name": "deploy", "command": ["true"], "secret_sha256": SECRET.1});
    let invalid = Refused(422, ErrorCode::Invalid, Some("secret_sha256".to_owned()));
    assert_eq!(refused(hub.post("/v1/jobs", queued).await).await, invalid);
    let job = hub.queued("deploy", json!({})).await;
    let claim = json!({"worker": hub.worker("w", 1).await, "secret_sha256": SECRET.1});
    assert_eq!(hub.post("/v1/claims", claim).await.status(), StatusCode::OK);
    let hub = hub.restart().await;
    let other = Holder::of(&hub, "report").await;
    let told = async |secret| {
        let call = hub.bare(Method::PUT, &format!("/v1/jobs/{}/progress", job.id)).bearer_auth(&other.secret);
        call.header("Doorbell-Job-Secret", secret).json(&json!({"fraction": 0.5})).send().await.unwrap().status()
    };
    assert_eq!((told("open barley").await, told(SECRET.0).await), (StatusCode::FORBIDDEN, StatusCode::NO_CONTENT));
}
