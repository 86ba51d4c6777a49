//! Queued jobs and who runs them.

use std::{collections::HashSet, time::Duration};

use doorbell_protocol::{ErrorCode, Fence, JobId, JobState, Timestamp, token::CreatedToken, worker::Claim};
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::json;
use uuid::Uuid;

use crate::support::{Refused, TestHub, refused};

const UNKNOWN: &str = "0192f0c1-7a3b-7c4d-8e5f-0123456789ab";

#[tokio::test]
async fn a_claimed_job_runs_and_is_told() {
    let hub = TestHub::start().await;
    let mut feed = hub.feed(None).await;
    feed.snapshot().await;
    let new = json!({"name": "backup", "command": ["rsync", "-a"], "cwd": "/srv", "env": {"A": "1"}});
    assert_eq!(hub.post("/v1/jobs", new).await.status(), StatusCode::CREATED);
    assert_eq!((hub.stats().await.counts.queued, hub.stats().await.seq.0), (1, 0));
    let worker = hub.worker("one", 100).await;
    let claim = hub.claim(worker, 0).await.unwrap();
    assert_eq!((claim.job.state, claim.job.worker.as_deref()), (JobState::Running, Some("one")));
    assert_ne!(claim.lease.fence, Fence::default());
    assert_eq!(
        (claim.task.command.as_slice(), claim.task.cwd.as_deref()),
        (["rsync".to_owned(), "-a".to_owned()].as_slice(), Some("/srv"))
    );
    let (_, kind, event) = feed.event().await;
    assert_eq!((kind, event.counts.running, event.counts.queued), ("job.started", 1, 0));
}

#[tokio::test]
async fn the_oldest_job_is_claimed_first_and_each_by_one_worker() {
    let hub = TestHub::start().await;
    for n in 0..20 {
        hub.post("/v1/jobs", json!({"name": n.to_string(), "command": ["true"]})).await;
    }
    let workers = [hub.worker("one", 100).await, hub.worker("two", 100).await];
    assert_eq!(hub.claim(workers[0], 0).await.unwrap().job.name, "0");
    let mut claims = Vec::new();
    for _ in 0..10 {
        let (one, two) = tokio::join!(hub.claim(workers[0], 0), hub.claim(workers[1], 0));
        claims.extend([one, two].into_iter().flatten());
    }
    let ids: HashSet<_> = claims.iter().map(|claim| claim.job.id).collect();
    assert_eq!((claims.len(), ids.len()), (19, 19));
}

#[tokio::test]
async fn a_claim_waits_for_a_job() {
    let hub = TestHub::start().await;
    let worker = hub.worker("one", 100).await;
    let (claimed, _) = tokio::join!(hub.claim(worker, 20_000), async {
        // Not claimed by the worker's first look: another job has come and gone by then.
        let job = hub.started("other").await.job;
        hub.finish(job.id, "succeeded").await;
        hub.post("/v1/test-jobs", json!({"duration_ms": 100})).await
    });
    let claimed = claimed.unwrap();
    assert_eq!(claimed.job.name, "Test job");
    assert_eq!(claimed.task.command, ["doorbell", "test-job-steps", "--duration-ms", "100"]);
    assert_eq!(hub.claim(worker, 1).await, None);
}

#[tokio::test]
async fn an_unknown_worker_is_told_to_register() {
    let hub = TestHub::start().await;
    let answer = hub.post("/v1/claims", json!({"worker": uuid::Uuid::now_v7(), "wait_ms": 0})).await;
    assert_eq!(refused(answer).await, Refused(404, ErrorCode::NotFound, Some("worker".to_owned())));
}

#[tokio::test]
async fn each_job_goes_to_one_worker_however_many_create_and_claim() {
    let hub = std::sync::Arc::new(TestHub::start().await);
    let creators = (0..5).map(|_| {
        let hub = hub.clone();
        tokio::spawn(async move {
            let mut created = Vec::new();
            for n in 0..20 {
                created.push(hub.queued(&n.to_string(), json!({})).await.id);
            }
            created
        })
    });
    let claimers = (0..8).map(|n| {
        let hub = hub.clone();
        tokio::spawn(async move {
            let worker = hub.worker(&n.to_string(), 100).await;
            let mut claimed = Vec::new();
            // The last long poll of each ends when another has taken the last job and nothing more comes.
            while let Some(claim) = hub.claim(worker, 500).await {
                claimed.push(claim.job.id);
            }
            claimed
        })
    });
    let (creators, claimers): (Vec<_>, Vec<_>) = (creators.collect(), claimers.collect());
    let mut created: Vec<JobId> = join_all(creators).await.into_iter().flat_map(Result::unwrap).collect();
    let mut claimed: Vec<JobId> = join_all(claimers).await.into_iter().flat_map(Result::unwrap).collect();
    created.sort_unstable();
    claimed.sort_unstable();
    assert_eq!((claimed.len(), claimed), (100, created));
    let stats = hub.stats().await;
    assert_eq!((stats.counts.running, stats.counts.queued, stats.seq.0), (100, 0, 100));
}

#[tokio::test]
async fn the_highest_priority_is_claimed_first() {
    let hub = TestHub::start().await;
    for (name, priority) in [("low", -1), ("first", 0), ("second", 0), ("high", 7)] {
        hub.queued(name, json!({"priority": priority})).await;
    }
    let worker = hub.worker("one", 100).await;
    for expected in ["high", "first", "second", "low"] {
        assert_eq!(hub.claim(worker, 0).await.unwrap().job.name, expected);
    }
}

