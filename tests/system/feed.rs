//! The feed supervisor against a real hub.

use std::time::Duration;

use doorbell_client::{BearerToken, Endpoint, EndpointSource, Feed, FeedUpdate, When, rest::Running};
use doorbell_protocol::{EventId, EventKind, FeedMessage, JobState};
use doorbell_tests::{
    Home, Hub,
    hub::SOON,
    wire::proxy::{FaultProxy, Way},
};
use tokio::{sync::mpsc::Receiver, time::timeout};

/// How many seconds it may take to notice a connection that is open and silent, and then for a delay between two attempts.
const BACK: u32 = 61 + 31;

/// The next message, passing over news of the connection.
async fn message(updates: &mut Receiver<FeedUpdate>) -> (Option<EventId>, FeedMessage) {
    let next = async {
        loop {
            match updates.recv().await {
                Some(FeedUpdate::Message { id, message, .. }) => return (id, message),
                Some(FeedUpdate::Refused { .. }) | None => panic!("no message will come"),
                Some(_) => {}
            }
        }
    };
    timeout(SOON, next).await.expect("a message in time")
}

async fn event(updates: &mut Receiver<FeedUpdate>) -> (EventKind, JobState, u32) {
    match message(updates).await {
        (Some(_), FeedMessage::Event(event)) => (event.kind(), event.data().job.state, event.data().counts.running),
        other => panic!("{other:?}"),
    }
}

async fn snapshot_is_first(updates: &mut Receiver<FeedUpdate>) -> bool {
    match message(updates).await {
        (_, FeedMessage::Snapshot(snapshot)) => !snapshot.gap,
        (_, FeedMessage::Event(_)) => false,
    }
}

async fn run(home: &Home, command: &'static str) {
    let mut doorbell = home.doorbell(&["run", command]);
    let output = tokio::task::spawn_blocking(move || doorbell.output()).await.expect("it runs").expect("doorbell starts");
    assert!(output.status.success());
}

#[tokio::test]
async fn a_run_is_a_start_and_an_end_on_the_feed() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let (_feed, mut updates) = Feed::open(EndpointSource::fixed(hub.endpoint().clone()));
    assert!(snapshot_is_first(&mut updates).await);
    run(&home, "true").await;
    assert_eq!(event(&mut updates).await, (EventKind::JobStarted, JobState::Running, 1));
    assert_eq!(event(&mut updates).await, (EventKind::JobFinished, JobState::Succeeded, 0));
}

#[tokio::test]
async fn after_a_restart_of_the_hub_nothing_is_missed() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let address = hub.address().to_owned();
    let (feed, mut updates) = Feed::open(EndpointSource::fixed(hub.endpoint().clone()));
    assert!(snapshot_is_first(&mut updates).await);
    run(&home, "true").await;
    event(&mut updates).await;
    event(&mut updates).await;
    hub.kill();
    loop {
        match timeout(SOON, updates.recv()).await.unwrap() {
            Some(FeedUpdate::Down { retry_in, .. }) => {
                assert!(retry_in >= Duration::from_millis(500));
                break;
            }
            other => assert!(matches!(other, Some(FeedUpdate::Connecting | FeedUpdate::Live)), "{other:?}"),
        }
    }
    let hub = Hub::start_with(&home, &["--listen", &address]);
    run(&home, "true").await;
    feed.retry_now();
    // Straight on with the events, by their Last-Event-ID: no snapshot comes between.
    assert_eq!(event(&mut updates).await, (EventKind::JobStarted, JobState::Running, 1));
    assert_eq!(event(&mut updates).await, (EventKind::JobFinished, JobState::Succeeded, 0));
    drop(hub);
}

/// Updates up to the next [`FeedUpdate::Live`], and whether each message of them had been missed.
async fn until_live(updates: &mut Receiver<FeedUpdate>) -> Vec<When> {
    let mut messages = Vec::new();
    let live = async {
        loop {
            let update = updates.recv().await.expect("the feed goes on");
            if update == FeedUpdate::Live {
                return;
            }
            if let FeedUpdate::Message { when, .. } = update {
                messages.push(when);
            }
        }
    };
    timeout(SOON, live).await.expect("the feed is live");
    messages
}

