//! What a server does with one connection.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use super::model::ModelHub;

/// One thing after the other; at the end of the script the connection is closed.
#[derive(Clone, Debug)]
pub enum Step {
    /// Sends all at once.
    Send(Vec<u8>),
    /// Sends byte by byte, each in a packet of its own.
    Trickle(Vec<u8>),
    /// Sends the same for as long as the client takes it.
    Endless(Vec<u8>),
    /// Sends the same again and again, with this pause before each.
    Every(Duration, Vec<u8>),
    /// Sends nothing for this long.
    Pause(Duration),
    /// Sends what follows this sequence, as a hub would.
    Follow(Arc<ModelHub>, u64),
    /// Does these until somebody breaks them off.
    UntilBroken(Vec<Step>, watch::Receiver<Cut>),
    /// Sends nothing until the client closes.
    Hold,
    /// Breaks the connection as a crash would (RST).
    Reset,
}

/// How somebody breaks off what a connection does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cut {
    /// It goes on with the next step, and closes when there is none.
    Next,
    /// The connection is broken as a crash would (RST).
    Reset,
    /// Nothing comes any more, and it stays open.
    Silence,
}

/// Head of an answer that is a feed.
#[must_use]
pub fn feed_head(newest: Option<&str>) -> Vec<u8> {
    let newest = newest.map(|id| format!("Doorbell-Newest: {id}\r\n")).unwrap_or_default();
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{newest}Connection: close\r\n\r\n").into_bytes()
}

/// A whole answer.
#[must_use]
pub fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()).into_bytes()
}

/// A feed that begins with these bytes.
#[must_use]
pub fn feed(bytes: impl AsRef<[u8]>) -> Step {
    Step::Send([&feed_head(None), bytes.as_ref()].concat())
}
