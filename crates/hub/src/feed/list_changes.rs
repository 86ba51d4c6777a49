//! What list pages are told: that a list is old, never what changed in it.
//!
//! # Invariants
//! - A page that reads its list after each event has, in the end, the newest list.
//! - However much changes while a page is busy, it waits in a capacity of one a list. Between two events
//!   about a list there is a pause. Without it the capacity of one would not help: the socket's buffers take
//!   thousands of small events before a busy page holds anything up.
//! - There are no ids and no replay: a page that comes back is told that every list is old.

use doorbell_protocol::limits;
use futures_util::stream::{self, Stream};
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::{
    bounds,
    state::frame::{KEEPALIVE, RETRY},
};

const JOBS: &str = "event: jobs-changed\ndata: {}\n\n";
const WORKERS: &str = "event: workers-changed\ndata: {}\n\n";

/// One page that watches, from its first frame to its drop.
pub(crate) struct Watcher {
    /// What is sent next; the first frames, in reverse.
    first: Vec<&'static str>,
    jobs: List,
    workers: List,
    shutdown: CancellationToken,
}

struct List {
    changes: watch::Receiver<()>,
    /// Nothing more is told about this list before then.
    quiet_until: Instant,
}

impl Watcher {
    /// Both receivers see every change from now on, so nothing falls between them and the first events.
    pub(crate) fn new(jobs: watch::Receiver<()>, workers: watch::Receiver<()>, shutdown: CancellationToken) -> Self {
        let quiet_until = Instant::now() + bounds::CHANGES_PAUSE;
        Self {
            first: vec![WORKERS, JOBS, RETRY],
            jobs: List { changes: jobs, quiet_until },
            workers: List { changes: workers, quiet_until },
            shutdown,
        }
    }

    /// Blocks and keepalives until the hub goes down or the watcher is dropped.
    pub(crate) fn into_stream(self) -> impl Stream<Item = &'static str> {
        stream::unfold(self, |mut watcher| async move { watcher.next().await.map(|frame| (frame, watcher)) })
    }

    async fn next(&mut self) -> Option<&'static str> {
        if let Some(frame) = self.first.pop() {
            return Some(frame);
        }
        tokio::select! {
            changed = self.jobs.changed() => changed.map(|()| JOBS),
            changed = self.workers.changed() => changed.map(|()| WORKERS),
            () = self.shutdown.cancelled() => None,
            () = sleep(limits::KEEPALIVE) => Some(KEEPALIVE),
        }
    }
}

impl List {
    /// The next change that may be told; `None` when there can be none.
    async fn changed(&mut self) -> Option<()> {
        // Dropped between the two waits, it has forgotten nothing: a change stays unseen until the pause is over.
        let mut seen = self.changes.clone();
        seen.changed().await.ok()?;
        sleep_until(self.quiet_until).await;
        self.changes.mark_unchanged();
        self.quiet_until = Instant::now() + bounds::CHANGES_PAUSE;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use doorbell_protocol::changes::ListChange;
    use futures_util::StreamExt;

    use super::*;

    #[test]
    fn its_events_are_those_of_the_contract() {
        for (frame, change) in [(JOBS, ListChange::Jobs), (WORKERS, ListChange::Workers)] {
            assert_eq!(frame, format!("event: {}\ndata: {{}}\n\n", change.as_str()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_thousand_changes_while_a_page_is_busy_are_one_event() {
        let (jobs, workers) = (watch::Sender::new(()), watch::Sender::new(()));
        let watcher = Watcher::new(jobs.subscribe(), workers.subscribe(), CancellationToken::new());
        let mut frames = Box::pin(watcher.into_stream());
        for first in [RETRY, JOBS, WORKERS] {
            assert_eq!(frames.next().await, Some(first));
        }
        for _ in 0..1_000 {
            jobs.send_replace(());
        }
        assert_eq!(frames.next().await, Some(JOBS));
        // A second burst, half of it within the pause, is one event as well, and another list is not held up by it.
        for _ in 0..1_000 {
            jobs.send_replace(());
        }
        workers.send_replace(());
        assert_eq!(frames.next().await, Some(WORKERS));
        for _ in 0..1_000 {
            jobs.send_replace(());
        }
        assert_eq!(frames.next().await, Some(JOBS));
        let since = Instant::now();
        assert_eq!(frames.next().await, Some(KEEPALIVE));
        assert_eq!(since.elapsed(), limits::KEEPALIVE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_after_silence_is_told_at_once() {
        let (jobs, workers) = (watch::Sender::new(()), watch::Sender::new(()));
        let watcher = Watcher::new(jobs.subscribe(), workers.subscribe(), CancellationToken::new());
        let mut frames = Box::pin(watcher.into_stream().skip(3));
        assert_eq!(frames.next().await, Some(KEEPALIVE));
        jobs.send_replace(());
        let since = Instant::now();
        assert_eq!((frames.next().await, since.elapsed().as_millis()), (Some(JOBS), 0));
    }

    #[tokio::test]
    async fn it_ends_with_the_hub() {
        let (jobs, workers) = (watch::Sender::new(()), watch::Sender::new(()));
        let shutdown = CancellationToken::new();
        let watcher = Watcher::new(jobs.subscribe(), workers.subscribe(), shutdown.clone());
        shutdown.cancel();
        assert_eq!(watcher.into_stream().count().await, 3);
    }
}
