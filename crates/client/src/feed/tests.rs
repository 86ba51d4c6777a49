//! The supervisor against a server that sends what a test says, byte by byte.

use std::time::Duration;

use doorbell_protocol::{EventId, FeedMessage};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::{Notify, mpsc},
    time::Instant,
};

use super::*;
use crate::{
    BearerToken, Endpoint,
    event_stream::{lines, transport},
};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
const ID: &str = "00000000000000f3-7";

/// What the server does after it has sent its bytes.
#[derive(Clone, Copy)]
enum Then {
    Close,
    Hold,
}

/// A server that gives each connection the same answer, and tells the requests for the feed that it got.
async fn server(answer: String, then: Then) -> (EndpointSource, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, requests) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (answer, tell) = (answer.clone(), tell.clone());
            tokio::spawn(async move {
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    let Ok(byte) = stream.read_u8().await else { return };
                    request.push(byte);
                }
                if request.starts_with(b"GET /v1/feed ") {
                    let _ = tell.send(String::from_utf8_lossy(&request).into_owned());
                }
                let _ = stream.write_all(answer.as_bytes()).await;
                if matches!(then, Then::Hold) {
                    // Waits until the client closes the connection.
                    let _ = stream.read_u8().await;
                }
            });
        }
    });
    (EndpointSource::fixed(Endpoint::new(&url, BearerToken::new("secret").unwrap()).unwrap()), requests)
}

fn snapshot() -> String {
    let data = r#"{"counts":{"running":0,"queued":0},"running":[],"now":"2026-11-21T10:00:00.000Z","gap":false}"#;
    format!("id: {ID}\nevent: snapshot\ndata: {data}\n\n")
}

async fn next(updates: &mut mpsc::Receiver<FeedUpdate>) -> FeedUpdate {
    updates.recv().await.unwrap()
}

/// A supervisor whose random numbers are all 1: every delay is as long as it may be.
fn supervise(source: EndpointSource) -> mpsc::Receiver<FeedUpdate> {
    let (sender, updates) = mpsc::channel(QUEUE);
    tokio::spawn(supervisor::run(source, sender, Arc::default(), || 1.0));
    updates
}

/// Why the first attempt ended.
async fn first_end(answer: &str, then: Then) -> FeedUpdate {
    let (source, _requests) = server(answer.to_owned(), then).await;
    let (_feed, mut updates) = Feed::open(source);
    loop {
        let update = next(&mut updates).await;
        if matches!(update, FeedUpdate::Down { .. } | FeedUpdate::Refused { .. }) {
            return update;
        }
    }
}

