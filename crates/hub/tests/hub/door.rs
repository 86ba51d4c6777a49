//! Who is let in, and how everybody else is told why not. Nothing that is refused changes anything.

use doorbell_protocol::{
    ErrorCode,
    routes::{self, Access, Spec},
};
use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    raw::Raw,
    support::{Refused, TestHub, refused},
};

#[tokio::test]
async fn health_needs_no_token_and_everything_else_does() {
    let hub = TestHub::start().await;
    let health = hub.bare(Method::GET, "/v1/health").send().await.unwrap();
    assert_eq!(health.json::<serde_json::Value>().await.unwrap()["status"], "ok");
    for spec in routes::ALL.iter().filter(|spec| spec.access != Access::Anyone) {
        let (method, path) = (Method::from_bytes(spec.method.as_str().as_bytes()).unwrap(), some_path(spec));
        let path = path.as_str();
        let bare = hub.bare(method.clone(), path).send().await.unwrap();
        assert_eq!(bare.headers()["www-authenticate"], "Bearer");
        assert_eq!(refused(bare).await, Refused(401, ErrorCode::Unauthorized, Some("Authorization".to_owned())), "{path}");
        let wrong = hub.bare(method, path).bearer_auth("x".repeat(64)).send().await.unwrap();
        assert_eq!(refused(wrong).await.0, 401, "{path}");
    }
    let in_query = hub.bare(Method::GET, &format!("/v1/jobs?token={}", hub.token)).send().await.unwrap();
    assert_eq!(in_query.status(), 401);
}

/// A path of this call, about something that is not there.
pub(crate) fn some_path(spec: &Spec) -> String {
    spec.path.replace(routes::ID, "0192f0c1-7a3b-7c4d-8e5f-0123456789ab")
}

#[tokio::test]
async fn a_foreign_host_or_origin_is_kept_out_even_with_the_token() {
    let hub = TestHub::start().await;
    for host in ["evil.example", "evil.example:7117", "127.0.0.1.evil.example", "10.0.0.1"] {
        let answer = hub.call(Method::GET, "/v1/jobs").header("Host", host).send().await.unwrap();
        assert_eq!(refused(answer).await, Refused(403, ErrorCode::Forbidden, Some("Host".to_owned())), "{host}");
    }
    for origin in ["http://evil.example", "null", &format!("https://{}", hub.address)] {
        let answer = hub.call(Method::GET, "/v1/jobs").header("Origin", origin).send().await.unwrap();
        assert_eq!(refused(answer).await, Refused(403, ErrorCode::Forbidden, Some("Origin".to_owned())), "{origin}");
    }
    let own = hub.call(Method::GET, "/v1/jobs").header("Origin", format!("http://{}", hub.address)).send().await.unwrap();
    assert_eq!(own.status(), 200);
}

#[tokio::test]
async fn a_request_without_a_host_is_refused() {
    let hub = TestHub::start().await;
    let mut socket = TcpStream::connect(hub.address).await.unwrap();
    socket.write_all(b"GET /v1/health HTTP/1.0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.0 403") || answer.starts_with("HTTP/1.1 403"), "{answer}");
}

