//! What a hub counts about itself, for people and for Prometheus.

use std::collections::BTreeMap;

use reqwest::Method;

use crate::support::TestHub;

async fn metrics(hub: &TestHub) -> BTreeMap<String, u64> {
    let answer = hub.call(Method::GET, "/metrics").send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let text = answer.text().await.unwrap();
    let samples: BTreeMap<String, u64> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_once(' ').map(|(name, value)| (name.to_owned(), value.parse().unwrap())).unwrap())
        .collect();
    for name in samples.keys() {
        let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
        assert!(text.contains(&format!("# HELP {name} ")) && text.contains(&format!("# TYPE {name} {kind}\n{name} ")), "{name}");
    }
    samples
}

#[tokio::test]
async fn what_happens_is_counted() {
    let hub = TestHub::start().await;
    let before = metrics(&hub).await;
    let job = hub.started("make").await.job;
    hub.progress(job.id, 1).await;
    hub.post(&format!("/v1/jobs/{}/questions", job.id), serde_json::json!({"fence": hub.fence(job.id), "prompt": "?", "free_text": true}))
        .await;
    hub.running().await;
    let mut feed = hub.feed(Some("garbage")).await;
    feed.snapshot().await;
    assert_eq!(hub.call(Method::GET, "/v1/nothing").send().await.unwrap().status(), 404);
    assert_eq!(hub.bare(Method::GET, "/v1/jobs").send().await.unwrap().status(), 401);
    let after = metrics(&hub).await;
    let grown: BTreeMap<&str, u64> =
        after.iter().map(|(name, value)| (name.as_str(), value - before[name])).filter(|(_, by)| *by > 0).collect();
    let expected = [
        ("doorbell_events_total", 2),
        ("doorbell_gaps_total", 1),
        ("doorbell_jobs_running", 1),
        ("doorbell_polls_total", 1),
        ("doorbell_progress_reports_total", 1),
        ("doorbell_questions_open", 1),
        ("doorbell_requests_refused_total", 2),
        // One of them is the first look at these figures.
        ("doorbell_requests_total", 8),
        ("doorbell_subscribers", 1),
    ];
    assert_eq!(grown, BTreeMap::from(expected));
    let stats = hub.stats().await;
    assert_eq!((stats.gaps, stats.refused, stats.failed), (1, 2, 0));
    assert_eq!(stats.requests, after["doorbell_requests_total"] + 1);
}
