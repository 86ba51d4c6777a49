//! The conversation with the hub: open, report, finish. Each step is tried again while the hub is away.

use std::{convert::Infallible, ops::ControlFlow, time::Duration};

use doorbell_client::{CallError, Client, EndpointSource};
use doorbell_protocol::{ErrorCode, Fence, JobId, Lease, jobs::FinishReport, jobs::NewJob};
use tokio::{
    sync::{oneshot, watch},
    time::Instant,
};

use super::{
    job::{Opening, ReportedJob},
    known_to_hub::KnownToHub,
    log::LogSender,
    pace::{self, Due, Pace},
};
use crate::{
    creation,
    ending::{Ended, StopReason},
    job_control::Stopper,
    output::Latest,
    spool::{self, Known, Spool},
};

/// Longest time for sending what the command printed last, once it has ended.
const LAST_OUTPUT: Duration = Duration::from_millis(1_500);

/// Whom a conversation is with, and how far it has come.
#[derive(Clone, Copy)]
pub(super) struct Delivery<'a> {
    pub(super) client: &'a Client,
    pub(super) source: &'a EndpointSource,
    pub(super) known: &'a KnownToHub,
}

/// What came of making a job known.
enum Created {
    /// The job runs, and is ours to report.
    Running(Lease),
    /// There is nothing to report: the hub says that the job has ended, or refuses it.
    Over,
    /// There is nobody to report to.
    NoHub,
}

/// What came of telling the end of a job.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Told {
    /// There is nothing more to tell.
    Settled,
    /// Somebody else may tell it.
    Refused,
}

/// How a command came to be run here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum StartedBy {
    /// A worker claimed its job.
    Claim,
    /// Somebody typed it.
    Hand,
}

/// Waits for the command's end, which comes once.
struct End {
    receiver: oneshot::Receiver<Ended>,
    came: Option<Ended>,
}

pub(super) async fn run(to: Delivery<'_>, opening: Opening, job: ReportedJob, ending: oneshot::Receiver<Ended>) {
    let mut end = End { receiver: ending, came: None };
    match opening {
        Opening::Claimed(lease) => converse(to, lease, job, StartedBy::Claim, end).await,
        Opening::Create(new) => match create(to.client, &new, &mut end).await {
            Created::Running(lease) => {
                to.known.set(Some(Known::Start(lease.fence)));
                // Here is a hub that takes reports. What other wrappers could not tell is delivered beside
                // ours.
                let others = async {
                    if let Some(spool) = Spool::of_user() {
                        spool::deliver(to.client, to.source, &spool).await;
                    }
                };
                tokio::join!(converse(to, lease, job, StartedBy::Hand, end), others);
            }
            Created::Over => to.known.set(None),
            Created::NoHub => {}
        },
    }
}

async fn converse(to: Delivery<'_>, lease: Lease, job: ReportedJob, by: StartedBy, mut end: End) {
    let ReportedJob { id, mut progress, log, stopper, .. } = job;
    let sender = log.as_ref().map(|log| LogSender { client: to.client, id, fence: lease.fence, log });
    let reported = tokio::select! {
        reported = report(to.client, id, lease, &mut progress, stopper.as_ref(), &mut end) => reported,
        never = send_all(sender.as_ref()) => match never {},
    };
    match reported {
        ControlFlow::Continue(()) => {
            if let Some(ended) = end.came {
                // The log is sent before the end of the job, but only for so long.
                if let Some(sender) = sender {
                    let _ = tokio::time::timeout(LAST_OUTPUT, sender.send()).await;
                }
                if finish(to.client, id, lease.fence, ended).await == Told::Settled {
                    to.known.set(None);
                }
            }
        }
        ControlFlow::Break(code) => {
            to.known.set(None);
            // Another runner may have the job by now, and its command must not run twice at once. A command
            // that somebody started by hand is theirs to stop.
            if code == ErrorCode::LeaseStale && by == StartedBy::Claim {
                stopper.iter().for_each(|stopper| stopper.stop(StopReason::Cancelled));
            }
        }
    }
}

async fn send_all(sender: Option<&LogSender<'_>>) -> Infallible {
    match sender {
        Some(sender) => sender.keep_sending().await,
        None => std::future::pending().await,
    }
}

