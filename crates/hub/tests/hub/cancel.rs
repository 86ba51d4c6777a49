//! Cancelling: at once what waits, through its runner what runs.

use doorbell_protocol::{
    ErrorCode, JobState,
    jobs::{OneJob, RenewedLease, ReportAnswer},
};
use reqwest::StatusCode;
use serde_json::json;

use crate::support::{Refused, TestHub, refused};

#[tokio::test]
async fn a_queued_job_is_cancelled_at_once_and_the_feed_is_silent() {
    let hub = TestHub::start().await;
    let mut feed = hub.feed(None).await;
    feed.snapshot().await;
    let job = hub.queued("waits", json!({})).await;
    for _ in 0..2 {
        let answer = hub.cancel(job.id).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let job = answer.json::<OneJob>().await.unwrap().job;
        assert_eq!((job.state, job.duration_ms, job.finished_at.is_some()), (JobState::Cancelled, None, true));
    }
    // The first event is the next job's, and its counts are right.
    let other = hub.started("other").await.job;
    let (id, _, event) = feed.event().await;
    assert_eq!((id.seq.0, event.job.id, event.counts.queued), (1, other.id, 0));
    let worker = hub.worker("one", 1).await;
    assert_eq!(hub.claim(worker, 0).await, None);
}

#[tokio::test]
async fn a_runner_hears_of_a_cancel_in_the_answer_to_its_next_report() {
    let hub = TestHub::start().await;
    let job = hub.started("make").await.job;
    let report = json!({"fence": hub.fence(job.id), "done": 1});
    let progress = format!("/v1/jobs/{}/progress", job.id);
    assert_eq!(hub.put(&progress, report.clone()).await.status(), StatusCode::NO_CONTENT);
    for _ in 0..2 {
        let asked = hub.cancel(job.id).await.json::<OneJob>().await.unwrap().job;
        assert_eq!((asked.state, asked.cancel_requested), (JobState::Running, true));
    }
    assert!(hub.put(&progress, report).await.json::<ReportAnswer>().await.unwrap().cancel_requested);
    let renewed =
        hub.put(&format!("/v1/jobs/{}/lease", job.id), json!({"fence": hub.fence(job.id)})).await.json::<RenewedLease>().await.unwrap();
    assert!(renewed.cancel_requested);
    assert!(hub.running().await.jobs[0].cancel_requested);
    assert_eq!(hub.finish(job.id, "cancelled").await.status(), StatusCode::OK);
    assert_eq!((hub.job(job.id).await.state, hub.stats().await.seq.0), (JobState::Cancelled, 2));
}

#[tokio::test]
async fn a_cancel_outlives_the_hub() {
    let hub = TestHub::start().await;
    let job = hub.started("make").await.job;
    hub.cancel(job.id).await;
    let hub = hub.restart().await;
    let renewed =
        hub.put(&format!("/v1/jobs/{}/lease", job.id), json!({"fence": hub.fence(job.id)})).await.json::<RenewedLease>().await.unwrap();
    assert!(renewed.cancel_requested);
}

#[tokio::test]
async fn a_cancel_does_not_renew_the_lease_of_a_runner_that_is_gone() {
    let ttl = std::time::Duration::from_millis(400);
    let hub = TestHub::with_leases_of(ttl).await;
    let mut feed = hub.feed(None).await;
    feed.snapshot().await;
    let job = hub.started("make").await.job;
    let (_, _, started) = feed.event().await;
    hub.cancel(job.id).await;
    let (_, _, lost) = feed.event().await;
    assert_eq!((lost.job.state, lost.job.cancel_requested), (JobState::Lost, true));
    assert!(lost.at.since(started.at) >= ttl);
}

#[tokio::test]
async fn what_is_over_cannot_be_cancelled() {
    let hub = TestHub::start().await;
    let job = hub.started("make").await.job;
    hub.finish(job.id, "failed").await;
    assert_eq!(refused(hub.cancel(job.id).await).await, Refused(409, ErrorCode::BadTransition, None));
    let unknown = doorbell_protocol::JobId(uuid::Uuid::now_v7());
    assert_eq!(refused(hub.cancel(unknown).await).await, Refused(404, ErrorCode::NotFound, None));
}
