//! What a list page is told, over a real socket.

use reqwest::Method;
use serde_json::json;

use crate::{
    blocks::{Blocks, field},
    support::TestHub,
};

async fn changes(hub: &TestHub) -> Blocks {
    let mut blocks = Blocks::of(hub.call(Method::GET, "/v1/changes")).await;
    assert_eq!(blocks.next().await.unwrap(), "retry: 1000");
    assert_eq!(blocks.next().await.unwrap(), "event: jobs-changed\ndata: {}");
    assert_eq!(blocks.next().await.unwrap(), "event: workers-changed\ndata: {}");
    blocks
}

async fn event(blocks: &mut Blocks) -> String {
    field(&blocks.next().await.unwrap(), "event").unwrap().to_owned()
}

#[tokio::test]
async fn each_list_is_told_when_it_is_old() {
    let hub = TestHub::start().await;
    let mut changes = changes(&hub).await;
    // A queued job is on no feed, and yet in the list.
    hub.post("/v1/jobs", json!({"name": "backup", "command": ["true"]})).await;
    assert_eq!(event(&mut changes).await, "jobs-changed");
    let worker = hub.worker("one", 1).await;
    assert_eq!(event(&mut changes).await, "workers-changed");
    hub.delete(&format!("/v1/workers/{}", worker.0)).await;
    assert_eq!(event(&mut changes).await, "workers-changed");
    let job = hub.started("make").await.job;
    assert_eq!(event(&mut changes).await, "jobs-changed");
    hub.post(&format!("/v1/jobs/{}/questions", job.id), json!({"fence": hub.fence(job.id), "prompt": "?", "free_text": true})).await;
    assert_eq!(event(&mut changes).await, "jobs-changed");
}

#[tokio::test]
async fn progress_and_heartbeats_are_no_change() {
    let hub = TestHub::start().await;
    let job = hub.started("make").await.job;
    let worker = hub.worker("busy", 1).await;
    let mut changes = changes(&hub).await;
    for done in 0..200 {
        hub.progress(job.id, done).await;
        hub.put(&format!("/v1/jobs/{}/lease", job.id), json!({"fence": hub.fence(job.id)})).await;
        hub.put(&format!("/v1/workers/{}", worker.0), json!({})).await;
    }
    // The first that comes is what follows.
    hub.worker("one", 1).await;
    assert_eq!(event(&mut changes).await, "workers-changed");
}

#[tokio::test]
async fn a_schedule_is_no_job_until_it_fires_and_a_job_that_is_forgotten_was_one() {
    let hub = TestHub::start().await;
    let job = hub.started("make").await.job;
    hub.finish(job.id, "succeeded").await;
    let mut changes = changes(&hub).await;
    let yearly = json!({"name": "rare", "cron": "@yearly", "timezone": "UTC", "command": ["true"]});
    let schedule = hub.post("/v1/schedules", yearly).await;
    assert_eq!(schedule.status(), 201);
    let schedule: serde_json::Value = schedule.json().await.unwrap();
    hub.delete(&format!("/v1/schedules/{}", schedule["schedule"]["id"].as_str().unwrap())).await;
    // The first that comes is what follows.
    hub.worker("one", 1).await;
    assert_eq!(event(&mut changes).await, "workers-changed");
    assert_eq!(hub.delete(&format!("/v1/jobs/{}", job.id)).await.status(), 204);
    assert_eq!(event(&mut changes).await, "jobs-changed");
}

#[tokio::test]
async fn a_burst_is_a_handful_of_events() {
    let hub = TestHub::start().await;
    let mut changes = changes(&hub).await;
    let since = std::time::Instant::now();
    for n in 0..300 {
        hub.started(&n.to_string()).await;
    }
    let pauses = since.elapsed().as_millis() / doorbell_hub::bounds::CHANGES_PAUSE.as_millis();
    hub.worker("one", 1).await;
    let mut told = Vec::new();
    while told.last().is_none_or(|event| event != "workers-changed") {
        told.push(event(&mut changes).await);
    }
    // One a pause, one for what was left, and one for a pause that had begun.
    assert!(told.len() as u128 <= pauses + 3, "{} events in {pauses} pauses", told.len());
}

#[tokio::test]
async fn it_ends_when_the_hub_goes_down() {
    let hub = TestHub::start().await;
    let mut changes = changes(&hub).await;
    hub.stop().await;
    assert_eq!(changes.next().await, None);
}