#[tokio::test]
async fn a_request_with_two_hosts_is_refused() {
    let hub = TestHub::start().await;
    for hosts in ["Host: localhost\r\nHost: evil.example", "Host: localhost\r\nHost: localhost"] {
        let mut raw = Raw::connect(hub.address).await;
        raw.send(format!("GET /v1/health HTTP/1.1\r\n{hosts}\r\nConnection: close\r\n\r\n")).await;
        let answer = raw.rest().await;
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains(r#""field":"Host""#), "{answer}");
    }
}

#[tokio::test]
async fn bad_input_is_refused_by_name_and_changes_nothing() {
    let hub = TestHub::start().await;
    let job = hub.started("make").await.job;
    let before = hub.facts().await;
    let unknown = "0192f0c1-7a3b-7c4d-8e5f-0123456789ab";
    let own = job.id;
    let malformed = |field: Option<&str>| Refused(400, ErrorCode::Malformed, field.map(str::to_owned));
    let invalid = |field: &str| Refused(422, ErrorCode::Invalid, Some(field.to_owned()));
    for (method, path, body, expected) in [
        ("POST", "/v1/jobs".to_owned(), "{", malformed(None)),
        ("POST", "/v1/jobs".to_owned(), r#"{"name":"#, malformed(Some("name"))),
        ("POST", "/v1/jobs".to_owned(), r"[]", malformed(None)),
        ("POST", "/v1/jobs".to_owned(), r#"{"name":"a"} x"#, malformed(None)),
        ("POST", "/v1/jobs".to_owned(), r#"{"name":7}"#, malformed(Some("name"))),
        ("POST", "/v1/jobs".to_owned(), r#"{"name":"a","id":"7","start":true}"#, malformed(Some("id"))),
        ("POST", "/v1/jobs".to_owned(), r#"{"start":true}"#, invalid("name")),
        ("POST", "/v1/jobs".to_owned(), r#"{"name":"a"}"#, invalid("command")),
        ("POST", "/v1/jobs".to_owned(), r#"{"name":"a","command":[""]}"#, invalid("command")),
        ("POST", "/v1/jobs".to_owned(), r#"{"name":"a","command":["a"],"attempts":11}"#, invalid("attempts")),
        ("POST", "/v1/jobs".to_owned(), r#"{"name":"a","command":["a"],"priority":"high"}"#, malformed(Some("priority"))),
        ("POST", "/v1/jobs".to_owned(), r#"{"name":"a","command":["a"],"not_before":"soon"}"#, malformed(Some("not_before"))),
        ("POST", "/v1/jobs".to_owned(), r#"{"name":"a","start":true,"priority":1}"#, invalid("priority")),
        (
            "POST",
            "/v1/jobs".to_owned(),
            r#"{"name":"a","command":["a"],"after":["0192f0c1-7a3b-7c4d-8e5f-0123456789ab"]}"#,
            invalid("after"),
        ),
        ("POST", "/v1/test-jobs".to_owned(), r" [null, null]", malformed(None)),
        ("POST", "/v1/test-jobs".to_owned(), r#"{"fail_at_step":9}"#, invalid("fail_at_step")),
        ("POST", "/v1/workers".to_owned(), r#"{"name":"a","host":"h","slots":0}"#, invalid("slots")),
        ("PUT", format!("/v1/jobs/{own}/progress"), r#"{"fence":9,"fraction":2}"#, invalid("fraction")),
        ("PUT", format!("/v1/jobs/{own}/progress"), r#"{"fence":9}"#, Refused(409, ErrorCode::LeaseStale, Some("fence".to_owned()))),
        ("PUT", format!("/v1/jobs/{own}/lease"), r"{}", malformed(None)),
        ("POST", format!("/v1/jobs/{own}/finish"), r#"{"fence":9,"outcome":"lost"}"#, malformed(Some("outcome"))),
        ("POST", format!("/v1/jobs/{unknown}/finish"), r#"{"fence":1,"outcome":"failed"}"#, Refused(404, ErrorCode::NotFound, None)),
        ("PUT", format!("/v1/jobs/{unknown}/progress"), r#"{"fence":1}"#, Refused(404, ErrorCode::NotFound, None)),
        ("GET", format!("/v1/jobs/{unknown}"), "", Refused(404, ErrorCode::NotFound, None)),
        ("GET", "/v1/jobs/7".to_owned(), "", malformed(Some("id"))),
        ("GET", "/v1/jobs?state=asleep".to_owned(), "", invalid("state")),
        ("GET", "/v1/jobs?limit=many".to_owned(), "", malformed(None)),
        ("GET", "/v1/nothing".to_owned(), "", Refused(404, ErrorCode::NotFound, None)),
        ("DELETE", "/v1/jobs".to_owned(), "", Refused(405, ErrorCode::MethodNotAllowed, None)),
    ] {
        let answer = hub.call(method.parse().unwrap(), &path).body(body).send().await.unwrap();
        assert_eq!(refused(answer).await, expected, "{method} {path} {body}");
    }
    assert_eq!(hub.facts().await, before);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let hub = TestHub::start().await;
    let answer = hub.post("/v1/jobs", json!({"name": "x".repeat(70_000), "start": true})).await;
    assert_eq!(refused(answer).await, Refused(413, ErrorCode::TooLarge, None));
    assert_eq!(hub.stats().await.counts.running, 0);
    let job = hub.started("make").await.job;
    let report =
        hub.put(&format!("/v1/jobs/{}/progress", job.id), json!({"fence": hub.fence(job.id), "message": "x".repeat(17_000)})).await;
    assert_eq!(refused(report).await, Refused(413, ErrorCode::TooLarge, None));
}
