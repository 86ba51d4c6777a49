//! How a token comes and goes.

use doorbell_hub::bounds;
use doorbell_protocol::{ErrorCode, token::CreatedToken};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::support::{LONG, Refused, TestHub, refused};

async fn token(hub: &TestHub, body: Value) -> CreatedToken {
    let answer = hub.post("/v1/tokens", body).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    answer.json().await.unwrap()
}

async fn holder_of(hub: &TestHub, role: &str) -> String {
    let host = (role == "work").then_some("h");
    token(hub, json!({"name": role, "roles": [role], "host": host})).await.secret
}

async fn call(hub: &TestHub, secret: &str, method: &str, path: &str, body: Value) -> Response {
    hub.bare(method.parse().unwrap(), path).bearer_auth(secret).json(&body).send().await.unwrap()
}

#[tokio::test]
async fn what_a_role_may_not_do_changes_nothing() {
    let hub = TestHub::start().await;
    let secret = holder_of(&hub, "report").await;
    let answer = call(&hub, &secret, "POST", "/v1/jobs", json!({"name": "rm", "command": ["rm", "-r", "/"]})).await;
    assert_eq!(refused(answer).await, Refused(403, ErrorCode::Forbidden, Some("Authorization".to_owned())));
    let answer = call(&hub, &secret, "POST", "/v1/tokens", json!({"name": "me", "roles": ["admin"]})).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(hub.stats().await.counts.queued, 0);
    assert_eq!(hub.get("/v1/tokens").await["tokens"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_token_outlives_a_restart_and_its_secret_is_told_once() {
    let hub = TestHub::start().await;
    let CreatedToken { token, secret } = token(&hub, json!({"name": "ci\u{202e}", "roles": ["view", "view"]})).await;
    assert_eq!((token.name.as_str(), token.roles.len(), token.expires_at), ("ci", 1, None));
    let hub = hub.restart().await;
    assert_eq!(call(&hub, &secret, "GET", "/v1/stats", json!({})).await.status(), StatusCode::OK);
    let list = hub.get("/v1/tokens").await;
    assert_eq!(list["tokens"], json!([token]));
    hub.stop_and(|folder| {
        for file in ["doorbell.db", "doorbell.db-wal"] {
            let bytes = std::fs::read(folder.join("data").join(file)).unwrap_or_default();
            let has = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!has(&secret) && !has(secret.trim_start_matches("doorbell_")), "{file} holds the secret");
        }
    })
    .await;
}

#[tokio::test]
async fn a_token_that_is_removed_lets_nobody_in_and_ends_its_streams() {
    let hub = TestHub::start().await;
    let CreatedToken { token, secret } = token(&hub, json!({"name": "phone", "roles": ["answer"]})).await;
    let mut feed = hub.feed_as(&secret, None).await;
    feed.snapshot().await;
    let mut own = hub.feed(None).await;
    own.snapshot().await;
    let path = format!("/v1/tokens/{}", token.id);
    assert_eq!(hub.call(Method::DELETE, &path).send().await.unwrap().status(), StatusCode::NO_CONTENT);
    assert!(feed.maybe_next().await.is_none());
    assert_eq!(refused(call(&hub, &secret, "GET", "/v1/stats", json!({})).await).await.0, 401);
    assert_eq!(refused(hub.call(Method::DELETE, &path).send().await.unwrap()).await.0, 404);
    hub.started("make").await;
    assert_eq!(own.event().await.0.seq.0, 1);
    let hub = hub.restart().await;
    assert_eq!(refused(call(&hub, &secret, "GET", "/v1/stats", json!({})).await).await.0, 401);
}

#[tokio::test]
async fn the_owners_token_is_replaced_while_everything_goes_on_and_the_old_one_lets_nobody_in() {
    let hub = TestHub::start().await;
    let CreatedToken { secret, .. } = token(&hub, json!({"name": "phone", "roles": ["view"]})).await;
    let mut feed = hub.feed(None).await;
    feed.snapshot().await;
    let mut guests = hub.feed_as(&secret, None).await;
    guests.snapshot().await;
    let job = hub.started("make").await.job;
    let old = hub.token.clone();
    let answer = call(&hub, &secret, "POST", "/v1/owner-token", json!({})).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(hub.call(Method::POST, "/v1/owner-token").send().await.unwrap().status(), StatusCode::NO_CONTENT);

    assert_eq!(refused(call(&hub, &old, "GET", "/v1/stats", json!({})).await).await.0, 401);
    assert_eq!(feed.event().await.2.job.id, job.id);
    assert!(feed.maybe_next().await.is_none(), "what was opened with the old one ends");
    assert_eq!(guests.event().await.2.job.id, job.id);
    assert_eq!(hub.finish(job.id, "succeeded").await.status(), StatusCode::OK);
    assert_eq!(guests.event().await.2.job.id, job.id);
    let file = hub.folder().join("data/token");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let new = std::fs::read_to_string(&file).unwrap();
    let hub = hub.restart().await;
    assert_eq!((new.trim(), hub.stats().await.seq.0), (hub.token.as_str(), 2));
    assert_eq!(refused(call(&hub, &old, "GET", "/v1/stats", json!({})).await).await.0, 401);
}

/// Whoever cannot read a new one must get in by the old one.
#[cfg(unix)]
#[tokio::test]
async fn an_owners_token_that_cannot_be_written_stays_as_it_was() {
    let hub = TestHub::start().await;
    let file = hub.folder().join("data/token");
    std::fs::remove_file(&file).unwrap();
    // Nothing can be put in the place of a folder that is not empty.
    std::fs::create_dir_all(file.join("in the way")).unwrap();
    let refused = refused(hub.call(Method::POST, "/v1/owner-token").send().await.unwrap()).await;
    assert_eq!(refused, Refused(503, ErrorCode::Storage, None));
    assert_eq!(hub.stats().await.failed, 1);
}

#[tokio::test]
async fn a_token_that_expires_lets_nobody_in_and_ends_its_streams() {
    let hub = TestHub::start().await;
    let secret = token(&hub, json!({"name": "guest", "roles": ["answer"], "expires_in_ms": 300})).await.secret;
    let mut feed = hub.feed_as(&secret, None).await;
    feed.snapshot().await;
    assert!(feed.maybe_next().await.is_none());
    assert_eq!(refused(call(&hub, &secret, "GET", "/v1/stats", json!({})).await).await.0, 401);
}

#[tokio::test]
async fn a_token_is_refused_by_field_when_it_cannot_be_made() {
    let hub = TestHub::start().await;
    for (body, field) in [
        (json!({"roles": ["work"]}), "name"),
        (json!({"name": "x"}), "roles"),
        (json!({"name": "x", "roles": ["root"]}), "roles"),
        (json!({"name": "x", "roles": ["view"], "expires_in_ms": 0}), "expires_in_ms"),
        (json!({"name": "x", "roles": ["view"], "person": ""}), "person"),
        (json!({"name": "x", "roles": ["work"]}), "host"),
        (json!({"name": "x", "roles": ["work", "answer"]}), "host"),
        (json!({"name": "x", "roles": ["view"], "host": "nas"}), "host"),
        (json!({"name": "x", "roles": ["report"], "worker": "w"}), "worker"),
    ] {
        assert_eq!(refused(hub.post("/v1/tokens", body).await).await, Refused(422, ErrorCode::Invalid, Some(field.to_owned())));
    }
    let answer = hub.call(Method::DELETE, "/v1/tokens/7").send().await.unwrap();
    assert_eq!(refused(answer).await, Refused(400, ErrorCode::Malformed, Some("id".to_owned())));
}

#[tokio::test]
async fn whoever_calls_too_often_is_told_when_to_come_back_and_others_are_not_held_up() {
    let hub = TestHub::start().await;
    let (eager, calm) = (holder_of(&hub, "view").await, holder_of(&hub, "view").await);
    let refusal = futures_util::future::select_all((0..4).map(|_| Box::pin(outrun(&hub, &eager)))).await.0;
    assert!(refusal.to_lowercase().contains("\r\nretry-after: 1\r\n") && refusal.contains("\"slow_down\""), "{refusal}");
    assert_eq!(call(&hub, &calm, "GET", "/v1/stats", json!({})).await.status(), StatusCode::OK);
    for _ in 0..bounds::CALLS_AT_ONCE / 100 {
        assert_eq!(hub.call(Method::GET, "/v1/stats").send().await.unwrap().status(), StatusCode::OK);
    }
}

/// Sends calls without waiting for answers until one is refused, and gives that answer.
async fn outrun(hub: &TestHub, secret: &str) -> String {
    let one = format!("GET /v1/stats HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {secret}\r\n\r\n");
    let (mut answers, mut calls) = TcpStream::connect(hub.address).await.unwrap().into_split();
    let many = one.repeat(500);
    let send = async { while calls.write_all(many.as_bytes()).await.is_ok() {} };
    let receive = async {
        let (mut text, mut block) = (String::new(), [0; 64 * 1024]);
        loop {
            if let Some(at) = text.find("HTTP/1.1 429 ")
                && text[at..].contains("slow_down")
            {
                return text.split_off(at);
            }
            text.drain(..text.len().saturating_sub(2_000));
            let size = answers.read(&mut block).await.unwrap();
            text.push_str(std::str::from_utf8(&block[..size]).unwrap());
        }
    };
    tokio::select! {
        () = send => panic!("the hub closed the connection"),
        refusal = timeout(LONG, receive) => refusal.expect("nobody was told to slow down"),
    }
}