#[tokio::test]
async fn a_job_with_a_time_wakes_who_waits_when_it_has_come() {
    let hub = TestHub::start().await;
    let worker = hub.worker("one", 100).await;
    let at: Timestamp = (std::time::SystemTime::now() + Duration::from_millis(600)).into();
    hub.queued("tomorrow", json!({"not_before": Timestamp::from(std::time::SystemTime::now() + Duration::from_secs(86_400))})).await;
    hub.queued("soon", json!({"not_before": at})).await;
    assert_eq!(hub.claim(worker, 0).await, None);
    let claim = hub.claim(worker, 20_000).await.unwrap();
    assert_eq!(claim.job.name, "soon");
    assert!(claim.job.started_at.unwrap() >= at);
}

#[tokio::test]
async fn a_worker_gets_no_more_jobs_than_it_has_slots() {
    let hub = TestHub::start().await;
    let worker = hub.worker("one", 2).await;
    for name in ["a", "b", "c"] {
        hub.queued(name, json!({})).await;
    }
    let first = hub.claim(worker, 0).await.unwrap();
    assert_eq!(hub.claim(worker, 0).await.unwrap().job.name, "b");
    assert_eq!(hub.claim(worker, 0).await, None);
    let (third, _) = tokio::join!(hub.claim(worker, 20_000), hub.finish(first.job.id, "succeeded"));
    assert_eq!(third.unwrap().job.name, "c");
    // A hub that restarts still knows who runs what.
    hub.queued("d", json!({})).await;
    let hub = hub.restart().await;
    let again = hub.worker("one", 2).await;
    assert_eq!((again, hub.claim(again, 0).await), (worker, None));
}

/// As a worker does whose answer was lost: the job is its own, and nobody else's.
#[tokio::test]
async fn a_claim_that_is_repeated_gets_the_same_job_and_lease_also_from_the_next_hub() {
    let hub = TestHub::start().await;
    let worker = hub.worker("one", 9).await;
    let job = hub.queued("first", json!({})).await;
    hub.queued("second", json!({})).await;
    let ask = json!({"id": Uuid::now_v7(), "worker": worker, "wait_ms": 0});
    let claimed = async |hub: &TestHub, ask: &serde_json::Value| {
        let answer = hub.post("/v1/claims", ask.clone()).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let claim = answer.json::<Claim>().await.unwrap();
        (claim.job, claim.lease.fence, claim.task)
    };
    let first = claimed(&hub, &ask).await;
    assert_eq!((first.0.id, claimed(&hub, &ask).await == first), (job.id, true));
    assert_eq!(hub.delete(&format!("/v1/workers/{}", worker.0)).await.status(), StatusCode::NO_CONTENT);
    assert!(claimed(&hub, &ask).await == first);
    // The next hub knows no workers.
    let hub = hub.restart().await;
    assert!(claimed(&hub, &ask).await == first);
    assert_eq!(hub.stats().await.counts.running, 1);
    let other = json!({"id": Uuid::now_v7(), "worker": hub.worker("one", 9).await});
    assert_eq!(claimed(&hub, &other).await.0.name, "second");
    hub.keep_fence(job.id, first.1);
    assert_eq!(hub.finish(job.id, "succeeded").await.status(), StatusCode::OK);
    let over = json!({"id": ask["id"], "worker": other["worker"]});
    assert_eq!(hub.post("/v1/claims", over).await.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_claim_of_somebody_else_is_answered_with_nothing_of_it() {
    let hub = TestHub::start().await;
    let token =
        hub.post("/v1/tokens", json!({"name": "nas", "roles": ["work"], "host": "nas"})).await.json::<CreatedToken>().await.unwrap();
    let call = |path: &str, body: serde_json::Value| hub.bare(Method::POST, path).bearer_auth(&token.secret).json(&body).send();
    hub.queued("job", json!({})).await;
    let id = Uuid::now_v7();
    let ask = json!({"id": id, "worker": hub.worker("one", 1).await});
    assert_eq!(hub.post("/v1/claims", ask).await.status(), StatusCode::OK);
    let other = call("/v1/workers", json!({"name": "nas", "host": "nas", "slots": 1})).await.unwrap();
    let other = other.json::<serde_json::Value>().await.unwrap()["worker"]["id"].clone();
    assert_eq!(call("/v1/claims", json!({"id": id, "worker": other})).await.unwrap().status(), StatusCode::NO_CONTENT);
}

/// The first stands for one behind a connection that is gone and says nothing: what it got nobody would run.
#[tokio::test]
async fn of_two_asks_with_one_id_the_older_gets_nothing_any_more() {
    let hub = TestHub::start().await;
    let worker = hub.worker("one", 9).await;
    let silent = async || {
        let list = hub.get("/v1/workers").await;
        let seen: Timestamp = serde_json::from_value(list["workers"][0]["last_seen"].clone()).unwrap();
        Timestamp::from(std::time::SystemTime::now()).since(seen)
    };
    let long = Duration::from_millis(200);
    while silent().await < long {}
    let ask = |wait_ms: u64| json!({"id": UNKNOWN, "worker": worker, "wait_ms": wait_ms});
    let older = hub.call(Method::POST, "/v1/claims").json(&ask(2_000)).send();
    let newer = async {
        // The hub hears of the worker by the older one.
        while silent().await >= long {}
        assert_eq!(hub.post("/v1/claims", ask(0)).await.status(), StatusCode::NO_CONTENT);
        hub.queued("job", json!({})).await;
    };
    let (older, ()) = tokio::join!(older, newer);
    assert_eq!((older.unwrap().status(), hub.stats().await.counts.queued), (StatusCode::NO_CONTENT, 1));
    assert_eq!(hub.post("/v1/claims", ask(0)).await.status(), StatusCode::OK);
}
