//! Hours of the feed over real sockets, on a clock that is moved on whenever nothing else is to be done.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket},
    time::Instant,
};

use super::*;
use crate::{BearerToken, Endpoint};

const HOUR: Duration = Duration::from_secs(60 * 60);
/// The beginning of each feed, of a hub without events on which nothing runs.
const BEGIN: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nDoorbell-Newest: 00000000000000f3-0\r\nConnection: close\r\n\r\n\
    retry: 1000\n\nid: 00000000000000f3-0\nevent: snapshot\n\
    data: {\"counts\":{\"running\":0},\"running\":[],\"now\":\"2026-11-21T10:00:00.000Z\",\"gap\":false}\n\n";

/// A hub that only keeps feeds alive, and the requests that it gets.
async fn quiet_hub(listener: TcpListener, requests: Arc<AtomicUsize>) {
    while let Ok((mut socket, _)) = listener.accept().await {
        requests.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let Ok(byte) = socket.read_u8().await else { return };
                request.push(byte);
            }
            let mut next = socket.write_all(BEGIN.as_bytes()).await;
            while next.is_ok() {
                tokio::time::sleep(doorbell_protocol::limits::KEEPALIVE).await;
                next = socket.write_all(b": keepalive\n\n").await;
            }
        });
    }
}

fn source(url: &str) -> EndpointSource {
    EndpointSource::fixed(Endpoint::new(url, BearerToken::new("secret").unwrap()).unwrap())
}

/// A supervisor whose random numbers are all 1, and how often it was woken.
fn supervise(source: EndpointSource) -> (Arc<AtomicUsize>, mpsc::Receiver<FeedUpdate>) {
    let (sender, updates) = mpsc::channel(QUEUE);
    let woken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&woken);
    let mut supervisor = Box::pin(supervisor::run(source, sender, Arc::default(), || 1.0));
    tokio::spawn(std::future::poll_fn(move |cx: &mut Context<'_>| -> Poll<()> {
        count.fetch_add(1, Ordering::Relaxed);
        supervisor.as_mut().poll(cx)
    }));
    (woken, updates)
}

#[tokio::test(start_paused = true)]
async fn a_day_of_keepalives_is_one_connection_and_two_wake_ups_a_minute() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    tokio::spawn(quiet_hub(listener, Arc::clone(&requests)));
    let (woken, mut updates) = supervise(source(&url));
    while updates.recv().await.unwrap() != FeedUpdate::Live {}
    let (start, before) = (Instant::now(), woken.load(Ordering::Relaxed));
    assert!(tokio::time::timeout(24 * HOUR, updates.recv()).await.is_err(), "something was told");
    assert!(start.elapsed() >= 24 * HOUR);
    assert_eq!(requests.load(Ordering::Relaxed), 1);
    let woken = woken.load(Ordering::Relaxed) - before;
    assert!((24 * 118..=24 * 125).contains(&woken), "{woken} wake-ups in 24 hours");
}

#[tokio::test(start_paused = true)]
async fn ten_minutes_without_a_hub_and_then_one_probe() {
    // A port that nobody listens on, and that stays ours.
    let reserved = TcpSocket::new_v4().unwrap();
    reserved.set_reuseaddr(true).unwrap();
    reserved.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = reserved.local_addr().unwrap();
    let (woken, mut updates) = supervise(source(&format!("http://{address}")));
    let start = Instant::now();
    let (mut attempts, mut failed) = (Vec::new(), Vec::new());
    let watch = async {
        loop {
            match updates.recv().await.unwrap() {
                FeedUpdate::Connecting => attempts.push(start.elapsed().as_secs()),
                FeedUpdate::Down { retry_in, .. } | FeedUpdate::Offline { retry_in, .. } => failed.push(retry_in.as_secs()),
                FeedUpdate::Live
                | FeedUpdate::Message { .. }
                | FeedUpdate::Polled(_)
                | FeedUpdate::PollFailed { .. }
                | FeedUpdate::Refused { .. } => panic!("nobody is there"),
            }
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(600), watch).await.is_err());
    assert_eq!(failed, [1, 2, 4, 8, 16, 30, 30, 30, 30, 30, 30, 30, 30, 30, 72, 72, 72, 72, 72]);
    assert_eq!(attempts.len(), failed.len());
    let woken = woken.load(Ordering::Relaxed);
    assert!(woken < 20 * attempts.len(), "{woken} wake-ups for {} attempts", attempts.len());
    // The hub is there, and the next probe finds it.
    let requests = Arc::new(AtomicUsize::new(0));
    tokio::spawn(quiet_hub(reserved.listen(16).unwrap(), Arc::clone(&requests)));
    let back = Instant::now();
    while updates.recv().await.unwrap() != FeedUpdate::Live {}
    assert!(back.elapsed() <= Duration::from_secs(73), "{:?}", back.elapsed());
    assert_eq!(requests.load(Ordering::Relaxed), 1);
}
