//! Searching the history, and deleting it.

use doorbell_protocol::{ErrorCode, jobs::JobPage};
use serde_json::json;

use crate::support::{Refused, TestHub, refused};
use reqwest::Method;

async fn ended(hub: &TestHub, names: &[&str]) {
    for name in names {
        let job = hub.started(name).await.job;
        hub.finish(job.id, "succeeded").await;
    }
}

async fn names(hub: &TestHub, path: &str) -> Vec<String> {
    let page: JobPage = serde_json::from_value(hub.get(path).await).unwrap();
    page.jobs.into_iter().map(|job| job.name).collect()
}

#[tokio::test]
async fn jobs_are_found_by_key_by_a_part_of_the_name_and_by_their_end() {
    let hub = TestHub::start().await;
    ended(&hub, &["Nightly ingest", "Deploy 100%", "nightly deploy"]).await;
    hub.started("nightly again").await;
    assert_eq!(names(&hub, "/v1/jobs?q=nightly").await, ["nightly again", "nightly deploy", "Nightly ingest"]);
    assert_eq!(names(&hub, "/v1/jobs?q=nightly&limit=1").await, ["nightly again"]);
    assert_eq!(names(&hub, "/v1/jobs?q=%250%25").await, Vec::<String>::new());
    assert_eq!(names(&hub, "/v1/jobs?q=0%25").await, ["Deploy 100%"]);
    assert_eq!(names(&hub, "/v1/jobs?key=deploy-100").await, ["Deploy 100%"]);
    assert_eq!(names(&hub, "/v1/jobs?state=running&q=nightly").await, ["nightly again"]);
    assert_eq!(names(&hub, "/v1/jobs?state=succeeded&q=nightly").await, ["nightly deploy", "Nightly ingest"]);
    assert_eq!(names(&hub, "/v1/jobs?finished_after=2026-01-01T00:00:00.000Z&q=deploy").await, ["nightly deploy", "Deploy 100%"]);
    assert_eq!(names(&hub, "/v1/jobs?finished_after=2999-01-01T00:00:00Z").await, Vec::<String>::new());
    let answer = hub.call(Method::GET, "/v1/jobs?finished_after=yesterday").send().await.unwrap();
    assert_eq!(refused(answer).await, Refused(400, ErrorCode::Malformed, None));
    let answer = hub.call(Method::GET, &format!("/v1/jobs?q={}", "x".repeat(201))).send().await.unwrap();
    assert_eq!(refused(answer).await, Refused(422, ErrorCode::Invalid, Some("q".to_owned())));
}

#[tokio::test]
async fn jobs_are_found_by_their_parent_and_by_a_label() {
    let hub = TestHub::start().await;
    let root = hub.started("root").await.job;
    for (name, team) in [("one", "search"), ("two", "web"), ("three", "search")] {
        let new = json!({"name": name, "start": true, "parent": root.id, "labels": {"team": team, "a=b": ""}});
        let created = hub.kept(hub.post("/v1/jobs", new).await.json().await.unwrap());
        if name == "three" {
            hub.finish(created.job.id, "succeeded").await;
        }
    }
    let parts = format!("/v1/jobs?parent={}", root.id);
    assert_eq!(names(&hub, &parts).await, ["three", "two", "one"]);
    assert_eq!(names(&hub, &format!("{parts}&state=running")).await, ["two", "one"]);
    assert_eq!(names(&hub, &format!("{parts}&label=team%3Dsearch&limit=1")).await, ["three"]);
    assert_eq!(names(&hub, "/v1/jobs?label=team=search").await, ["three", "one"]);
    assert_eq!(names(&hub, "/v1/jobs?label=team=search&state=running").await, ["one"]);
    assert_eq!(names(&hub, "/v1/jobs?label=team=&q=o").await, Vec::<String>::new());
    assert_eq!(names(&hub, "/v1/jobs?label=team=web&q=o&key=two").await, ["two"]);
    for label in ["team", "=search", "%20=search"] {
        let answer = hub.call(Method::GET, &format!("/v1/jobs?label={label}")).send().await.unwrap();
        assert_eq!(refused(answer).await, Refused(422, ErrorCode::Invalid, Some("label".to_owned())));
    }
    let answer = hub.call(Method::GET, "/v1/jobs?parent=root").send().await.unwrap();
    assert_eq!(refused(answer).await, Refused(400, ErrorCode::Malformed, None));
    // Forgotten, a job is found by nothing.
    assert_eq!(names(&hub, "/v1/jobs?label=team=search&state=succeeded").await, ["three"]);
    let three = hub.get("/v1/jobs?label=team=search&limit=1").await["jobs"][0]["id"].as_str().unwrap().to_owned();
    hub.delete(&format!("/v1/jobs/{three}")).await;
    assert_eq!(names(&hub, "/v1/jobs?label=team=search").await, ["one"]);
}

#[tokio::test]
async fn only_so_many_ended_jobs_are_kept_and_none_that_runs_is_deleted() {
    let hub = TestHub::with(|config| config.keep_jobs = 2).await;
    let running = hub.started("running").await.job;
    ended(&hub, &["1", "2", "3", "4"]).await;
    // A hub looks when it starts, and then at most once an hour.
    let hub = hub.restart().await;
    let deadline = tokio::time::Instant::now() + crate::support::LONG;
    while names(&hub, "/v1/jobs").await != ["4", "3", "running"] {
        assert!(tokio::time::Instant::now() < deadline, "{:?}", names(&hub, "/v1/jobs").await);
    }
    // It ends as if nothing had been.
    hub.progress(running.id, 1).await;
    assert_eq!(hub.finish(running.id, "succeeded").await.status(), 200);
    assert_eq!(hub.stats().await.seq.0, 10);
}

#[tokio::test]
async fn what_ended_long_ago_is_deleted() {
    let hub = TestHub::with(|config| config.keep_for = std::time::Duration::from_secs(60 * 60)).await;
    ended(&hub, &["new"]).await;
    let old = json!({"name": "old", "start": true, "started_at": "2020-01-01T00:00:00.000Z"});
    let job = hub.kept(hub.post("/v1/jobs", old).await.json().await.unwrap());
    let end = json!({"fence": hub.fence(job.job.id), "outcome": "failed", "finished_at": "2020-01-01T00:01:00.000Z"});
    hub.post(&format!("/v1/jobs/{}/finish", job.job.id), end).await;
    let hub = hub.restart().await;
    let deadline = tokio::time::Instant::now() + crate::support::LONG;
    while names(&hub, "/v1/jobs").await != ["new"] {
        assert!(tokio::time::Instant::now() < deadline);
    }
    let answer = hub.call(Method::GET, &format!("/v1/jobs/{}", job.job.id)).send().await.unwrap();
    assert_eq!(refused(answer).await, Refused(404, ErrorCode::NotFound, None));
}
