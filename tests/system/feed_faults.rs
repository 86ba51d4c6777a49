//! The feed against everything that can go wrong on the way, on a clock that only tests wait for.

use std::{ops::RangeInclusive, time::Duration};

use doorbell_client::{Feed, FeedUpdate};
use doorbell_tests::wire::{
    script::{Step, answer, feed, feed_head},
    server::{FaultServer, TOKEN},
};
use tokio::time::timeout;

/// Simulated time of a case. Failures at once are 5 or 6 attempts in it, as the delays fall.
const TIME: Duration = Duration::from_secs(20);
const AGAIN_AND_AGAIN: RangeInclusive<usize> = 5..=6;
const ONCE: RangeInclusive<usize> = 1..=1;
/// Every 3 s, from some point in the first 3 s on.
const POLLED: RangeInclusive<usize> = 5..=7;
const NEVER: RangeInclusive<usize> = 0..=0;
/// Bytes that may be on their way beyond the largest block.
const TAKEN: usize = 16 * 1024 * 1024;

/// How it stands at the end of a case.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Connecting,
    Live,
    Down,
    Refused,
}

/// A fault, and what becomes of it.
struct Case {
    name: &'static str,
    play: Vec<Step>,
    state: State,
    attempts: RangeInclusive<usize>,
    polls: RangeInclusive<usize>,
}

fn case(name: &'static str, play: Vec<Step>, state: State, attempts: RangeInclusive<usize>, polls: RangeInclusive<usize>) -> Case {
    Case { name, play, state, attempts, polls }
}

fn snapshot() -> String {
    let data = r#"{"counts":{"running":0,"queued":0},"running":[],"now":"2026-11-21T10:00:00.000Z","gap":false}"#;
    format!("id: 00000000000000f3-7\nevent: snapshot\ndata: {data}\n\n")
}

/// A feed that ends as HTTP says, on a connection that could serve another call.
fn chunked(block: &str) -> Vec<u8> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    format!("{head}{:x}\r\n{block}\r\n0\r\n\r\n", block.len()).into_bytes()
}

fn list() -> Vec<Step> {
    let list = r#"{"epoch":"00000000000000f3","seq":7,"now":"2026-11-21T10:00:00.000Z","counts":{"running":0},"jobs":[]}"#;
    vec![Step::Send(answer("200 OK", "Content-Type: application/json\r\nETag: \"x\"\r\n", list))]
}

