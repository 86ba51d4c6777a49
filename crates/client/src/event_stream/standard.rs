//! What the standard says about event streams, case by case: [HTML, server-sent events][spec], and what the
//! public web-platform tests ask of a browser. Each case goes over a real socket, through our transport and
//! the event source library.
//!
//! [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html

use eventsource_client::{Client as _, ClientBuilder, ReconnectOptions, SSE};
use futures_util::StreamExt;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::transport::Transport;
use crate::http::{Http, Reuse};

/// Type, data and last event id of an event.
type Event<'a> = (&'a str, &'a str, &'a str);

/// A stream, and the events that it must give.
struct Case {
    name: &'static str,
    stream: &'static [u8],
    events: &'static [Event<'static>],
}

const fn case(name: &'static str, stream: &'static [u8], events: &'static [Event<'static>]) -> Case {
    Case { name, stream, events }
}

const CASES: &[Case] = &[
    // Byte order marks.
    case("a byte order mark at the start is dropped", b"\xef\xbb\xbfdata:1\n\ndata:2\n\n", &[("message", "1", ""), ("message", "2", "")]),
    case("a second one belongs to a field that nobody knows", b"\xef\xbb\xbf\xef\xbb\xbfdata:1\n\ndata:2\n\n", &[("message", "2", "")]),
    case("one later on does as well", b"data:1\n\n\xef\xbb\xbfdata:2\n\ndata:3\n\n", &[("message", "1", ""), ("message", "3", "")]),
    // Lines.
    case(
        "lines end with LF, CR LF or CR",
        b"data:a\r\ndata:b\rdata:c\ndata:d\n\r\ndata:e\r\r",
        &[("message", "a\nb\nc\nd", ""), ("message", "e", "")],
    ),
    case(
        "an empty line ends a block in each form",
        b"data:1\r\rdata:2\n\ndata:3\r\n\r\n",
        &[("message", "1", ""), ("message", "2", ""), ("message", "3", "")],
    ),
    case("a block without its last line is dropped", b"data:1\n\ndata:2\nid:x", &[("message", "1", "")]),
    case("a block without its empty line is dropped", b"data:1\n\ndata:2\n", &[("message", "1", "")]),
    case("empty lines alone say nothing", b"\n\n\r\r\r\n\r\ndata:1\n\n\n\n", &[("message", "1", "")]),
    // Comments.
    case("comments are passed over, long ones too", b":hello\n:\n: data: no\ndata:1\n:\0\ndata:2\n\n::\n\n", &[("message", "1\n2", "")]),
    // Fields.
    case(
        "one space after the colon is dropped, and no more",
        b"data: 1\ndata:  2\ndata:3 \ndata:\t4\n\n",
        &[("message", "1\n 2\n3 \n\t4", "")],
    ),
    case(
        "fields are told apart by case and by every character",
        b"Data:1\nDATA:2\n data:3\ndata :4\ndat:5\ndata5:6\n\ndata:7\n\n",
        &[("message", "7", "")],
    ),
    case("a field without a colon has an empty value", b"data\ndata\n\ndata:x\nevent\n\n", &[("message", "\n", ""), ("message", "x", "")]),
    case("empty data is data", b"data:\n\ndata\n\ndata:x\n\n", &[("message", "", ""), ("message", "", ""), ("message", "x", "")]),
    case("a colon in a value is part of it", b"data:a:b: c\n\n", &[("message", "a:b: c", "")]),
    case("unknown fields are passed over, also alone in a block", b"foo:bar\n\nfoo\n\nfoo:1\ndata:x\nbar\n\n", &[("message", "x", "")]),
    case("a field named comment is none", b"comment:x\ndata:y\n\ncomment\n\n", &[("message", "y", "")]),
    // Types.
    case("a type lasts for its block", b"event: a\ndata:1\n\ndata:2\n\n", &[("a", "1", ""), ("message", "2", "")]),
    case("the last type of a block counts", b"event:a\nevent: b \ndata:1\n\n", &[("b ", "1", "")]),
    case(
        "an empty type is the usual one",
        b"event:a\nevent:\ndata:1\n\nevent: \ndata:2\n\nevent\n\n",
        &[("message", "1", ""), ("message", "2", "")],
    ),
    case("a type without data says nothing", b"event:a\n\ndata:1\n\n", &[("message", "1", "")]),
    // Ids.
    case(
        "an id lasts until another comes",
        b"id:1\ndata:a\n\ndata:b\n\nid: 2\ndata:c\n\n",
        &[("message", "a", "1"), ("message", "b", "1"), ("message", "c", "2")],
    ),
    case(
        "an empty id takes it away",
        b"id:1\ndata:a\n\nid\ndata:b\n\nid:\ndata:c\n\n",
        &[("message", "a", "1"), ("message", "b", ""), ("message", "c", "")],
    ),
    case("an id without data counts for the next", b"id:1\n\ndata:a\n\n", &[("message", "a", "1")]),
    case("an id with NUL is none", b"id:1\0\ndata:a\n\nid:2\ndata:b\nid:\0\n\nid:\0x\n\n", &[("message", "a", ""), ("message", "b", "2")]),
    case("an id may be any text", "id:\u{2026}\ndata:a\n\n".as_bytes(), &[("message", "a", "\u{2026}")]),
    // Text.
    case("NUL in data is data", b"data:a\0b\n\n\0data:x\ndata:y\n\n", &[("message", "a\0b", ""), ("message", "y", "")]),
    case(
        "what is no UTF-8 is replaced",
        b"data:a\xffb\n\n\xff:x\ndata:\xf0\x9f\n\n",
        &[("message", "a\u{fffd}b", ""), ("message", "\u{fffd}", "")],
    ),
    case("other writings are text", "data:ok\u{e9}\u{1f514}\n\n".as_bytes(), &[("message", "ok\u{e9}\u{1f514}", "")]),
    // Reconnection times.
    case("a retry says nothing", b"retry:1000\n\nretry:1000\ndata:x\n\n", &[("message", "x", "")]),
    case(
        "a retry that is no number is passed over",
        b"retry:1000x\n\nretry:\nretry:-1\nretry:+1\nretry:1.5\ndata:x\n\n",
        &[("message", "x", "")],
    ),
    case("a retry beyond all numbers is none to fall over", b"retry:99999999999999999999999999\ndata:x\n\n", &[("message", "x", "")]),
];

