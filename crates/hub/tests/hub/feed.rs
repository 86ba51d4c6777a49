//! What a subscriber is told, from its first byte on.

use doorbell_hub::bounds;
use doorbell_protocol::limits;
use serde_json::json;

use crate::support::{LONG, TestHub};

#[tokio::test]
async fn a_subscriber_starts_with_a_snapshot_and_then_hears_each_event_once() {
    let hub = TestHub::start().await;
    let running = hub.started("running").await.job;
    let mut feed = hub.feed(None).await;
    let (id, snapshot) = feed.snapshot().await;
    assert_eq!((id.seq.0, snapshot.gap, snapshot.counts.running), (1, false, 1));
    assert_eq!(snapshot.running.iter().map(|job| job.id).collect::<Vec<_>>(), [running.id]);

    let other = hub.started("other").await.job;
    hub.progress(other.id, 1).await;
    hub.finish(running.id, "succeeded").await;
    let (id, kind, event) = feed.event().await;
    assert_eq!((id.seq.0, kind, event.counts.running, event.job.id), (2, "job.started", 2, other.id));
    let (id, kind, event) = feed.event().await;
    assert_eq!((id.seq.0, kind, event.counts.running, event.job.id, event.late), (3, "job.finished", 1, running.id, false));
}

#[tokio::test]
async fn a_subscriber_that_comes_back_hears_exactly_what_it_missed() {
    let hub = TestHub::start().await;
    let mut feed = hub.feed(None).await;
    let (start, _) = feed.snapshot().await;
    drop(feed);
    let job = hub.started("missed").await.job;
    hub.finish(job.id, "succeeded").await;
    let mut back = hub.feed(Some(&start.to_string())).await;
    assert_eq!((back.event().await.0.seq.0, back.event().await.0.seq.0), (1, 2));
    hub.started("live").await;
    assert_eq!(back.event().await.0.seq.0, 3);
}

#[tokio::test]
async fn the_answer_says_which_event_is_the_newest() {
    let hub = TestHub::start().await;
    let newest = async || {
        let answer = hub.call(reqwest::Method::GET, "/v1/feed").send().await.unwrap();
        answer.headers()["doorbell-newest"].to_str().unwrap().to_owned()
    };
    let (start, _) = hub.feed(None).await.snapshot().await;
    assert_eq!(newest().await, start.to_string());
    hub.started("make").await;
    assert_eq!(newest().await, format!("{}-1", start.epoch));
}

#[tokio::test]
async fn an_id_that_cannot_be_replayed_gives_a_snapshot_that_says_so() {
    let hub = TestHub::start().await;
    hub.started("make").await;
    let (id, _) = hub.feed(None).await.snapshot().await;
    let future = format!("{}-{}", id.epoch, 99);
    let other_epoch = "00000000000000ff-1".to_owned();
    for last in [future, other_epoch, "garbage".to_owned(), "1".repeat(4_000), "é".to_owned()] {
        let (_, snapshot) = hub.feed(Some(&last)).await.snapshot().await;
        assert!(snapshot.gap, "{last}");
        assert_eq!(snapshot.counts.running, 1);
    }
}

#[tokio::test]
async fn what_fell_out_of_the_ring_is_a_gap() {
    let hub = TestHub::start().await;
    let mut feed = hub.feed(None).await;
    let (start, _) = feed.snapshot().await;
    for n in 0..=bounds::RING_EVENTS / 2 {
        let job = hub.started(&n.to_string()).await.job;
        hub.finish(job.id, "succeeded").await;
    }
    let (_, snapshot) = hub.feed(Some(&start.to_string())).await.snapshot().await;
    assert!(snapshot.gap);
    for seq in 1..=bounds::RING_EVENTS as u64 {
        assert_eq!(feed.event().await.0.seq.0, seq);
    }
}

#[tokio::test]
async fn a_subscriber_is_counted_while_it_listens() {
    let hub = TestHub::start().await;
    let mut feed = hub.feed(None).await;
    feed.snapshot().await;
    assert_eq!(hub.stats().await.subscribers, 1);
    drop(feed);
    hub.until_listeners_are(0, LONG).await;
}

#[tokio::test]
async fn streams_end_when_the_hub_goes_down() {
    let hub = TestHub::start().await;
    let mut feed = hub.feed(None).await;
    feed.snapshot().await;
    hub.stop().await;
    assert!(feed.maybe_next().await.is_none());
}

#[tokio::test]
async fn a_snapshot_of_thousands_fits_a_block_and_counts_them_all() {
    let hub = TestHub::start().await;
    let origin = json!({"host": "h", "cwd": "d".repeat(limits::ORIGIN_CHARS), "command": ["x".repeat(20_000)]});
    let jobs = 600;
    for n in 0..jobs {
        let answer = hub.post("/v1/jobs", json!({"name": n.to_string(), "start": true, "origin": origin})).await;
        assert_eq!(answer.status(), 201);
    }
    let (_, snapshot) = hub.feed(None).await.snapshot().await;
    let list = hub.running().await;
    assert_eq!((snapshot.counts.running, list.counts.running), (jobs, jobs));
    for jobs in [snapshot.running, list.jobs] {
        assert!((300..600).contains(&jobs.len()), "{}", jobs.len());
        assert_eq!(jobs.last().unwrap().name, "599");
        assert!(serde_json::to_string(&jobs).unwrap().len() <= limits::LIST_BYTES);
    }
}
