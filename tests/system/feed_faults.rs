//! The feed against everything that can go wrong on the way, on a clock that only tests wait for.

use std::{ops::RangeInclusive, time::Duration};

use doorbell_client::{Feed, FeedUpdate};
use doorbell_tests::wire::{
    script::{Step, answer, feed, feed_head},
    server::{FaultServer, TOKEN},
};
use tokio::time::timeout;

/// Simulated time of a case. Where each attempt fails at once there are 5 or 6 of them, depending on the
/// random delays.
const TIME: Duration = Duration::from_secs(20);
/// Simulated time of a case that is about long silence, or a hub that counts as gone after 5 minutes.
const LONG_TIME: Duration = Duration::from_secs(7 * 60);
const AGAIN_AND_AGAIN: RangeInclusive<usize> = 5..=6;
const ONCE: RangeInclusive<usize> = 1..=1;
const TWICE: RangeInclusive<usize> = 2..=2;
/// How often the list is polled in [`TIME`]: every 3 s, the first time at a random moment within 3 s.
const POLLED: RangeInclusive<usize> = 5..=7;
const NEVER: RangeInclusive<usize> = 0..=0;
/// Most bytes that a client may take: the largest block, and what sockets and buffers hold beyond it.
const TAKEN: usize = 16 * 1024 * 1024;

/// The place of the snapshot, the two after it, and one of another hub.
const AT: &str = "00000000000000f3-7";
const NEXT: &str = "00000000000000f3-8";
const LAST: &str = "00000000000000f3-9";
const ELSEWHERE: &str = "00000000000000f4-9";

/// The state of the feed at the end of a case.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Connecting,
    Live,
    Down,
    Offline,
    Refused,
}

/// A fault, and what the client should make of it.
struct Case {
    name: &'static str,
    /// What the first attempt meets, if that is something else.
    first: Option<Vec<Step>>,
    play: Vec<Step>,
    state: State,
    attempts: RangeInclusive<usize>,
    polls: RangeInclusive<usize>,
}

fn case(name: &'static str, play: Vec<Step>, state: State, attempts: RangeInclusive<usize>, polls: RangeInclusive<usize>) -> Case {
    Case { name, first: None, play, state, attempts, polls }
}

