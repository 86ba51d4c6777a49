//! Tells the hub about one job, from a thread of its own. The command never waits for it.
//!
//! # Layout
//! - `job`: what is reported · `known_to_hub`: how far that has come · `conversation`: with the hub · `log`:
//!   sends what the command prints
//! - `pace`: what is due when, without I/O
//!
//! # Invariants
//! - The command runs whether or not a hub hears of it: nothing here can block or fail it.
//! - Times are those at which things happened, however late they are told.
//! - At the end [`Reporter::finish`] waits for the last report, but never longer than [`LAST_REPORT`]. What
//!   the hub has not taken by then is left in the spool.

mod conversation;
mod job;
mod known_to_hub;
mod log;
mod pace;

use std::{
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, SystemTime},
};

use doorbell_client::{Client, EndpointSource};
use doorbell_protocol::JobId;
use tokio::sync::oneshot;

pub(crate) use self::job::{Opening, ReportedJob};
use self::{conversation::Delivery, known_to_hub::KnownToHub};
use crate::{
    ending::{Ended, Ending},
    output::UnsentLog,
    redact::Redactor,
    run_secret::RunSecret,
    spool::{Entry, Spool},
};

/// Longest wait for the last report once the command has ended.
pub(crate) const LAST_REPORT: Duration = Duration::from_secs(2);
/// When the hub has not taken the last report by then, the report is kept on disk, where it is safe if this
/// process is killed.
const SAFE_AFTER: Duration = Duration::from_millis(50);

/// How much of the output that the hub has not got is kept with the end of the job.
const LOG_LEFT: usize = 32 * 1024;

/// What is left on disk when the hub does not take it.
struct Unreported {
    id: JobId,
    hub: Option<String>,
    known: KnownToHub,
    log: Option<UnsentLog>,
}

/// The thread that reports.
pub(crate) struct Reporter {
    unreported: Unreported,
    redactor: Redactor,
    ended: oneshot::Sender<Ended>,
    done: mpsc::Receiver<()>,
}

impl Reporter {
    /// Starts to report `job`.
    pub(crate) fn start(source: EndpointSource, opening: Opening, job: ReportedJob) -> Self {
        let (id, log, redactor) = (job.id, job.log.clone(), job.redactor.clone());
        let hub = source.named();
        let known = KnownToHub::at_first(&opening);
        let shared = known.clone();
        let (ended, ending) = oneshot::channel();
        let (alive, done) = mpsc::channel();
        let spawned = thread::Builder::new().name("doorbell-report".to_owned()).spawn(move || {
            // It is dropped when the thread ends, which is what `finish` waits for.
            let _alive: mpsc::Sender<()> = alive;
            match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => {
                    // The new job may be a part of the one that we are.
                    let client = Client::new(source.clone()).showing(RunSecret::of_environment().as_ref().map(RunSecret::expose));
                    let delivery = Delivery { client: &client, source: &source, known: &shared };
                    runtime.block_on(conversation::run(delivery, opening, job, ending));
                }
                Err(e) => tracing::warn!("cannot report to a hub: {e}"),
            }
        });
        if let Err(e) = spawned {
            tracing::warn!("cannot report to a hub: {e}");
        }
        Self { unreported: Unreported { id, hub, known, log }, redactor, ended, done }
    }

    /// Reports the end, and waits until the hub has taken it or has refused it, at most for [`LAST_REPORT`].
    /// What the hub does not take is left in the spool.
    pub(crate) fn finish(self, ending: Ending) {
        let failure = ending.failure.map(|failure| self.redactor.text(&failure));
        let ended = Ended { ending: Ending { failure, ..ending }, at: SystemTime::now().into() };
        let spool = Spool::of_user();
        let mut left = None;
        if self.ended.send(ended.clone()).is_ok() {
            // Nothing is ever sent: the channel closes when the thread ends.
            if self.done.recv_timeout(SAFE_AFTER) == Err(RecvTimeoutError::Timeout) {
                left = self.unreported.leave(spool.as_ref(), &ended);
                let _ = self.done.recv_timeout(LAST_REPORT.saturating_sub(SAFE_AFTER));
            }
        }
        match (self.unreported.known.get(), left, spool) {
            (None, Some(entry), Some(spool)) => spool.remove(&entry),
            (Some(_), None, spool) => {
                self.unreported.leave(spool.as_ref(), &ended);
            }
            (_, _, _) => {}
        }
    }
}

impl Unreported {
    /// Leaves the end in the spool, for whoever comes next.
    fn leave(&self, spool: Option<&Spool>, ended: &Ended) -> Option<Entry> {
        let log = self.log.as_ref().and_then(|log| log.tail(LOG_LEFT));
        let entry = Entry::new(self.hub.clone(), self.id, self.known.get()?, log, ended.clone());
        let kept = spool.ok_or_else(|| std::io::ErrorKind::NotFound.into()).and_then(|spool| spool.keep(&entry));
        if let Err(e) = &kept {
            tracing::warn!("nobody will hear how the job ended, which cannot be kept on disk: {e}");
        }
        kept.ok().map(|()| entry)
    }
}