#[tokio::test]
async fn what_happened_during_an_absence_is_told_as_missed() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let address = hub.address().to_owned();
    let (feed, mut updates) = Feed::open(EndpointSource::fixed(hub.endpoint().clone()));
    assert_eq!(until_live(&mut updates).await, [When::Now]);
    // A connection that missed nothing is live without a message.
    feed.resumed();
    assert_eq!(until_live(&mut updates).await, []);
    hub.kill();
    let hub = Hub::start_with(&home, &["--listen", &address]);
    run(&home, "true").await;
    run(&home, "true").await;
    feed.retry_now();
    assert_eq!(until_live(&mut updates).await, [When::Missed; 4]);
    run(&home, "true").await;
    let told = timeout(SOON, updates.recv()).await.unwrap();
    assert!(matches!(told, Some(FeedUpdate::Message { when: When::Now, .. })), "{told:?}");
    drop(hub);
}

#[tokio::test]
async fn a_wrong_token_is_refused_and_not_tried_again_by_itself() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let endpoint = Endpoint::new(hub.endpoint().url(), BearerToken::new("wrong").unwrap()).unwrap();
    let (feed, mut updates) = Feed::open(EndpointSource::fixed(endpoint));
    for _ in 0..3 {
        assert_eq!(timeout(SOON, updates.recv()).await.unwrap(), Some(FeedUpdate::Connecting));
        let refused = timeout(SOON, updates.recv()).await.unwrap();
        assert!(matches!(&refused, Some(FeedUpdate::Refused { reason }) if reason.contains("DOORBELL_TOKEN")), "{refused:?}");
        assert!(timeout(Duration::from_millis(300), updates.recv()).await.is_err(), "it tries again by itself");
        feed.retry_now();
    }
}

#[tokio::test]
async fn a_feed_that_is_dropped_leaves_the_hub() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let (feed, mut updates) = Feed::open(EndpointSource::fixed(hub.endpoint().clone()));
    snapshot_is_first(&mut updates).await;
    assert_eq!(subscribers(&hub).await, 1);
    drop(feed);
    let gone = async {
        while subscribers(&hub).await > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(SOON, gone).await.expect("the hub sees it go");
    drop(updates);
}

async fn subscribers(hub: &Hub) -> u32 {
    doorbell_client::Client::new(EndpointSource::fixed(hub.endpoint().clone())).stats().await.expect("stats").subscribers
}

/// A second passes at once: for timers, and for nothing else.
async fn a_second_passes() {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(1)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn whatever_a_proxy_does_each_event_is_told_once_and_in_order_though_nobody_says_that_it_is_over() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let proxy = FaultProxy::start(hub.address()).await;
    let endpoint = Endpoint::new(&proxy.url(), hub.endpoint().token().clone()).unwrap();
    let (_feed, mut updates) = Feed::open(EndpointSource::fixed(endpoint));
    assert_eq!(until_live(&mut updates).await, [When::Now]);
    let mut told = Vec::new();
    for way in [Way::Cut, Way::Stalled, Way::Split, Way::Reset, Way::Buffered, Way::Hotel, Way::Stalled] {
        proxy.set(way);
        run(&home, "true").await;
        proxy.set(Way::Open);
        let mut seconds = 0;
        while told.last() != Some(&hub_newest(&hub).await) {
            match timeout(Duration::from_millis(50), updates.recv()).await {
                Err(_) => {
                    assert!(seconds < BACK, "{way:?}: {told:?}");
                    seconds += 1;
                    a_second_passes().await;
                }
                Ok(Some(FeedUpdate::Message { id, message: FeedMessage::Event(_), .. })) => told.push(id.unwrap().seq.0),
                Ok(Some(FeedUpdate::Message { message, .. })) => panic!("{way:?}: {message:?}"),
                Ok(update) => assert!(update.is_some()),
            }
        }
    }
    assert_eq!(told, (1..=2 * 7).collect::<Vec<_>>());
    assert_eq!(proxy.peak(), 1, "feeds at once");
}

async fn hub_newest(hub: &Hub) -> u64 {
    doorbell_client::Client::new(EndpointSource::fixed(hub.endpoint().clone())).stats().await.expect("stats").seq.0
}

#[tokio::test]
async fn a_list_of_before_a_restart_is_never_taken_for_unchanged() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let polled = async |hub: &Hub, etag: Option<&str>| {
        doorbell_client::Client::new(EndpointSource::fixed(hub.endpoint().clone())).running(etag).await.expect("a list")
    };
    let Running::List { etag, list } = polled(&hub, None).await else { panic!("there is no list to compare with") };
    assert_eq!(polled(&hub, etag.as_deref()).await, Running::Unchanged);
    hub.kill();
    let hub = Hub::start(&home);
    let again = polled(&hub, etag.as_deref()).await;
    assert!(matches!(&again, Running::List { list: now, .. } if now.epoch == list.epoch), "{again:?}");
}