/// Faults that end an attempt at once, whatever they are.
fn broken() -> Vec<Case> {
    let again = |name, play| case(name, play, State::Down, AGAIN_AND_AGAIN, POLLED);
    let status = |name, status| again(name, vec![Step::Send(answer(status, "Content-Type: text/event-stream\r\n", ""))]);
    let html = "Content-Type: text/html\r\n";
    vec![
        status("204", "204 No Content"),
        status("205", "205 Reset Content"),
        status("301 without a place", "301 Moved Permanently"),
        status("404", "404 Not Found"),
        status("500", "500 Internal Server Error"),
        status("503", "503 Service Unavailable"),
        again("502 from a proxy", vec![Step::Send(answer("502 Bad Gateway", html, "<html>502"))]),
        again("a hotel's page", vec![Step::Send(answer("200 OK", html, "<html>Welcome"))]),
        again("JSON", vec![Step::Send(answer("200 OK", "Content-Type: application/json\r\n", "{}"))]),
        again("no type", vec![Step::Send(answer("200 OK", "", "data: x\n\n"))]),
        again("no HTTP", vec![Step::Send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec())]),
        again("closed without a byte", vec![]),
        again("reset without a byte", vec![Step::Reset]),
        again("cut after the head", vec![Step::Send(feed_head(None))]),
        again("cut in a line", vec![feed("event: snap")]),
        again("cut in a block", vec![feed("event: snapshot\ndata: {}\n")]),
        again("reset in a block", vec![feed("event: snapshot\n"), Step::Reset]),
        again("accepted, told and closed", vec![feed(snapshot())]),
        again("ended in order, and the connection kept", vec![Step::Send(chunked(&snapshot())), Step::Hold]),
        again(
            "a status, and the connection kept",
            vec![Step::Send(b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno".to_vec()), Step::Hold],
        ),
        again("a snapshot that cannot be read", vec![feed("event: snapshot\ndata: {\n\n"), Step::Hold]),
        again("a line without an end", vec![feed("data: "), Step::Endless(vec![b'x'; 65_536])]),
        again("a comment without an end", vec![feed(":"), Step::Endless(vec![b'x'; 65_536])]),
        again("comments without an end", vec![feed(""), Step::Endless(b": x\n".repeat(16_384))]),
        again("fields without an end", vec![feed(""), Step::Endless(b"a: b\n".repeat(16_384))]),
        again("data without an end", vec![feed(""), Step::Endless(b"data: b\n".repeat(8_192))]),
        again("a head without an end", vec![Step::Send(b"HTTP/1.1 200 OK\r\n".to_vec()), Step::Endless(b"X-A: b\r\n".repeat(8_192))]),
        again("a huge header", vec![Step::Send(answer("200 OK", &format!("X-A: {}\r\n", "x".repeat(1 << 20)), ""))]),
        again("a retry of 0", vec![feed("retry: 0\n\n")]),
        again("a retry that is none", vec![feed("retry: 1s\n\nretry: -1\n\nretry:\n\n")]),
    ]
}

fn others() -> Vec<Case> {
    let live = |name, play| case(name, [play, vec![Step::Hold]].concat(), State::Live, ONCE, NEVER);
    let refused = |name, status| case(name, vec![Step::Send(answer(status, "", ""))], State::Refused, ONCE, NEVER);
    let snapshot = snapshot();
    let bom = format!("\u{feff}{snapshot}");
    vec![
        refused("401", "401 Unauthorized"),
        refused("403", "403 Forbidden"),
        live("as it should be", vec![feed(&snapshot)]),
        live("byte by byte", vec![Step::Trickle([feed_head(None), snapshot.clone().into_bytes()].concat())]),
        live("ends of line that are CR", vec![feed(snapshot.replace('\n', "\r"))]),
        live("ends of line that are CR LF", vec![Step::Trickle([feed_head(None), snapshot.replace('\n', "\r\n").into_bytes()].concat())]),
        live("a split byte order mark", vec![Step::Trickle([feed_head(None), bom.into_bytes()].concat())]),
        live("bytes that are no text", vec![feed([b": \xff\xfe\ndata\xff: x\n\n", snapshot.as_bytes()].concat())]),
        live("an id with NUL", vec![feed(format!("id: a\0b\n{snapshot}"))]),
        live("an id that is no ASCII", vec![feed(snapshot.replace("00f3-7", "schön-7"))]),
        live("fields of another world", vec![feed(format!("foo: bar\n\nbar\n\n{snapshot}"))]),
        live("events of a later version", vec![feed(format!("event: job.paused\ndata: {{}}\n\n{snapshot}"))]),
        case("a retry of a day", vec![feed("retry: 86400000\n\n")], State::Down, 1..=2, POLLED),
        case(
            "a type in capitals",
            vec![Step::Send(b"HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream;\r\n\r\n".to_vec()), Step::Hold],
            State::Connecting,
            ONCE,
            POLLED,
        ),
        case("no answer", vec![Step::Hold], State::Connecting, 2..=2, POLLED),
        case("an answer that is held back", vec![Step::Send(feed_head(None)), Step::Hold], State::Connecting, ONCE, POLLED),
        case("half a line", vec![feed("event: snap"), Step::Hold], State::Connecting, ONCE, POLLED),
        case(
            "a line that takes for ever",
            vec![
                Step::Send(feed_head(None)),
                Step::Pause(TIME / 3),
                Step::Send(b"da".to_vec()),
                Step::Pause(TIME / 3),
                Step::Send(b"ta".to_vec()),
                Step::Hold,
            ],
            State::Connecting,
            ONCE,
            POLLED,
        ),
    ]
}

/// How it stands after [`TIME`].
async fn state_after(updates: &mut tokio::sync::mpsc::Receiver<FeedUpdate>) -> State {
    let mut state = State::Connecting;
    let watch = async {
        while let Some(update) = updates.recv().await {
            state = match update {
                FeedUpdate::Connecting => State::Connecting,
                FeedUpdate::Live => State::Live,
                FeedUpdate::Down { .. } | FeedUpdate::Offline { .. } => State::Down,
                FeedUpdate::Refused { .. } => State::Refused,
                FeedUpdate::Message { .. } | FeedUpdate::Polled(_) | FeedUpdate::PollFailed { .. } => continue,
            };
        }
    };
    assert!(timeout(TIME, watch).await.is_err(), "the supervisor ended");
    state
}

#[tokio::test(start_paused = true)]
async fn every_fault_has_its_state_its_attempts_and_its_polls() {
    for Case { name, play, state, attempts, polls } in broken().into_iter().chain(others()) {
        let server = FaultServer::start(move |request, _| if request.path == "/v1/feed" { play.clone() } else { list() }).await;
        let (_feed, mut updates) = Feed::open(server.source());
        let is = state_after(&mut updates).await;
        let seen = server.seen();
        assert_eq!(is, state, "{name}");
        assert!(attempts.contains(&seen.attempts), "{name}: {} attempts", seen.attempts);
        assert!(polls.contains(&seen.polls), "{name}: {} polls", seen.polls);
        assert_eq!(seen.peak, 1, "{name}: connections at once");
        assert!(seen.taken < TAKEN, "{name}: {} bytes taken", seen.taken);
    }
}

#[tokio::test(start_paused = true)]
async fn the_token_never_reaches_another_origin() {
    let elsewhere = FaultServer::start(|_, _| vec![feed(snapshot()), Step::Hold]).await;
    for status in ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let to = format!("Location: {}/v1/feed\r\n", elsewhere.url());
        let server = FaultServer::start(move |_, _| vec![Step::Send(answer(status, &to, ""))]).await;
        let (_feed, mut updates) = Feed::open(server.source());
        let reason = loop {
            if let Some(FeedUpdate::Down { reason, .. }) = updates.recv().await {
                break reason;
            }
        };
        assert!(reason.contains(&status[..3]) && !reason.contains(TOKEN), "{reason}");
        assert!(server.seen().requests[0].head.contains(TOKEN));
    }
    assert_eq!(elsewhere.seen().requests.len(), 0);
}
