//! What the supervisor asks for next, and when, after every kind of end. Over real sockets, on a clock that is
//! moved on whenever nothing else is to be done.

use std::{fmt::Write, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::*;
use crate::{BearerToken, Endpoint, event_stream::lines::BLOCK_BYTES};

/// The hub's database, and another one's.
const HUB: &str = "00000000000000f3";
const OTHER: &str = "00000000000000f4";
/// No wait in these tests is longer, on the clock that they move.
const LONG: Duration = Duration::from_secs(300);

/// One connection: what it meets, and what follows from it.
struct Leg {
    sent: Vec<u8>,
    then: Then,
    /// Places of the messages that come out; `-` where they have none.
    told: &'static str,
    again: Again,
    /// The place that the next request names as the last one known.
    last: Option<u64>,
}

/// What the server does after it has sent its bytes.
#[derive(Clone, Copy)]
enum Then {
    Close,
    Reset,
    Hold,
}

/// When the next attempt is made, by the random number 1: every delay is as long as it may be.
#[derive(Debug, Eq, PartialEq)]
enum Again {
    In(Duration),
    WhenAsked,
}

use Then::{Close, Hold, Reset};

fn seconds(s: u64) -> Again {
    Again::In(Duration::from_secs(s))
}

/// A feed of a hub whose newest event has this place.
fn feed(newest: u64, stream: impl AsRef<[u8]>) -> Vec<u8> {
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\nDoorbell-Newest: {HUB}-{newest}\r\n\r\n");
    [head.as_bytes(), stream.as_ref()].concat()
}

fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()).into_bytes()
}

fn block(id: &str, event: &str, data: &str) -> String {
    format!("{id}event: {event}\ndata: {data}\n\n")
}

fn snapshot(id: &str) -> String {
    block(id, "snapshot", r#"{"counts":{"running":0},"running":[],"now":"2026-11-21T10:00:00.000Z","gap":false}"#)
}

/// A job that starts.
fn start(id: &str) -> String {
    let job = r#"{"id":"00000000-0000-7000-8000-000000000001","key":"k","name":"n","state":"running","created_at":"2026-11-21T10:00:00.000Z","attempt":1}"#;
    block(id, "job.started", &format!(r#"{{"at":"2026-11-21T10:00:00.000Z","counts":{{"running":1}},"job":{job}}}"#))
}

fn id(seq: u64) -> String {
    format!("id: {HUB}-{seq}\n")
}

/// A new client hears that the hub is at 7, and what happens at 8. Then the connection ends.
fn first() -> Leg {
    let sent = feed(7, snapshot(&id(7)) + &start(&id(8)));
    Leg { sent, then: Close, told: "7 8", again: seconds(1), last: Some(8) }
}

/// A connection that asked for what follows 8, and brings nothing: the next one asks for the same, twice as late.
fn nothing(sent: impl AsRef<[u8]>, then: Then) -> Leg {
    Leg { sent: sent.as_ref().to_vec(), then, told: "", again: seconds(2), last: Some(8) }
}

/// A connection that asked for what follows 8, and ends after this.
fn meets(stream: impl AsRef<[u8]>, told: &'static str, last: Option<u64>) -> Leg {
    Leg { told, last, ..nothing(feed(8, stream), Close) }
}

/// A first connection whose stream begins with this.
fn asks_for(retry: &str, again: Again) -> Leg {
    Leg { sent: feed(7, format!("{retry}{}", snapshot(&id(7)))), then: Close, told: "7", again, last: Some(7) }
}

/// Answers the connections to the feed one after the other, and holds those that come after them. Tells the place
/// that each request names.
fn serve(listener: TcpListener, mut legs: Vec<(Vec<u8>, Then)>) -> mpsc::UnboundedReceiver<Option<String>> {
    let (tell, requests) = mpsc::unbounded_channel();
    legs.reverse();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(socket.read_u8().await.unwrap());
            }
            let request = String::from_utf8(request).unwrap().to_lowercase();
            let leg = if request.starts_with("get /v1/feed ") {
                tell.send(request.lines().find_map(|line| line.strip_prefix("last-event-id: ")).map(str::to_owned)).unwrap();
                legs.pop().unwrap_or((Vec::new(), Hold))
            } else {
                (answer("503 Service Unavailable", "", ""), Close)
            };
            tokio::spawn(play(socket, leg));
        }
    });
    requests
}

