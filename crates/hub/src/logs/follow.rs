//! Following a log: what is kept of it, then what comes, until its job is over.
//!
//! A follower is an offset into the files and holds no more than one part in memory, however far it falls behind: what is
//! gone by the time that it reads on is told as a cut.

use std::sync::Arc;

use bytes::Bytes;
use doorbell_protocol::{JobId, limits, log::LogMessage};
use futures_util::stream::{self, Stream};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::Log;
use crate::state::{
    frame::{self, KEEPALIVE, RETRY},
    live::Live,
};

pub(crate) struct Follower {
    log: Arc<Log>,
    growth: watch::Receiver<()>,
    job: JobId,
    live: Arc<Live>,
    commits: watch::Receiver<()>,
    shutdown: CancellationToken,
    place: Place,
}

enum Place {
    Start(u64),
    At(u64),
    Ended,
}

enum Wake {
    More,
    Silence,
    Shutdown,
}

impl Follower {
    /// Follows `log` of `job` from `offset` on.
    pub(crate) fn new(log: Arc<Log>, offset: u64, job: JobId, live: Arc<Live>, shutdown: CancellationToken) -> Self {
        let (growth, commits) = (log.growth(), live.commits());
        Self { log, growth, job, live, commits, shutdown, place: Place::Start(offset) }
    }

    /// Blocks and keepalives until the log is complete, the hub goes down or the follower is dropped.
    pub(crate) fn into_stream(self) -> impl Stream<Item = Bytes> {
        stream::unfold(self, |mut follower| async move { follower.next().await.map(|frame| (frame, follower)) })
    }

    async fn next(&mut self) -> Option<Bytes> {
        let offset = match self.place {
            Place::Start(offset) => {
                self.place = Place::At(offset);
                return Some(RETRY.into());
            }
            Place::At(offset) => offset,
            Place::Ended => return None,
        };
        loop {
            // In this order: what is appended or ends from here on wakes, and what was appended before the end is read.
            self.growth.mark_unchanged();
            self.commits.mark_unchanged();
            let is_over = self.job_is_over();
            let message = self.read(offset).await?;
            if matches!(message, LogMessage::End(_)) {
                if is_over {
                    self.place = Place::Ended;
                    return Some(encoded(&message));
                }
                match self.wait().await {
                    Wake::More => continue,
                    Wake::Silence => return Some(KEEPALIVE.into()),
                    Wake::Shutdown => return None,
                }
            }
            self.place = Place::At(message.end());
            return Some(encoded(&message));
        }
    }

    async fn read(&self, offset: u64) -> Option<LogMessage> {
        let log = self.log.clone();
        let read = tokio::task::spawn_blocking(move || log.read(offset)).await.ok()?;
        read.inspect_err(|error| tracing::error!(%error, job = %self.job, "a log could not be read")).ok()
    }

    async fn wait(&mut self) -> Wake {
        let silence = Instant::now() + limits::KEEPALIVE;
        loop {
            tokio::select! {
                _ = self.growth.changed() => return Wake::More,
                _ = self.commits.changed() => if self.job_is_over() {
                    return Wake::More;
                },
                () = self.shutdown.cancelled() => return Wake::Shutdown,
                () = sleep_until(silence) => return Wake::Silence,
            }
        }
    }

    fn job_is_over(&self) -> bool {
        !self.live.lock().active.contains_key(&self.job)
    }
}

fn encoded(message: &LogMessage) -> Bytes {
    frame::message(message.end(), message.event(), &serde_json::to_string(message).unwrap_or_default()).into()
}
