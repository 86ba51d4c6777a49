//! The feed supervisor: one connection to the hub's feed, opened again for as long as somebody listens.
//!
//! # Layout
//! - `machine`: what to do next, as a pure function of what happened · `retry`: when to try again ·
//!   `catch_up`: what was missed
//! - `supervisor`: carries it out · `slept`: notices that this machine slept
//! - `attempt`: one fresh connection, from request to end · `update`: what the listener is told
//!
//! # Invariants
//! - One connection at a time: the old one is closed before a new one opens, and none is kept for later.
//! - The supervisor alone retries and alone keeps the Last-Event-ID; the event source library underneath does
//!   neither.
//! - It gives up only when the [`Feed`] or its receiver is dropped. A hub that refuses (401, 403) is asked
//!   again when somebody says so ([`Feed::retry_now`]), or when the address or token on disk changed.
//! - A slow listener holds the connection back. At most [`QUEUE`] updates are queued.
//! - The feed counts as live only after something that only a hub can say: a snapshot, or what follows an
//!   event that it knows. An attempt that does not get so far in time has failed.
//! - While the feed is live nothing polls and no timer goes off: the hub's keepalives are all that wakes this
//!   task.
//!
//! # Example
//! ```
//! use doorbell_client::{BearerToken, Endpoint, EndpointSource, Feed, FeedUpdate};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let token = BearerToken::new("secret").ok_or("no token")?;
//! let source = EndpointSource::fixed(Endpoint::new("http://127.0.0.1:1", token)?);
//! let (_feed, mut updates) = Feed::open(source);
//! assert_eq!(updates.recv().await, Some(FeedUpdate::Connecting));
//! // Nobody listens there. The feed says so, and goes on trying for as long as it is held.
//! assert!(matches!(updates.recv().await, Some(FeedUpdate::Down { .. })));
//! # Ok(())
//! # }
//! ```
//! `examples/badge.rs` shows how many jobs run, in forty lines.

mod attempt;
mod catch_up;
mod machine;
mod retry;
mod slept;
mod supervisor;
mod update;

use std::sync::Arc;

use tokio::{sync::mpsc, task::JoinHandle};

use self::supervisor::Wakes;
pub use self::update::{FeedUpdate, When};
use crate::EndpointSource;

/// Most updates that wait for the listener.
pub const QUEUE: usize = 16;

/// A feed that is kept open. Dropping it closes the connection.
#[derive(Debug)]
pub struct Feed {
    wakes: Arc<Wakes>,
    task: JoinHandle<()>,
}

impl Feed {
    /// Opens the feed of the hub that `source` names and keeps it open. Must be called inside a Tokio
    /// runtime.
    #[must_use]
    pub fn open(source: EndpointSource) -> (Self, mpsc::Receiver<FeedUpdate>) {
        let (updates, listener) = mpsc::channel(QUEUE);
        let wakes = Arc::<Wakes>::default();
        let task = tokio::spawn(supervisor::run(source, updates, Arc::clone(&wakes), rand::random::<f64>));
        (Self { wakes, task }, listener)
    }

    /// The network changed, or somebody looks: ends the wait before the next attempt. A connection or an
    /// attempt of more than a second ago may be dead without knowing it, and is given up for a new one,
    /// within 2 s. Attempts stay a second apart, however often this is called.
    pub fn retry_now(&self) {
        self.wakes.asked.notify_one();
    }

    /// This machine slept: gives up the connection, which may be dead without knowing it, and opens a new one
    /// within 2 s. On Linux the supervisor notices by itself; elsewhere that may take a minute.
    pub fn resumed(&self) {
        self.wakes.resumed.notify_one();
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod logged;
#[cfg(test)]
mod long;
#[cfg(test)]
mod reconnects;
#[cfg(test)]
mod tests;
