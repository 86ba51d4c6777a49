//! Workers come, are seen, and go.

use doorbell_protocol::{
    ErrorCode, WorkerId,
    token::CreatedToken,
    worker::{Claim, OneWorker, RegisteredWorker, WorkerList, WorkerState, WorkerStatus},
};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{Refused, TestHub, refused};

async fn list(hub: &TestHub) -> Vec<WorkerStatus> {
    serde_json::from_value::<WorkerList>(hub.get("/v1/workers").await).unwrap().workers
}

async fn drain(hub: &TestHub, id: WorkerId) {
    for _ in 0..2 {
        assert_eq!(hub.delete(&format!("/v1/workers/{id}")).await.status(), StatusCode::NO_CONTENT);
    }
}

#[tokio::test]
async fn the_list_tells_who_is_there_and_what_each_runs() {
    let hub = TestHub::start().await;
    let [zoe, ada] = [hub.worker("zoe", 2).await, hub.worker("ada", 1).await];
    for name in ["a", "b"] {
        hub.queued(name, json!({})).await;
    }
    let jobs = [hub.claim(zoe, 0).await.unwrap().job.id, hub.claim(zoe, 0).await.unwrap().job.id];
    let workers = list(&hub).await;
    assert_eq!(workers.iter().map(|status| status.worker.id).collect::<Vec<_>>(), [ada, zoe]);
    assert_eq!((workers[0].running.as_slice(), workers[1].running.as_slice()), (&[][..], &jobs[..]));
    assert_eq!(workers[1].state, WorkerState::Active);

    let answer = hub.call(Method::PUT, &format!("/v1/workers/{ada}")).send().await.unwrap();
    let seen = answer.json::<OneWorker>().await.unwrap().worker;
    assert!(seen.worker.id == ada && seen.last_seen >= workers[0].last_seen);
}

/// Somebody with a token for workers on one host cannot have what is meant for another, with its environment, by a name.
#[tokio::test]
async fn a_token_works_on_its_host_or_under_its_name_and_gets_nothing_that_is_meant_for_others() {
    let hub = TestHub::start().await;
    for host in ["nas", "build", "builder"] {
        hub.queued(host, json!({"host": host, "env": {"KEY": host}})).await;
    }
    let secret = async |body: serde_json::Value| hub.post("/v1/tokens", body).await.json::<CreatedToken>().await.unwrap().secret;
    let nas = secret(json!({"name": "nas", "roles": ["work"], "host": "NAS"})).await;
    let builder = secret(json!({"name": "builder", "roles": ["work"], "worker": "builder"})).await;
    let send = async |secret: &str, method: Method, path: &str, body: serde_json::Value| {
        hub.bare(method, path).bearer_auth(secret).json(&body).send().await.unwrap()
    };
    let register = async |secret: &str, name: &str, host: &str| {
        send(secret, Method::POST, "/v1/workers", json!({"name": name, "host": host, "slots": 9})).await
    };
    let forbidden = |field: &str| Refused(403, ErrorCode::Forbidden, Some(field.to_owned()));
    assert_eq!(refused(register(&nas, "w", "build").await).await, forbidden("host"));
    assert_eq!(refused(register(&builder, "w", "build").await).await, forbidden("name"));
    assert_eq!(list(&hub).await, []);

    let theirs = hub.worker("own", 1).await;
    let claim = json!({"worker": theirs, "wait_ms": 0});
    assert_eq!(refused(send(&nas, Method::POST, "/v1/claims", claim.clone()).await).await, forbidden("host"));
    assert_eq!(refused(send(&builder, Method::POST, "/v1/claims", claim).await).await, forbidden("name"));
    assert_eq!(refused(send(&nas, Method::PUT, &format!("/v1/workers/{theirs}"), json!({})).await).await, forbidden("host"));

    // Each says what its token leaves open, so as to be called like another one.
    for (secret, name, host, meant) in [(&nas, "build", "nas", "nas"), (&builder, "builder", "build", "builder")] {
        let worker = register(secret, name, host).await.json::<RegisteredWorker>().await.unwrap().worker.id;
        let claim = json!({"worker": worker, "wait_ms": 0});
        let claimed: Claim = send(secret, Method::POST, "/v1/claims", claim.clone()).await.json().await.unwrap();
        assert_eq!((claimed.job.name.as_str(), claimed.task.env["KEY"].as_str()), (meant, meant));
        assert_eq!(send(secret, Method::POST, "/v1/claims", claim).await.status(), StatusCode::NO_CONTENT);
    }
}