#[tokio::test]
async fn what_is_no_feed_is_told_in_words() {
    let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>Welcome to our hotel";
    for (answer, words) in [
        (page, "text/html"),
        ("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "302"),
        ("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "307"),
        ("HTTP/1.1 204 No Content\r\n\r\n", "204"),
        ("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", "500"),
        ("not even HTTP\r\n\r\n", "does not answer"),
        (&format!("{OK}event: snapshot\ndata: {{}}\n\n"), "cannot be read"),
        (&format!("{OK}data: \u{0}"), "closed"),
        (OK, "closed"),
    ] {
        let end = first_end(answer, Then::Close).await;
        let FeedUpdate::Down { reason, retry_in } = end else { panic!("{answer:?}: {end:?}") };
        assert!(reason.contains(words), "{answer:?}: {reason}");
        assert!((Duration::from_millis(500)..=Duration::from_secs(1)).contains(&retry_in));
    }
}

#[tokio::test]
async fn a_refused_token_is_told_apart_and_never_shown() {
    let end = first_end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", Then::Close).await;
    let FeedUpdate::Refused { reason } = end else { panic!("{end:?}") };
    assert!(reason.contains("DOORBELL_TOKEN") && !reason.contains("secret"), "{reason}");
}

#[tokio::test]
async fn another_refusal_is_told_in_the_hubs_words_as_far_as_they_are_short_and_clean() {
    let said = |message: &str| format!(r#"{{"error":{{"code":"forbidden","message":"{message}"}}}}"#);
    let long = "x".repeat(doorbell_protocol::limits::MESSAGE_CHARS + 1);
    for (body, words) in [
        (said("this hub serves localhost, not \\\"h\\\""), "this hub serves localhost, not \"h\" (HTTP status 403)"),
        (said("a\\u001b[31m\\u202eb"), "a[31mb (HTTP status 403)"),
        (said(&long), "x… (HTTP status 403)"),
        (said(""), "does not say why"),
        (said(&"x".repeat(20_000)), "does not say why"),
        ("<html>403".to_owned(), "does not say why"),
        (String::new(), "does not say why"),
    ] {
        let answer = format!("HTTP/1.1 403 Forbidden\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let end = first_end(&answer, Then::Close).await;
        let FeedUpdate::Refused { reason } = end else { panic!("{body}: {end:?}") };
        assert!(reason.contains(words) && !reason.contains("DOORBELL_TOKEN") && reason.chars().count() < 600, "{body}: {reason}");
    }
}

#[tokio::test]
async fn an_endless_block_ends_the_attempt() {
    let endless = format!("{OK}data: {}", "x".repeat(lines::BLOCK_BYTES + 1));
    assert!(matches!(first_end(&endless, Then::Hold).await, FeedUpdate::Down { reason, .. } if reason.contains("block")));
}

#[tokio::test]
async fn the_request_asks_for_what_follows_the_last_message() {
    let (source, mut requests) = server(format!("{OK}{}", snapshot()), Then::Close).await;
    let (feed, mut updates) = Feed::open(source);
    assert_eq!(next(&mut updates).await, FeedUpdate::Connecting);
    let id: EventId = ID.parse().unwrap();
    let message = next(&mut updates).await;
    assert!(matches!(message, FeedUpdate::Message { id: Some(seen), message: FeedMessage::Snapshot(_), .. } if seen == id));
    assert_eq!(next(&mut updates).await, FeedUpdate::Live);
    assert!(matches!(next(&mut updates).await, FeedUpdate::Down { .. }));
    let first = requests.recv().await.unwrap().to_lowercase();
    assert!(first.starts_with("get /v1/feed http/1.1\r\n") && first.contains("authorization: bearer secret\r\n"), "{first}");
    assert!(!first.contains("last-event-id"), "{first}");
    feed.retry_now();
    assert!(requests.recv().await.unwrap().to_lowercase().contains(&format!("last-event-id: {ID}\r\n")));
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_passed_by_asking_for_a_snapshot() {
    let (source, mut requests) =
        server(format!("{OK}{}id: 00000000000000f3-8\nevent: job.started\ndata: {{}}\n\n", snapshot()), Then::Hold).await;
    let (feed, mut updates) = Feed::open(source);
    let reason = loop {
        if let FeedUpdate::Down { reason, .. } = next(&mut updates).await {
            break reason;
        }
    };
    assert!(reason.contains("job.started that cannot be read"), "{reason}");
    feed.retry_now();
    for _ in 0..2 {
        assert!(!requests.recv().await.unwrap().to_lowercase().contains("last-event-id"));
    }
}

#[tokio::test]
async fn events_of_a_later_version_are_passed_over() {
    let (source, _requests) = server(format!("{OK}: hello\n\nevent: job.paused\ndata: {{}}\n\n{}", snapshot()), Then::Hold).await;
    let (_feed, mut updates) = Feed::open(source);
    assert_eq!(next(&mut updates).await, FeedUpdate::Connecting);
    while !matches!(next(&mut updates).await, FeedUpdate::Message { .. }) {}
}

#[tokio::test]
async fn a_minute_of_silence_ends_the_attempt() {
    let (source, _requests) = server(format!("{OK}{}", snapshot()), Then::Hold).await;
    let (_feed, mut updates) = Feed::open(source);
    assert_eq!(next(&mut updates).await, FeedUpdate::Connecting);
    while next(&mut updates).await != FeedUpdate::Live {}
    // From here on nothing but time passes.
    tokio::time::pause();
    let silent_since = Instant::now();
    assert!(matches!(next(&mut updates).await, FeedUpdate::Down { reason, .. } if reason.contains("nothing came")));
    let silence = transport::SILENCE - Duration::from_secs(1)..=transport::SILENCE + Duration::from_secs(1);
    assert!(silence.contains(&silent_since.elapsed()), "{:?}", silent_since.elapsed());
}

#[tokio::test]
async fn a_server_that_accepts_and_closes_is_tried_ever_more_rarely() {
    let (source, _requests) = server(format!("{OK}{}", snapshot()), Then::Close).await;
    let mut updates = supervise(source);
    let mut delays = Vec::new();
    while delays.len() < 6 {
        if let FeedUpdate::Down { retry_in, .. } = next(&mut updates).await {
            delays.push(retry_in.as_secs());
            tokio::time::pause();
            tokio::time::advance(retry_in).await;
            tokio::time::resume();
        }
    }
    assert_eq!(delays, [1, 2, 4, 8, 16, 30]);
}

#[tokio::test]
async fn dropping_the_feed_closes_the_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let closed = Arc::new(Notify::new());
    let tell = Arc::clone(&closed);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(format!("{OK}{}", snapshot()).as_bytes()).await.unwrap();
        let mut block = [0; 1024];
        while let Ok(1..) = stream.read(&mut block).await {}
        tell.notify_one();
    });
    let (feed, mut updates) = Feed::open(EndpointSource::fixed(Endpoint::new(&url, BearerToken::new("x").unwrap()).unwrap()));
    while !matches!(next(&mut updates).await, FeedUpdate::Message { .. }) {}
    drop(feed);
    tokio::time::timeout(Duration::from_secs(10), closed.notified()).await.expect("the connection is closed");
}