async fn play(mut socket: TcpStream, (sent, then): (Vec<u8>, Then)) {
    // The client may have enough before that.
    let _ = socket.write_all(&sent).await;
    match then {
        Close => {}
        Reset => socket.set_zero_linger().unwrap(),
        Hold => drop(socket.read_u8().await),
    }
}

/// What comes out until the attempt has ended, and when the next one is made.
async fn until_ended(updates: &mut mpsc::Receiver<FeedUpdate>) -> (String, Again) {
    let mut told = String::new();
    loop {
        match updates.recv().await.unwrap() {
            FeedUpdate::Message { id, .. } => {
                let place = id.map_or("-".to_owned(), |id| id.seq.0.to_string());
                write!(told, "{}{place}", if told.is_empty() { "" } else { " " }).unwrap();
            }
            FeedUpdate::Down { retry_in, .. } | FeedUpdate::Offline { retry_in, .. } => return (told, Again::In(retry_in)),
            FeedUpdate::Refused { .. } => return (told, Again::WhenAsked),
            FeedUpdate::Connecting | FeedUpdate::Live | FeedUpdate::Polled(_) | FeedUpdate::PollFailed { .. } => {}
        }
    }
}

async fn run(name: &str, legs: Vec<Leg>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let source = EndpointSource::fixed(Endpoint::new(&url, BearerToken::new("secret").unwrap()).unwrap());
    let mut requests = serve(listener, legs.iter().map(|leg| (leg.sent.clone(), leg.then)).collect());
    let (sender, mut updates) = mpsc::channel(QUEUE);
    let wakes = Arc::<Wakes>::default();
    let supervisor = tokio::spawn(supervisor::run(source, sender, Arc::clone(&wakes), || 1.0));
    assert_eq!(requests.recv().await.unwrap(), None, "{name}");
    for (n, Leg { told, again, last, .. }) in legs.into_iter().enumerate() {
        let ended = timeout(LONG, until_ended(&mut updates)).await.unwrap_or_else(|_| panic!("{name}: attempt {n} does not end"));
        assert_eq!(ended, (told.to_owned(), again), "{name}: attempt {n}");
        if ended.1 == Again::WhenAsked {
            wakes.asked.notify_one();
        }
        let request = timeout(LONG, requests.recv()).await.unwrap_or_else(|_| panic!("{name}: none comes after attempt {n}"));
        assert_eq!(request.unwrap(), last.map(|seq| format!("{HUB}-{seq}")), "{name}: after attempt {n}");
    }
    supervisor.abort();
}

#[tokio::test(start_paused = true)]
async fn whatever_ends_a_connection_the_next_one_asks_for_what_follows_the_last_message() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let moved = format!("Location: http://{}/v1/feed\r\n", elsewhere.local_addr().unwrap());
    let stream_type = "Content-Type: text/event-stream\r\n";
    let half = format!("{}event: job.started\ndata: {{}}\n", id(9));
    for (name, leg) in [
        ("a clean end", nothing(feed(8, "retry: 1000\n\n"), Close)),
        ("an end at once", nothing(feed(8, ""), Close)),
        ("a reset", nothing(feed(8, ": x\n\n"), Reset)),
        ("no byte, and a reset", nothing("", Reset)),
        ("a block without its end", nothing(feed(8, half), Close)),
        ("a line without its end", nothing(feed(8, id(9).trim_end()), Close)),
        // It was live for longer than a keepalive takes, so nothing has failed before.
        ("silence", Leg { again: seconds(1), ..nothing(feed(8, ": x\n\n"), Hold) }),
        ("silence before the first byte", nothing("", Hold)),
        ("silence after the head", nothing(feed(8, ""), Hold)),
        ("204", nothing(answer("204 No Content", "", ""), Close)),
        ("301 to elsewhere", nothing(answer("301 Moved Permanently", &moved, ""), Close)),
        ("307 to elsewhere", nothing(answer("307 Temporary Redirect", &moved, ""), Close)),
        ("404", nothing(answer("404 Not Found", stream_type, ""), Close)),
        ("500", nothing(answer("500 Internal Server Error", "", ""), Close)),
        ("503 that says when to come back", nothing(answer("503 Service Unavailable", "Retry-After: 120\r\n", ""), Close)),
        ("401", Leg { again: Again::WhenAsked, ..nothing(answer("401 Unauthorized", "", ""), Close) }),
        ("403", Leg { again: Again::WhenAsked, ..nothing(answer("403 Forbidden", "", ""), Close) }),
        ("another type", nothing(answer("200 OK", "Content-Type: application/json\r\n", "{}"), Close)),
        ("a hotel's page", nothing(answer("200 OK", "Content-Type: text/html\r\n", "<html>Welcome"), Close)),
        ("a block that is too large", nothing(feed(8, "data: ".to_owned() + &"x".repeat(BLOCK_BYTES)), Hold)),
    ] {
        run(name, vec![first(), leg]).await;
    }
    assert!(timeout(LONG, elsewhere.accept()).await.is_err(), "it followed a redirect");
}