#[tokio::test]
async fn a_drained_worker_ends_what_it_runs_and_is_gone() {
    let hub = TestHub::start().await;
    let worker = hub.worker("one", 2).await;
    let job = hub.queued("long", json!({})).await;
    hub.claim(worker, 0).await.unwrap();
    let claim = json!({"worker": worker, "wait_ms": 20_000});
    let draining = || Refused(409, ErrorCode::WorkerDraining, Some("worker".to_owned()));
    // A claim that waits is told at once.
    let (waiting, ()) = tokio::join!(hub.post("/v1/claims", claim.clone()), drain(&hub, worker));
    assert_eq!(refused(waiting).await, draining());
    hub.queued("next", json!({})).await;
    assert_eq!(refused(hub.post("/v1/claims", claim.clone()).await).await, draining());
    assert_eq!(list(&hub).await[0].state, WorkerState::Draining);
    hub.finish(job.id, "succeeded").await;
    assert_eq!(list(&hub).await, []);
    assert_eq!(refused(hub.post("/v1/claims", claim).await).await, draining());
    // Registering ends the drain.
    assert_eq!(hub.worker("one", 2).await, worker);
    assert_eq!(hub.claim(worker, 0).await.unwrap().job.name, "next");
}

#[tokio::test]
async fn a_claim_that_waits_hears_of_more_slots() {
    let hub = TestHub::start().await;
    let worker = hub.worker("one", 1).await;
    for name in ["first", "second"] {
        hub.queued(name, json!({})).await;
    }
    hub.claim(worker, 0).await.unwrap();
    let (waited, _) = tokio::join!(hub.claim(worker, 15_000), hub.worker("one", 2));
    assert_eq!(waited.unwrap().job.name, "second");
}

#[tokio::test]
async fn no_claim_is_granted_once_a_drain_is_answered() {
    let hub = TestHub::start().await;
    for _ in 0..20 {
        let worker = hub.worker("one", 100).await;
        let job = hub.queued("job", json!({})).await;
        let claim = json!({"worker": worker, "wait_ms": 0});
        let (claimed, running) = tokio::join!(hub.post("/v1/claims", claim), async {
            drain(&hub, worker).await;
            hub.stats().await.counts.running
        });
        assert_eq!(hub.stats().await.counts.running, running);
        assert_eq!(u32::from(claimed.status() == StatusCode::OK), running);
        if running == 1 {
            let Claim { job, lease, .. } = claimed.json().await.unwrap();
            hub.keep_fence(job.id, lease.fence);
        }
        match running {
            0 => hub.cancel(job.id).await,
            _ => hub.finish(job.id, "succeeded").await,
        };
    }
}

#[tokio::test]
async fn an_unknown_worker_can_neither_be_heard_nor_drained() {
    let hub = TestHub::start().await;
    let path = format!("/v1/workers/{}", uuid::Uuid::now_v7());
    for answer in [hub.call(Method::PUT, &path).send().await.unwrap(), hub.delete(&path).await] {
        assert_eq!(refused(answer).await, Refused(404, ErrorCode::NotFound, Some("worker".to_owned())));
    }
    assert_eq!(refused(hub.delete("/v1/workers/7").await).await, Refused(400, ErrorCode::Malformed, Some("id".to_owned())));
}
