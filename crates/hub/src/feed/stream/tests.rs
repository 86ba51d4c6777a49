//! What is written while little happens.

use std::sync::Arc;

use tokio::io::DuplexStream;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    access::{secret::SecretHash, tokens::Tokens},
    feed::subscriber::Subscribers,
    state::{
        live::{self, Live},
        progress::ProgressMap,
    },
};

/// A stream of a hub where nothing happens, and its reader, which has read the beginning.
async fn quiet(framing: Framing, shutdown: &CancellationToken) -> (Arc<Live>, DuplexStream, tokio::task::JoinHandle<io::Result<()>>) {
    let live = Arc::new(live::tests::empty());
    let subscriber = Subscriber::new(live.clone(), None, &Subscribers::default());
    let (mut reader, socket) = tokio::io::duplex(4_096);
    let caller = Tokens::new(SecretHash::of("secret"), "ada".to_owned(), Vec::new(), shutdown.clone()).find("secret").unwrap();
    let stream = Stream { subscriber, framing, caller };
    let running = tokio::spawn(stream.run(socket));
    read(&mut reader).await;
    (live, reader, running)
}

async fn read(reader: &mut DuplexStream) -> String {
    let mut buffer = [0; 4_096];
    let read = reader.read(&mut buffer).await.unwrap();
    String::from_utf8(buffer[..read].to_vec()).unwrap()
}

#[tokio::test]
async fn a_keepalive_is_written_where_nothing_else_is() {
    let (live, mut reader, _running) = quiet(Framing::UntilClose, &CancellationToken::new()).await;
    live.keep_alive();
    assert_eq!(read(&mut reader).await, ": keepalive\n\n");
    live.keep_alive();
    live.publish(vec![live::tests::started(1)], &ProgressMap::default());
    assert!(read(&mut reader).await.starts_with("id: "));
    live.keep_alive();
    assert_eq!(read(&mut reader).await, ": keepalive\n\n");
}

#[tokio::test]
async fn the_end_of_the_hub_is_the_end_of_the_body() {
    let shutdown = CancellationToken::new();
    let (_live, mut reader, running) = quiet(Framing::Chunked, &shutdown).await;
    shutdown.cancel();
    assert_eq!(read(&mut reader).await, "0\r\n\r\n");
    assert_eq!(read(&mut reader).await, "");
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_reader_that_is_gone_ends_the_stream() {
    let (_live, reader, running) = quiet(Framing::Chunked, &CancellationToken::new()).await;
    drop(reader);
    running.await.unwrap().unwrap();
}

/// There is one thread, and nothing is awaited between the first event and the last: no stream can move meanwhile, so what
/// returns has waited for none of them, and a stream that stands still in the middle of a frame holds no lock.
#[tokio::test]
async fn nobody_who_publishes_waits_for_a_reader() {
    const EVENTS: u64 = 900;
    let shutdown = CancellationToken::new();
    let (live, mut quick, _running) = quiet(Framing::UntilClose, &shutdown).await;
    let caller = Tokens::new(SecretHash::of("secret"), "ada".to_owned(), Vec::new(), shutdown.clone()).find("secret").unwrap();
    let (mut still, socket) = tokio::io::duplex(16);
    let subscriber = Subscriber::new(live.clone(), None, &Subscribers::default());
    let mut stuck = tokio::spawn(Stream { subscriber, framing: Framing::UntilClose, caller }.run(socket));
    // The stream has more to write than this socket takes, so it waits.
    assert!(futures_util::poll!(&mut stuck).is_pending());
    tokio::task::yield_now().await;
    for seq in 1..=EVENTS {
        live.publish(vec![live::tests::started(seq)], &ProgressMap::default());
    }
    let (mut all, mut late) = (String::new(), String::new());
    while ids(&all).last() != Some(&EVENTS) {
        all += &read(&mut quick).await;
    }
    assert_eq!(ids(&all), (1..=EVENTS).collect::<Vec<_>>());
    // The one that stood still goes on where it stood.
    while ids(&late).last() != Some(&EVENTS) {
        late += &read(&mut still).await;
    }
    assert_eq!(ids(&late)[1..], ids(&all));
}

/// The sequences of the frames that have come in full.
fn ids(text: &str) -> Vec<u64> {
    let whole = text.rsplit_once("\n\n").map_or("", |(whole, _)| whole);
    whole.lines().filter_map(|line| line.strip_prefix("id: ")?.rsplit_once('-')?.1.parse().ok()).collect()
}