/// A job that starts, at this place.
fn start(id: &str) -> String {
    let job = r#"{"id":"00000000-0000-7000-8000-000000000001","key":"k","name":"n","state":"running","created_at":"2026-11-21T10:00:00.000Z","attempt":1}"#;
    let data = format!(r#"{{"at":"2026-11-21T10:00:00.000Z","counts":{{"running":1}},"job":{job}}}"#);
    format!("id: {id}\nevent: job.started\ndata: {data}\n\n")
}

/// A feed of a hub that says its newest event.
fn known(newest: &str, bytes: impl AsRef<[u8]>) -> Step {
    Step::Send([&feed_head(Some(newest)), bytes.as_ref()].concat())
}

fn snapshot() -> String {
    let data = r#"{"counts":{"running":0,"queued":0},"running":[],"now":"2026-11-21T10:00:00.000Z","gap":false}"#;
    format!("id: {AT}\nevent: snapshot\ndata: {data}\n\n")
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
        case("a word of any server", vec![feed("data: x\n\n"), Step::Hold], State::Connecting, ONCE, POLLED),
        case("a comment of any server", vec![feed(": x\n\n"), Step::Hold], State::Connecting, ONCE, POLLED),
        case(
            "no snapshot but an event of a later version",
            vec![feed(format!("id: {AT}\nevent: x\ndata: y\n\n")), Step::Hold],
            State::Connecting,
            ONCE,
            POLLED,
        ),
        case("no snapshot but an event", vec![known(AT, start(AT)), Step::Hold], State::Connecting, ONCE, POLLED),
        live("an event before the snapshot", vec![known(AT, [start(AT), snapshot.clone()].concat())]),
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

/// What a connection meets that asks for what it missed since a snapshot.
fn resumed() -> Vec<Case> {
    let met = |name, step, state, polls| {
        let first = Some(vec![feed(snapshot())]);
        Case { first, ..case(name, vec![step, Step::Hold], state, TWICE, polls) }
    };
    // There may be a poll before the second attempt.
    let live = |name, step| met(name, step, State::Live, 0..=1);
    let not_yet = |name, step| met(name, step, State::Connecting, POLLED);
    let later = |id: &str| format!("id: {id}\nevent: job.paused\ndata: x\n\n");
    let no_id = |event: String| event.replace("id: ", "x: ");
    vec![
        live("nothing was missed, and any byte says so", known(AT, ":\n")),
        live("all that was missed", known(LAST, [start(NEXT), start(LAST)].concat())),
        live("missed events of a later version", known(LAST, [later(NEXT), later(LAST)].concat())),
        live("a snapshot in place of what was missed", known(LAST, snapshot())),
        live("another hub's snapshot", known(ELSEWHERE, snapshot().replace(AT, ELSEWHERE))),
        live("a hub whose newest event nobody says, and its next event", feed(start(NEXT))),
        live("a hub whose newest event nobody says, and a snapshot", feed(snapshot())),
        not_yet("a part of what was missed", known(LAST, start(NEXT))),
        not_yet("a part, and an event without a place", known(LAST, [no_id(start(AT)), no_id(later(AT))].concat())),
        not_yet("a part, and places of another hub", known(LAST, [later(ELSEWHERE), start(ELSEWHERE)].concat())),
        not_yet("another hub, and no snapshot", known(ELSEWHERE, start(ELSEWHERE))),
        not_yet("a comment of any server, later", feed(": x\n\n")),
        not_yet("a word of any server, later", feed("data: x\n\n")),
        not_yet("an event of another server", feed([later(ELSEWHERE), start(ELSEWHERE)].concat())),
    ]
}

/// Faults that show in minutes.
fn long() -> Vec<Case> {
    // Every 3 s, unless some waited for an answer in vain.
    let offline = |name, play, attempts| case(name, play, State::Offline, attempts, 130..=145);
    let every = |seconds, bytes: &str| Step::Every(Duration::from_secs(seconds), bytes.into());
    let at_once = 14..=32;
    vec![
        case("keepalives", vec![feed(snapshot()), every(30, ": keepalive\n\n")], State::Live, ONCE, NEVER),
        case("half a line after the other", vec![feed(snapshot()), every(50, "x")], State::Live, ONCE, NEVER),
        // Live for a minute, and away for one second, in which there may be a poll.
        case("silence", vec![feed(snapshot()), Step::Hold], State::Live, 7..=7, 0..=6),
        case("half a line, and silence", vec![feed([&snapshot(), "event: x"].concat()), Step::Hold], State::Live, 7..=7, 0..=6),
        offline("closed without a byte, for long", vec![], at_once.clone()),
        offline("reset without a byte, for long", vec![Step::Reset], at_once.clone()),
        offline("a hotel's page, for long", vec![Step::Send(answer("200 OK", "Content-Type: text/html\r\n", "<html>"))], at_once.clone()),
        offline("accepted, told and closed, for long", vec![feed(snapshot())], at_once),
        offline("no answer, for long", vec![Step::Hold], 9..=16),
        offline("no snapshot, for long", vec![Step::Send(feed_head(None)), Step::Hold], 6..=11),
        offline("comments without a snapshot", vec![feed(""), every(1, ": x\n\n")], 6..=11),
        offline("a snapshot byte by byte", vec![feed("event: snapshot\ndata: "), every(1, "x")], 6..=11),
        offline("words without a snapshot", vec![feed(""), every(1, "data: x\n\n")], 6..=11),
    ]
}

/// The state of the feed after `time`.
async fn state_after(time: Duration, updates: &mut tokio::sync::mpsc::Receiver<FeedUpdate>) -> State {
    let mut state = State::Connecting;
    let watch = async {
        while let Some(update) = updates.recv().await {
            state = match update {
                // While offline, an attempt changes nothing until it has succeeded or failed.
                FeedUpdate::Connecting if state == State::Offline => continue,
                FeedUpdate::Connecting => State::Connecting,
                FeedUpdate::Live => State::Live,
                FeedUpdate::Down { .. } => State::Down,
                FeedUpdate::Offline { .. } => State::Offline,
                FeedUpdate::Refused { .. } => State::Refused,
                FeedUpdate::Message { .. } | FeedUpdate::Polled(_) | FeedUpdate::PollFailed { .. } => continue,
            };
        }
    };
    assert!(timeout(time, watch).await.is_err(), "the supervisor ended");
    state
}

async fn each_stands_as_it_should_after(time: Duration, cases: Vec<Case>) {
    for Case { name, first, play, state, attempts, polls } in cases {
        let steps = move |before| first.clone().filter(|_| before == 0).unwrap_or_else(|| play.clone());
        let server = FaultServer::start(move |request, before| if request.path == "/v1/feed" { steps(before) } else { list() }).await;
        let (_feed, mut updates) = Feed::open(server.source());
        let is = state_after(time, &mut updates).await;
        let seen = server.seen();
        assert_eq!(is, state, "{name}");
        assert!(attempts.contains(&seen.attempts), "{name}: {} attempts", seen.attempts);
        assert!(polls.contains(&seen.polls), "{name}: {} polls", seen.polls);
        assert_eq!(seen.peak, 1, "{name}: connections at once");
        assert!(seen.taken < TAKEN, "{name}: {} bytes taken", seen.taken);
    }
}

#[tokio::test(start_paused = true)]
async fn every_fault_has_its_state_its_attempts_and_its_polls() {
    each_stands_as_it_should_after(TIME, broken().into_iter().chain(others()).collect()).await;
}

#[tokio::test(start_paused = true)]
async fn only_what_a_hub_alone_can_say_makes_a_connection_live_again() {
    each_stands_as_it_should_after(TIME, resumed()).await;
}

#[tokio::test(start_paused = true)]
async fn after_minutes_only_life_is_live_and_only_attempts_that_lead_nowhere_are_offline() {
    each_stands_as_it_should_after(LONG_TIME, long()).await;
}

#[tokio::test(start_paused = true)]
async fn where_nobody_says_the_newest_event_a_snapshot_is_asked_for_in_the_end() {
    let server = FaultServer::start(|request, before| match (request.path == "/v1/feed", before, request.head.contains("last-event-id")) {
        (false, ..) => list(),
        (_, 0, _) => vec![feed(snapshot())],
        // What a hub sends through a proxy that drops its header, when nothing was missed.
        (_, _, true) => vec![feed("retry: 1000\n\n"), Step::Hold],
        (_, _, false) => vec![feed(snapshot()), Step::Hold],
    });
    let server = server.await;
    let (_feed, mut updates) = Feed::open(server.source());
    assert_eq!(state_after(2 * TIME, &mut updates).await, State::Live);
    assert_eq!(server.seen().attempts, 3);
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_fails_is_followed_by_the_next_one() {
    let unavailable = || vec![Step::Send(answer("503 Service Unavailable", "", ""))];
    let slow_down = || vec![Step::Send(answer("429 Too Many Requests", "Retry-After: 1\r\n", ""))];
    for (name, fault, polls) in [
        ("503", unavailable as fn() -> Vec<Step>, 38..=41),
        ("429", slow_down, 38..=41),
        ("closed", Vec::new, 38..=41),
        ("reset", || vec![Step::Reset], 38..=41),
        // A third of the polls takes 10 s.
        ("no answer", || vec![Step::Hold], 18..=23),
    ] {
        let server = FaultServer::start(move |request, before| match (request.path == "/v1/feed", before % 3) {
            (true, _) => vec![Step::Send(answer("502 Bad Gateway", "", ""))],
            (false, 1) => fault(),
            (false, _) => list(),
        });
        let server = server.await;
        let (_feed, mut updates) = Feed::open(server.source());
        let (mut lists, mut failures) = (0, 0);
        let count = async {
            while let Some(update) = updates.recv().await {
                lists += usize::from(matches!(update, FeedUpdate::Polled(Some(_))));
                failures += usize::from(matches!(update, FeedUpdate::PollFailed { .. }));
            }
        };
        assert!(timeout(6 * TIME, count).await.is_err(), "the supervisor ended");
        let seen = server.seen().polls;
        assert!(polls.contains(&seen), "{name}: {seen} polls");
        assert!(lists + failures + 1 >= seen && failures >= seen / 4, "{name}: {lists} lists, {failures} failures, {seen} polls");
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
