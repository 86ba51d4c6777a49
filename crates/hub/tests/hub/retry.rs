//! Running again what is over, and deleting it.

use std::time::Duration;

use doorbell_protocol::{ErrorCode, Job, JobId, JobState, jobs::CreatedJob};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{Refused, TestHub, refused};

async fn retry(hub: &TestHub, id: JobId) -> reqwest::Response {
    hub.call(Method::POST, &format!("/v1/jobs/{id}/retry")).send().await.unwrap()
}

async fn retried(hub: &TestHub, id: JobId) -> Job {
    let answer = retry(hub, id).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    answer.json::<CreatedJob>().await.unwrap().job
}

#[tokio::test]
async fn a_job_that_is_over_runs_again_as_a_new_one() {
    let hub = TestHub::start().await;
    let worker = hub.worker("one", 1).await;
    let job = hub.queued("backup", json!({"command": ["rsync"], "priority": 3})).await;
    assert_eq!(refused(retry(&hub, job.id).await).await, Refused(409, ErrorCode::BadTransition, None));
    let before = hub.claim(worker, 0).await.unwrap();
    hub.finish(job.id, "failed").await;
    let again = retried(&hub, job.id).await;
    assert_eq!((again.state, again.retry_of, again.attempt, again.priority), (JobState::Queued, Some(job.id), 0, 3));
    let claim = hub.claim(worker, 0).await.unwrap();
    assert_eq!((claim.job.id, claim.task.command), (again.id, vec!["rsync".to_owned()]));
    assert_ne!(claim.lease.fence, before.lease.fence);
    assert_eq!(hub.job(job.id).await.state, JobState::Failed);
    let other = retried(&hub, job.id).await;
    assert_ne!(other.id, again.id);
}

#[tokio::test]
async fn what_its_reporter_ran_cannot_be_retried() {
    let hub = TestHub::start().await;
    let job = hub.started("make").await.job;
    hub.finish(job.id, "failed").await;
    assert_eq!(refused(retry(&hub, job.id).await).await, Refused(409, ErrorCode::BadTransition, None));
    let unknown = JobId(uuid::Uuid::now_v7());
    assert_eq!(refused(retry(&hub, unknown).await).await, Refused(404, ErrorCode::NotFound, None));
}

#[tokio::test]
async fn a_run_that_fails_is_queued_again_until_its_attempts_are_used_up() {
    let hub = TestHub::start().await;
    let worker = hub.worker("one", 1).await;
    let mut before = None;
    hub.queued("flaky", json!({"attempts": 3})).await;
    for attempt in 1..=3 {
        let run = hub.claim(worker, 0).await.unwrap().job;
        assert_eq!((run.attempt, run.retry_of), (attempt, before));
        before = Some(run.id);
        hub.finish(run.id, "failed").await;
        // Told twice is done once.
        hub.finish(run.id, "failed").await;
    }
    assert_eq!(hub.claim(worker, 0).await, None);
    let stats = hub.stats().await;
    assert_eq!((stats.seq.0, stats.counts.queued), (6, 0));
}

#[tokio::test]
async fn a_worker_that_disappears_gives_its_job_back_and_its_runner_is_not_heard_again() {
    let hub = TestHub::with_leases_of(Duration::from_millis(200)).await;
    let gone = hub.worker("gone", 1).await;
    hub.queued("ingest", json!({"attempts": 2})).await;
    let first = hub.claim(gone, 0).await.unwrap();
    let other = hub.worker("other", 1).await;
    let second = hub.claim(other, 20_000).await.unwrap();
    assert_eq!((second.job.retry_of, second.job.attempt), (Some(first.job.id), 2));
    let lost = hub.job(first.job.id).await;
    assert_eq!(lost.state, JobState::Lost);
    for late in [
        hub.finish(first.job.id, "succeeded").await,
        hub.put(&format!("/v1/jobs/{}/lease", first.job.id), json!({"fence": first.lease.fence})).await,
    ] {
        assert_eq!(refused(late).await, Refused(409, ErrorCode::LeaseStale, Some("fence".to_owned())));
    }
    assert_eq!(hub.finish(second.job.id, "succeeded").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_job_that_is_over_can_be_forgotten() {
    let hub = TestHub::start().await;
    let job = hub.started("make").await.job;
    let path = format!("/v1/jobs/{}", job.id);
    assert_eq!(refused(hub.delete(&path).await).await, Refused(409, ErrorCode::BadTransition, None));
    hub.finish(job.id, "succeeded").await;
    assert_eq!(hub.delete(&path).await.status(), StatusCode::NO_CONTENT);
    for gone in [hub.delete(&path).await, hub.call(Method::GET, &path).send().await.unwrap()] {
        assert_eq!(refused(gone).await, Refused(404, ErrorCode::NotFound, None));
    }
    let hub = hub.restart().await;
    assert_eq!(hub.get("/v1/jobs").await["jobs"], json!([]));
    // A run is two events, and deleting it is none.
    assert_eq!(hub.stats().await.seq.0, 2);
}

#[tokio::test]
async fn a_job_that_is_deleted_takes_its_questions_and_its_log_along() {
    let hub = TestHub::start().await;
    let id = hub.started("make").await.job.id;
    let path = format!("/v1/jobs/{id}");
    let asked = hub.post(&format!("{path}/questions"), json!({"fence": hub.fence(id), "prompt": "Deploy?", "free_text": true})).await;
    let question = asked.json::<serde_json::Value>().await.unwrap()["question"]["id"].as_str().unwrap().to_owned();
    hub.call(Method::POST, &format!("{path}/log?offset=0&fence={}", hub.fence(id).0)).body("text").send().await.unwrap();
    let log = hub.folder().join(format!("data/logs/{id}"));
    assert!(log.exists());
    hub.finish(id, "succeeded").await;
    assert_eq!(hub.get(&format!("/v1/questions/{question}")).await["question"]["state"], "closed");
    assert_eq!(hub.delete(&path).await.status(), StatusCode::NO_CONTENT);
    assert!(!log.exists());
    for gone in [format!("{path}/log"), format!("/v1/questions/{question}")] {
        assert_eq!(refused(hub.call(Method::GET, &gone).send().await.unwrap()).await, Refused(404, ErrorCode::NotFound, None));
    }
}
