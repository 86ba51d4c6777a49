//! Jobs that run after others.

use std::time::Duration;

use doorbell_protocol::{ErrorCode, Job, JobState};
use serde_json::json;

use crate::support::{Refused, TestHub, refused};

async fn chain(hub: &TestHub, more: serde_json::Value) -> [Job; 3] {
    let first = hub.queued("first", more).await;
    let second = hub.queued("second", json!({"after": [first.id]})).await;
    let third = hub.queued("third", json!({"after": [second.id]})).await;
    [first, second, third]
}

#[tokio::test]
async fn a_chain_runs_in_its_order() {
    let hub = TestHub::start().await;
    let worker = hub.worker("one", 9).await;
    let chain = chain(&hub, json!({})).await;
    for job in &chain {
        let claim = hub.claim(worker, 0).await.unwrap();
        assert_eq!(claim.job.id, job.id);
        assert_eq!(hub.claim(worker, 0).await, None);
        hub.finish(job.id, "succeeded").await;
    }
    assert_eq!(hub.stats().await.seq.0, 6);
}

#[tokio::test]
async fn an_end_wakes_who_waits_for_what_comes_after() {
    let hub = TestHub::start().await;
    let worker = hub.worker("one", 9).await;
    let [first, second, _] = chain(&hub, json!({})).await;
    hub.claim(worker, 0).await.unwrap();
    let (claim, _) = tokio::join!(hub.claim(worker, 20_000), hub.finish(first.id, "succeeded"));
    assert_eq!(claim.unwrap().job.id, second.id);
}

#[tokio::test]
async fn a_failure_cancels_all_that_come_after_and_says_why() {
    let hub = TestHub::start().await;
    let worker = hub.worker("one", 9).await;
    let [first, second, third] = chain(&hub, json!({})).await;
    hub.claim(worker, 0).await.unwrap();
    hub.finish(first.id, "failed").await;
    let second = hub.job(second.id).await;
    let third = hub.job(third.id).await;
    assert_eq!((second.state, third.state), (JobState::Cancelled, JobState::Cancelled));
    assert_eq!(second.failure.unwrap(), format!("was to run after first ({}), which failed", first.id));
    assert_eq!(third.failure.unwrap(), format!("was to run after second ({}), which was cancelled", second.id));
    let stats = hub.stats().await;
    assert_eq!((stats.counts.queued, stats.seq.0), (0, 2));
}

#[tokio::test]
async fn what_is_cancelled_or_lost_cancels_what_comes_after() {
    let hub = TestHub::with_leases_of(Duration::from_millis(150)).await;
    let mut feed = hub.feed(None).await;
    feed.snapshot().await;
    let [first, _, third] = chain(&hub, json!({})).await;
    hub.cancel(first.id).await;
    assert_eq!(hub.job(third.id).await.state, JobState::Cancelled);
    let worker = hub.worker("one", 9).await;
    let [first, _, third] = chain(&hub, json!({})).await;
    assert_eq!(hub.claim(worker, 0).await.unwrap().job.id, first.id);
    feed.event().await;
    assert_eq!(feed.event().await.2.job.state, JobState::Lost);
    assert_eq!(hub.job(third.id).await.state, JobState::Cancelled);
}

#[tokio::test]
async fn who_waits_for_a_run_that_is_tried_again_waits_for_the_new_run() {
    let hub = TestHub::start().await;
    let worker = hub.worker("one", 9).await;
    let [first, second, _] = chain(&hub, json!({"attempts": 2})).await;
    hub.claim(worker, 0).await.unwrap();
    hub.finish(first.id, "failed").await;
    let again = hub.claim(worker, 0).await.unwrap().job;
    assert_eq!((again.retry_of, hub.job(second.id).await.after), (Some(first.id), vec![again.id]));
    // One that is created now means the newest run, too.
    let late = hub.queued("late", json!({"after": [first.id]})).await;
    assert_eq!((hub.claim(worker, 0).await, late.state), (None, JobState::Queued));
    let hub = hub.restart().await;
    hub.finish(again.id, "succeeded").await;
    let worker = hub.worker("one", 9).await;
    assert_eq!(hub.claim(worker, 0).await.unwrap().job.id, second.id);
    assert_eq!(hub.claim(worker, 0).await.unwrap().job.id, late.id);
}

#[tokio::test]
async fn what_is_over_already_counts_as_it_ended() {
    let hub = TestHub::start().await;
    let [good, bad] = [hub.started("good").await.job, hub.started("bad").await.job];
    hub.finish(good.id, "succeeded").await;
    hub.finish(bad.id, "failed").await;
    let fine = hub.queued("fine", json!({"after": [good.id]})).await;
    let doomed = hub.queued("doomed", json!({"after": [good.id, bad.id]})).await;
    assert_eq!((fine.state, doomed.state), (JobState::Queued, JobState::Cancelled));
    assert!(doomed.failure.unwrap().ends_with("which failed"));
    let worker = hub.worker("one", 9).await;
    assert_eq!(hub.claim(worker, 0).await.unwrap().job.id, fine.id);
}

#[tokio::test]
async fn a_job_that_nobody_knows_cannot_be_waited_for() {
    let hub = TestHub::start().await;
    let id = uuid::Uuid::now_v7();
    let itself = hub.post("/v1/jobs", json!({"id": id, "name": "x", "command": ["true"], "after": [id]})).await;
    assert_eq!(refused(itself).await, Refused(422, ErrorCode::Invalid, Some("after".to_owned())));
    assert_eq!(hub.stats().await.counts.queued, 0);
}
