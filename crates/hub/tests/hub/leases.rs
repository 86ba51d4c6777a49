//! Leases run out in real time here: they are short, and everything waits for the event that tells it.

use std::time::Duration;

use doorbell_protocol::{ErrorCode, Fence, JobId, JobState};
use reqwest::{Method, Response, StatusCode};
use serde_json::json;
use uuid::Uuid;

use crate::support::{TestHub, refused};

const SHORT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn a_silent_job_is_lost_once() {
    let hub = TestHub::with_leases_of(SHORT).await;
    let mut feed = hub.feed(None).await;
    feed.snapshot().await;
    let job = hub.started("make").await.job;
    feed.event().await;
    let (_, kind, event) = feed.event().await;
    assert_eq!((kind, event.job.state, event.counts.running), ("job.finished", JobState::Lost, 0));
    assert_eq!(event.job.failure.as_deref(), Some("its runner stopped reporting"));
    // The next event is the next job's: the loss is not told again.
    let next = hub.started("next").await.job;
    assert_ne!(next.id, job.id);
    assert_eq!(feed.event().await.2.job.id, next.id);
}

#[tokio::test]
async fn reports_keep_a_job_alive() {
    let hub = TestHub::with_leases_of(SHORT).await;
    let job = hub.started("make").await.job;
    let silent = hub.started("silent").await.job;
    let mut done = 0;
    // Outlives a job that started after it and is silent.
    while hub.job(silent.id).await.state == JobState::Running {
        done += 1;
        hub.progress(job.id, done).await;
    }
    let renewed = hub.put(&format!("/v1/jobs/{}/lease", job.id), json!({"fence": hub.fence(job.id)})).await;
    assert_eq!(renewed.status(), StatusCode::OK);
    let renewed: doorbell_protocol::jobs::RenewedLease = renewed.json().await.unwrap();
    assert_eq!(renewed.lease.ttl(), SHORT);
    assert_eq!(hub.job(job.id).await.state, JobState::Running);
}

#[tokio::test]
async fn a_lost_job_comes_back_with_its_runner() {
    let hub = TestHub::with_leases_of(SHORT).await;
    let mut feed = hub.feed(None).await;
    feed.snapshot().await;
    let job = hub.started("make").await.job;
    feed.event().await;
    assert_eq!(feed.event().await.2.job.state, JobState::Lost);
    hub.progress(job.id, 7).await;
    let (_, kind, event) = feed.event().await;
    assert_eq!((kind, event.job.id, event.counts.running), ("job.started", job.id, 1));
    assert_eq!(event.job.failure, None);
}

#[tokio::test]
async fn a_lost_job_that_ended_meanwhile_is_told_late() {
    let hub = TestHub::with_leases_of(SHORT).await;
    let mut feed = hub.feed(None).await;
    feed.snapshot().await;
    let job = hub.started("make").await.job;
    feed.event().await;
    feed.event().await;
    assert_eq!(hub.finish(job.id, "succeeded").await.status(), StatusCode::OK);
    let (_, kind, event) = feed.event().await;
    assert_eq!((kind, event.late, event.counts.running, event.job.state), ("job.finished", true, 0, JobState::Succeeded));
}

async fn append(hub: &TestHub, job: JobId, fence: Fence, offset: u64) -> Response {
    hub.call(Method::POST, &format!("/v1/jobs/{job}/log?offset={offset}&fence={}", fence.0)).body("made").send().await.unwrap()
}

#[tokio::test]
async fn a_refused_report_leaves_a_lost_job_lost() {
    let hub = TestHub::with_leases_of(SHORT).await;
    let mut feed = hub.feed(None).await;
    feed.snapshot().await;
    let job = hub.started("make").await.job.id;
    feed.event().await;
    let (taken, fence) = (Uuid::now_v7(), hub.fence(job));
    let ask = async |prompt: &str| {
        let question = json!({"id": taken, "fence": fence, "prompt": prompt, "free_text": true});
        hub.post(&format!("/v1/jobs/{job}/questions"), question).await
    };
    assert_eq!(ask("Deploy?").await.status(), StatusCode::CREATED);
    feed.event().await;
    // Its question is closed, then it is lost.
    feed.event().await;
    assert_eq!(feed.event().await.2.job.state, JobState::Lost);

    let before = hub.facts().await;
    assert_eq!(refused(append(&hub, job, fence, 99).await).await.1, ErrorCode::LogGap);
    assert_eq!(refused(ask("Another?").await).await.1, ErrorCode::IdTaken);
    let message = json!({"fence": fence, "fraction": 2});
    assert_eq!(refused(hub.put(&format!("/v1/jobs/{job}/progress"), message).await).await.1, ErrorCode::Invalid);
    assert_eq!((hub.facts().await, hub.job(job).await.state), (before, JobState::Lost));

    assert_eq!(append(&hub, job, fence, 0).await.status(), StatusCode::OK);
    assert_eq!((feed.event().await.1, hub.facts().await.1.0), ("job.started", before.1.0 + 1));
}

#[tokio::test]
async fn a_chunk_behind_the_end_is_refused_by_its_fence_first() {
    let hub = TestHub::start().await;
    let job = hub.started("make").await.job.id;
    let fence = hub.fence(job);
    assert_eq!(refused(append(&hub, JobId(Uuid::now_v7()), fence, 99).await).await.1, ErrorCode::NotFound);
    hub.finish(job, "succeeded").await;
    assert_eq!(refused(append(&hub, job, fence, 99).await).await.1, ErrorCode::LeaseStale);
}