/// Makes the job known. The id is ours, so trying again cannot make a second one.
async fn create(client: &Client, job: &NewJob, end: &mut End) -> Created {
    let mut backoff = pace::retries();
    loop {
        match creation::create(client, job).await {
            // When there is no lease, the hub says that the job has ended.
            Ok(created) => return created.lease.map_or(Created::Over, Created::Running),
            Err(e) if e.is_transient() => {
                tracing::debug!("cannot tell the hub that the job started: {e}");
                // The command is over and no hub was ever seen: nobody waits for this report now.
                if end.came.is_some() && !matches!(e, CallError::Refused(_)) {
                    return Created::NoHub;
                }
            }
            Err(e) => {
                tracing::warn!("the hub does not take the job: {e}");
                return if creation::is_anothers(&e) { Created::NoHub } else { Created::Over };
            }
        }
        end.within(backoff.after_failure(rand::random())).await;
    }
}

/// Reports until the command ends ([`Continue`](ControlFlow::Continue)) or the job is no longer ours to
/// report. Stops the command when an answer asks for that.
async fn report(
    client: &Client,
    id: JobId,
    lease: Lease,
    progress: &mut watch::Receiver<Latest>,
    stopper: Option<&Stopper>,
    end: &mut End,
) -> ControlFlow<ErrorCode> {
    let fence = lease.fence;
    let mut backoff = pace::retries();
    let mut pace = Pace::new(lease.ttl(), Instant::now());
    // Something may have been printed before the hub knew of the job.
    let mut untold = progress.borrow_and_update().progress.at.is_some();
    while end.came.is_none() {
        let (at, due) = pace.next(untold);
        tokio::select! {
            biased;
            () = end.come() => break,
            Ok(()) = progress.changed(), if !untold => {
                untold = true;
                continue;
            }
            () = tokio::time::sleep_until(at) => {}
        }
        let call = async {
            match due {
                Due::Progress => {
                    let latest = progress.borrow_and_update().progress.clone();
                    client.report_progress(id, fence, latest).await.map(|answer| answer.cancel_requested)
                }
                Due::Renewal => client.renew_lease(id, fence).await.map(|answer| answer.cancel_requested),
            }
        };
        let result = tokio::select! {
            biased;
            () = end.come() => break,
            result = call => result,
        };
        match result {
            Ok(cancel_requested) => {
                if cancel_requested && let Some(stopper) = stopper {
                    stopper.stop(StopReason::Cancelled);
                }
                backoff.reset();
                pace.told(due, Instant::now());
                untold &= due != Due::Progress;
            }
            Err(e) if let Some(code) = over(&e) => {
                tracing::warn!("the hub takes no more reports: {e}");
                return ControlFlow::Break(code);
            }
            Err(e) => {
                tracing::debug!("a report failed: {e}");
                // The hub refuses this progress for good, but it may take the next.
                untold &= e.is_transient() || due != Due::Progress;
                pace.failed(Instant::now(), backoff.after_failure(rand::random()));
            }
        }
    }
    ControlFlow::Continue(())
}

async fn finish(client: &Client, id: JobId, fence: Fence, ended: Ended) -> Told {
    let report = FinishReport {
        fence,
        outcome: ended.ending.outcome,
        exit_code: Some(ended.ending.exit_code),
        failure: ended.ending.failure,
        finished_at: Some(ended.at),
    };
    let mut backoff = pace::retries();
    loop {
        match client.finish_job(id, &report).await {
            Ok(_) => return Told::Settled,
            Err(e) if e.is_transient() => {
                tracing::debug!("cannot tell the hub that the job ended: {e}");
                tokio::time::sleep(backoff.after_failure(rand::random())).await;
            }
            Err(e) => {
                tracing::warn!("the hub does not take the end of the job: {e}");
                return if creation::is_anothers(&e) { Told::Refused } else { Told::Settled };
            }
        }
    }
}

/// The code of a refusal that says that the job has ended or has gone to another runner.
fn over(error: &CallError) -> Option<ErrorCode> {
    error.code().filter(|code| matches!(code, ErrorCode::LeaseStale | ErrorCode::BadTransition | ErrorCode::NotFound))
}

impl End {
    /// Returns when the command has ended. When the sender is gone without an end, this process is about to
    /// exit and there is nothing to report.
    async fn come(&mut self) {
        if self.came.is_none() {
            match (&mut self.receiver).await {
                Ok(ended) => self.came = Some(ended),
                Err(_) => std::future::pending().await,
            }
        }
    }

    /// Waits for `delay`, or less when the command ends meanwhile.
    async fn within(&mut self, delay: Duration) {
        if self.came.is_some() {
            tokio::time::sleep(delay).await;
        } else {
            let _ = tokio::time::timeout(delay, self.come()).await;
        }
    }
}
