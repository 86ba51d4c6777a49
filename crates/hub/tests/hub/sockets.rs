//! Connections that end, break, or say what they should not.

use reqwest::Method;
use tokio::io::AsyncWriteExt;

use crate::{
    raw::Raw,
    support::{LONG, TestHub},
};

async fn listener(hub: &TestHub) -> Raw {
    let mut raw = Raw::connect(hub.address).await;
    raw.listen(hub, "").await;
    raw.next().await;
    assert_eq!(hub.stats().await.subscribers, 1);
    raw
}

#[tokio::test]
async fn a_listener_that_closes_its_connection_is_no_longer_counted() {
    let hub = TestHub::start().await;
    drop(listener(&hub).await);
    hub.until_listeners_are(0, LONG).await;
}

#[tokio::test]
async fn a_listener_that_says_it_will_send_no_more_is_gone() {
    let hub = TestHub::start().await;
    let mut raw = listener(&hub).await;
    raw.stream.shutdown().await.unwrap();
    assert_eq!(raw.rest().await, "");
    hub.until_listeners_are(0, LONG).await;
}

#[tokio::test]
async fn a_listener_that_resets_its_connection_is_no_longer_counted() {
    let hub = TestHub::start().await;
    listener(&hub).await.reset();
    hub.until_listeners_are(0, LONG).await;
}

#[tokio::test]
async fn what_comes_after_the_request_for_the_feed_is_passed_over() {
    let hub = TestHub::start().await;
    let mut raw = listener(&hub).await;
    // Far more than any buffer holds, so it was read.
    for _ in 0..500 {
        raw.send([b'\r'; 8_192]).await;
    }
    raw.send("POST /v1/jobs HTTP/1.1\r\n\r\n").await;
    hub.started("make").await;
    assert_eq!(raw.next().await.0.seq.0, 1);
    drop(raw);
    hub.until_listeners_are(0, LONG).await;
}

#[tokio::test]
async fn the_feed_comes_after_the_answers_to_what_was_asked_before_on_the_same_connection() {
    let hub = TestHub::start().await;
    let mut raw = Raw::connect(hub.address).await;
    let ask = |path| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n", hub.token);
    raw.send([ask("/v1/nothing"), ask("/v1/stats"), ask("/v1/feed")].concat()).await;
    assert!(raw.head().await.starts_with("HTTP/1.1 404"));
    assert!(raw.head().await.contains("HTTP/1.1 200 OK"));
    let head = raw.head().await;
    assert!(head.contains("HTTP/1.1 200 OK") && head.contains("transfer-encoding: chunked"), "{head}");
    hub.until_listeners_are(1, LONG).await;
    hub.stop().await;
    let chunks = raw.rest().await;
    assert!(chunks.contains("\r\nretry: 1000\n\nid: ") && chunks.ends_with("\n\n\r\n0\r\n\r\n"), "{chunks:?}");
}

#[tokio::test]
async fn asking_for_the_head_of_the_feed_makes_no_listener() {
    let hub = TestHub::start().await;
    let answer = hub.call(Method::HEAD, "/v1/feed").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["content-type"]), (200, &"text/event-stream".parse().unwrap()));
    hub.until_listeners_are(0, LONG).await;
}

#[tokio::test]
async fn half_a_request_holds_up_nobody_and_is_given_up() {
    let hub = TestHub::start().await;
    let halves = ["", "G", "GET /v1/feed HTTP/1.1\r\nHost: local", "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\n"];
    let mut waiting = Vec::new();
    for half in halves {
        let mut raw = Raw::connect(hub.address).await;
        raw.send(half).await;
        waiting.push(raw);
        hub.started("make").await;
    }
    for mut raw in waiting {
        let answer = raw.rest().await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
    assert_eq!(hub.stats().await.seq.0, 4);
}

#[tokio::test]
async fn a_body_that_breaks_off_changes_nothing() {
    let hub = TestHub::start().await;
    let mut raw = Raw::connect(hub.address).await;
    let body = r#"{"name":"make","start":true}"#;
    let head = format!("POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Length: 100\r\n\r\n", hub.token);
    raw.send(head + body).await;
    raw.stream.shutdown().await.unwrap();
    raw.rest().await;
    assert_eq!(hub.stats().await.seq.0, 0);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_refused_and_its_connection_closed() {
    let hub = TestHub::start().await;
    let (token, mut waiting) = (&hub.token, Vec::new());
    for (path, sent) in [("/v1/browser-sessions/open", ""), ("/v1/jobs", r#"{"name":"make","start":true}"#), ("/v1/jobs/x/log", "text")] {
        let mut raw = Raw::connect(hub.address).await;
        let head = "Host: localhost\r\nContent-Length: 100\r\n";
        raw.send(format!("POST {path} HTTP/1.1\r\n{head}Authorization: Bearer {token}\r\n\r\n{sent}")).await;
        waiting.push(raw);
    }
    hub.started("make").await;
    for mut raw in waiting {
        let answer = raw.rest().await;
        assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("connection: close"), "{answer}");
        assert!(answer.contains(r#"{"error":{"code":"too_slow","message":"#), "{answer}");
    }
    assert_eq!(hub.stats().await.seq.0, 1);
}

#[tokio::test]
async fn a_flood_of_headers_is_refused() {
    let hub = TestHub::start().await;
    let many = "a: b\r\n".repeat(1_000);
    let long = format!("a: {}\r\n", "b".repeat(100_000));
    for headers in [many, long] {
        let mut raw = Raw::connect(hub.address).await;
        // The hub may hang up before all is sent.
        let request = format!("GET /v1/health HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        let _ = raw.stream.write_all(request.as_bytes()).await;
        let answer = raw.rest().await;
        assert!(answer.is_empty() || (answer.starts_with("HTTP/1.1 431") && answer.ends_with("\r\n\r\n")), "{answer}");
    }
    assert_eq!(hub.stats().await.subscribers, 0);
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let hub = TestHub::start().await;
    for nonsense in
        [&b"\0\0\0\0\r\n\r\n"[..], b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"GET\r\n\r\n", b"SSH-2.0-x\r\n\r\n"]
    {
        let mut raw = Raw::connect(hub.address).await;
        raw.send(nonsense).await;
        let answer = raw.rest().await;
        assert!(answer.starts_with("HTTP/1.1 400") && answer.ends_with("\r\n\r\n"), "{nonsense:?}: {answer}");
    }
    assert_eq!(hub.stats().await.seq.0, 0);
}
