//! Whatever a listener says it has heard last, it is told what it needs.

use doorbell_protocol::FeedMessage;

use crate::{raw::Raw, support::TestHub};

/// What comes first for a listener that sends these bytes as its Last-Event-ID.
async fn first(hub: &TestHub, last: &[u8]) -> FeedMessage {
    let mut raw = Raw::connect(hub.address).await;
    let head = format!("GET /v1/feed HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nLast-Event-ID: ", hub.token);
    raw.send([head.as_bytes(), last, b"\r\n\r\n"].concat()).await;
    assert!(raw.head().await.contains(" 200 OK"));
    raw.next().await.1
}

#[tokio::test]
async fn an_id_in_the_ring_is_followed_by_what_was_missed() {
    let hub = TestHub::start().await;
    hub.started("one").await;
    let (start, _) = hub.feed(None).await.snapshot().await;
    let two = hub.started("two").await.job;
    match first(&hub, start.to_string().as_bytes()).await {
        FeedMessage::Event(event) => assert_eq!(event.data().job.id, two.id),
        FeedMessage::Snapshot(snapshot) => panic!("{snapshot:?}"),
    }
}

#[tokio::test]
async fn any_other_id_is_followed_by_a_snapshot_that_says_so() {
    let hub = TestHub::start().await;
    let job = hub.started("one").await.job;
    let (id, _) = hub.feed(None).await.snapshot().await;
    let epoch = id.epoch;
    let long = "1".repeat(10 * 1_024);
    let (future, other) = (format!("{epoch}-2"), "00000000000000ff-1".to_owned());
    let largest = format!("{epoch}-{}", u64::MAX);
    let too_large = format!("{epoch}-{}0", u64::MAX);
    let negative = format!("{epoch}--1");
    let ids = [future, other, largest, too_large, negative, long, format!("{epoch}-"), "-".to_owned(), "garbage".to_owned(), String::new()];
    let bytes: [&[u8]; 3] = [b"\xff\xfe\xfd", "é–💥".as_bytes(), b"0000000000000000-0; DROP TABLE jobs"];
    for last in ids.iter().map(String::as_bytes).chain(bytes) {
        match first(&hub, last).await {
            FeedMessage::Snapshot(snapshot) => {
                assert!(snapshot.gap, "{:?}", String::from_utf8_lossy(last));
                assert_eq!(snapshot.running.iter().map(|job| job.id).collect::<Vec<_>>(), [job.id]);
            }
            FeedMessage::Event(event) => panic!("{:?}: {event:?}", String::from_utf8_lossy(last)),
        }
    }
}
