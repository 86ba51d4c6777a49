//! A process with few file descriptors. What a hub does that may have no more is in the system tests.

use crate::{
    alone,
    raw::Raw,
    support::{LONG, TestHub},
};

/// Runs a test in a process whose bounds are these.
fn bounded(soft: u32, hard: u32, name: &str) {
    let bound = format!(r#"ulimit -S -n {soft} && ulimit -H -n {hard} && exec "$0" "$@""#);
    alone::run(&["sh", "-c", &bound], &format!("descriptors::{name}")).unwrap();
}

async fn listeners(hub: &TestHub, count: usize) -> Vec<Raw> {
    let mut listeners = Vec::new();
    for _ in 0..count {
        let mut raw = Raw::connect(hub.address).await;
        raw.send(format!("GET /v1/feed HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n", hub.token)).await;
        listeners.push(raw);
    }
    listeners
}

#[test]
fn a_hub_raises_its_own_bound() {
    bounded(256, 2_048, "of_a_hub_that_may_raise_its_bound");
}

#[tokio::test]
#[ignore = "needs a process of its own, which the test above gives it"]
async fn of_a_hub_that_may_raise_its_bound() {
    let hub = TestHub::start().await;
    let listeners = listeners(&hub, 600).await;
    hub.until_listeners_are(600, LONG).await;
    drop(listeners);
}