/// What a stream gives when each of its packets has at most `piece` bytes.
async fn told(stream: &[u8], piece: usize) -> Vec<(String, String, String)> {
    let answer = [b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n", stream].concat();
    events(answer, piece).await.expect("it is an event stream")
}

/// The events of an answer, or `None` when it was not taken for a stream of them.
async fn events(answer: Vec<u8>, piece: usize) -> Option<Vec<(String, String, String)>> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/feed", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket.set_nodelay(true).unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(socket.read_u8().await.unwrap());
        }
        for part in answer.chunks(piece) {
            if socket.write_all(part).await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
    });
    let endpoint = crate::Endpoint::new("http://127.0.0.1", crate::BearerToken::new("x").unwrap()).unwrap();
    let http = Http::new(Reuse::Never);
    let once = ReconnectOptions::reconnect(false).retry_initial(false).build();
    let transport = Transport(http.to(&endpoint).unwrap().clone());
    let mut stream = ClientBuilder::for_url(&url).unwrap().reconnect(once).build_with_transport(transport).stream();
    let mut told = None;
    while let Some(Ok(item)) = stream.next().await {
        match item {
            SSE::Connected(_) => told = Some(Vec::new()),
            SSE::Comment(_) => {}
            SSE::Event(event) => told.as_mut().unwrap().push((event.event_type, event.data, event.id.unwrap_or_default())),
        }
    }
    told
}

#[tokio::test]
async fn every_stream_gives_the_events_that_the_standard_says() {
    for Case { name, stream, events: expected } in CASES {
        for piece in [1, 2, 7, usize::MAX] {
            let told = told(stream, piece).await;
            let told: Vec<Event<'_>> = told.iter().map(|(kind, data, id)| (kind.as_str(), data.as_str(), id.as_str())).collect();
            assert_eq!(told, *expected, "{name}, in pieces of {piece}");
        }
    }
}

#[tokio::test]
async fn an_answer_is_an_event_stream_by_its_status_and_type() {
    for (status, content_type, is_stream) in [
        ("200 OK", "text/event-stream", true),
        ("200 OK", "text/event-stream;", true),
        ("200 OK", "text/event-stream;charset=utf-8", true),
        ("200 OK", "text/event-stream; charset=windows-1252", true),
        ("200 OK", "text/event-stream;bogus", true),
        ("200 OK", "TEXT/Event-Stream", true),
        ("200 OK", "text/x-bogus", false),
        ("200 OK", "text/event-streams", false),
        ("200 OK", "x text/event-stream", false),
        ("200 OK", "", false),
        ("204 No Content", "text/event-stream", false),
        ("205 Reset Content", "text/event-stream", false),
        ("210 Odd", "text/event-stream", false),
        ("299 Odd", "text/event-stream", false),
        ("404 Not Found", "text/event-stream", false),
        ("410 Gone", "text/event-stream", false),
        ("503 Service Unavailable", "text/event-stream", false),
    ] {
        let answer = format!("HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nConnection: close\r\n\r\ndata:x\n\n");
        assert_eq!(events(answer.into_bytes(), usize::MAX).await.is_some(), is_stream, "{status} {content_type:?}");
    }
}