#[tokio::test(start_paused = true)]
async fn only_a_message_with_a_place_in_this_hubs_feed_moves_the_last_event_id() {
    for (name, stream, told, last) in [
        ("an event", start(&id(9)), "9", Some(9)),
        ("an event of a later version", block(&id(9), "job.paused", "x"), "", Some(9)),
        ("an event without an id", start(""), "-", Some(8)),
        // The standard says that it has this id.
        ("an event without an id, after an id alone", id(9) + "\n" + &start(""), "9", Some(9)),
        ("an id alone", id(9) + "\n", "", Some(8)),
        ("an id and a comment", id(9) + ": x\n\n", "", Some(8)),
        ("an id without a value", start("id:\n"), "-", Some(8)),
        ("an id that is no ASCII", start("id: schön-9\n"), "-", Some(8)),
        ("an id with NUL", start(&format!("id: {HUB}-9\0\n")), "-", Some(8)),
        ("an id of another hub", start(&format!("id: {OTHER}-9\n")), "-", Some(8)),
        ("a snapshot", snapshot(&id(12)), "12", Some(12)),
        // It starts over, so nothing is known that could be followed.
        ("a snapshot without an id", snapshot(""), "-", None),
        ("a snapshot with an id that is no ASCII", snapshot("id: schön-9\n"), "-", None),
    ] {
        run(name, vec![first(), meets(stream, told, last)]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_cannot_go_on_from_the_last_message_asks_for_a_snapshot() {
    let unread = |event| block(&id(9), event, "{");
    let unproven = String::from_utf8(feed(8, ": x\n\n")).unwrap().replace("Doorbell-Newest", "X");
    for (name, leg) in [
        ("an event that cannot be read", meets(unread("job.started"), "", None)),
        ("an event that cannot be read, after one that can", meets(start(&id(9)) + &block(&id(10), "job.finished", "{}"), "9", None)),
        ("a snapshot that cannot be read", meets(unread("snapshot"), "", None)),
        ("somebody who does not know the event", Leg { last: None, ..nothing(unproven, Hold) }),
    ] {
        run(name, vec![first(), leg]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_pause_that_a_hub_asks_for_is_the_first_of_the_delays_within_bounds() {
    for (name, retry, delay) in [
        ("none", "", 1),
        ("an ordinary one", "retry: 5000\n\n", 5),
        ("the last of several", "retry: 20000\n\nretry: 4000\n\n", 4),
        ("tiny", "retry: 10\n\n", 1),
        ("none at all", "retry: 0\n\n", 1),
        ("a day", "retry: 86400000\n\n", 30),
        ("more than a number holds", "retry: 99999999999999999999999\n\n", 30),
        ("not a number", "retry: 5s\n\nretry: -5000\n\nretry: +5000\n\nretry:\n\n", 1),
        ("in a block with an id", "retry: 5000\nid: x\n", 5),
    ] {
        run(name, vec![asks_for(retry, seconds(delay))]).await;
    }
    let failed =
        |again| Leg { sent: answer("500 Internal Server Error", "", ""), then: Close, told: "", again: seconds(again), last: Some(7) };
    run("it grows", vec![asks_for("retry: 5000\n\n", seconds(5)), failed(10), failed(20), failed(30), failed(30)]).await;
    run("it is asked for later", vec![asks_for("", seconds(1)), asks_for("retry: 4000\n\n", seconds(8)), failed(16)]).await;
}
