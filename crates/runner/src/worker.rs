//! A worker: claims queued jobs, and starts a runner in a process of its own for each.
//!
//! # Invariants
//! - The app that embeds a worker may end at any time: the runners go on, hold their leases, and report by
//!   themselves.
//! - A worker that cannot reach the hub waits before it tries again. A hub that restarted has forgotten its
//!   workers, so the worker registers again.
//! - An ask for a job is repeated with its id until it is answered, so that no job is given away to nobody; and never after that.
//! - A claim is never dropped silently: when its runner cannot be started, the job is reported as failed.

use std::{path::PathBuf, pin::pin, process::Stdio, sync::Arc, time::Duration};

use doorbell_client::{Backoff, CallError, Client, EndpointSource};
use doorbell_protocol::{
    ClaimId, ErrorCode, Outcome, WorkerId,
    jobs::FinishReport,
    limits,
    worker::{Claim, ClaimRequest, NewWorker},
};
use tokio::{
    io::AsyncWriteExt,
    process::{Child, Command},
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

use crate::{assignment::Assignment, origin, run_secret::RunSecret, spool};

/// An answer without a job that comes sooner than this was no long poll. Asking again at once would load the
/// hub.
const SOONEST_EMPTY: Duration = Duration::from_secs(1);
const FIRST_RETRY: Duration = Duration::from_millis(250);
const LONGEST_RETRY: Duration = Duration::from_secs(15);
/// A worker that ends waits so long for what it was given.
const LAST_ANSWER: Duration = Duration::from_secs(3);
/// Gives a runner a console of its own without a window. A Ctrl-C in our console, or its end, then does not
/// concern the runner.
#[cfg(windows)]
const CREATE_NO_WINDOW: u32 = 0x0800_0000;

/// What a worker is.
#[derive(Clone, Debug)]
pub struct WorkerConfig {
    /// Which hub it works for.
    pub source: EndpointSource,
    /// What people call it, 1 to 200 characters.
    pub name: String,
    /// How many jobs it runs at once, at least 1.
    pub slots: u32,
    /// The `doorbell` executable, which becomes the runner of each job.
    pub program: PathBuf,
    /// The bound of open files for jobs that bring none, where this process raised its own.
    pub open_files: Option<u64>,
}

/// Works until `shutdown`. Runners that were started go on by themselves. It also delivers the ends of jobs
/// that wait in the spool.
pub async fn work(config: WorkerConfig, shutdown: impl Future<Output = ()>) {
    let awake = Notify::new();
    tokio::select! {
        () = claim_jobs(&config, &awake, shutdown) => {}
        () = spool::keep_delivering(config.source.clone(), &awake) => {}
    }
}

/// Says `awake` whenever an answer has come.
async fn claim_jobs(config: &WorkerConfig, awake: &Notify, shutdown: impl Future<Output = ()>) {
    // Most of the time there is one call a minute, which waits.
    let client = Client::for_rare_calls(config.source.clone());
    let slots = Arc::new(Semaphore::new(usize::try_from(config.slots.max(1)).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS)));
    let mut backoff = Backoff::new(FIRST_RETRY, LONGEST_RETRY);
    let mut registered = None;
    let mut shutdown = pin!(shutdown);
    loop {
        let mut ask = Ask::new();
        let claimed = tokio::select! {
            biased;
            () = &mut shutdown => {
                if let Some(claim) = last_claim(&client, &ask, registered).await
                    && let Ok(slot) = Arc::clone(&slots).try_acquire_owned()
                {
                    start(&client, config, claim, ask.secret, slot).await;
                }
                return;
            }
            claimed = next_claim(&client, config, awake, &slots, &mut registered, &mut ask, &mut backoff) => claimed,
        };
        // There is no next claim only when the worker is drained: the semaphore is never closed.
        let Some((claim, slot)) = claimed else { return };
        start(&client, config, claim, ask.secret, slot).await;
    }
}

/// What a job is asked for with. It is repeated until it is answered: an ask whose answer was lost may have got a job.
struct Ask {
    id: ClaimId,
    secret: RunSecret,
    /// It was sent, and has no answer yet.
    is_open: bool,
}

impl Ask {
    fn new() -> Self {
        // By no clock, which may be wrong where a worker waits.
        let id = ClaimId(uuid::Builder::from_random_bytes(rand::random()).into_uuid());
        Self { id, secret: RunSecret::random(), is_open: false }
    }

    fn request(&self, worker: WorkerId, wait: Duration) -> ClaimRequest {
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        ClaimRequest { id: Some(self.id), worker, wait_ms, secret_sha256: Some(self.secret.hash()) }
    }
}

/// Waits for a free slot, and then for a job to fill it, however long that takes.
async fn next_claim(
    client: &Client,
    config: &WorkerConfig,
    awake: &Notify,
    slots: &Arc<Semaphore>,
    registered: &mut Option<WorkerId>,
    ask: &mut Ask,
    backoff: &mut Backoff,
) -> Option<(Claim, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    loop {
        let asked = Instant::now();
        let claimed = claim(client, config, ask, registered).await;
        awake.notify_one();
        match claimed {
            Ok(Some(claim)) => {
                backoff.reset();
                return Some((claim, slot));
            }
            Ok(None) => {
                *ask = Ask::new();
                if asked.elapsed() >= SOONEST_EMPTY {
                    backoff.reset();
                    continue;
                }
            }
            Err(e) => match e.code() {
                Some(ErrorCode::NotFound) => {
                    tracing::debug!("cannot claim a job: {e}");
                    *registered = None;
                }
                Some(ErrorCode::WorkerDraining) => {
                    tracing::info!("the hub drains this worker: it claims no more jobs");
                    return None;
                }
                _ if e.is_transient() => tracing::debug!("cannot claim a job: {e}"),
                // A token that is for another worker, for instance: somebody must do something.
                _ => tracing::warn!("cannot claim a job: {e}"),
            },
        }
        tokio::time::sleep(backoff.after_failure(rand::random())).await;
    }
}

/// The job that an ask got whose answer this worker is too late to hear: it would be lost without ever having run. A hub that does not
/// answer now is not waited for.
async fn last_claim(client: &Client, ask: &Ask, registered: Option<WorkerId>) -> Option<Claim> {
    let worker = registered.filter(|_| ask.is_open)?;
    // After this one, the ask that still waits gets nothing any more.
    match timeout(LAST_ANSWER, client.claim(&ask.request(worker, Duration::ZERO))).await {
        Ok(Ok(claim)) => claim,
        Ok(Err(e)) => {
            tracing::debug!("cannot ask for the last claim: {e}");
            None
        }
        Err(_) => None,
    }
}

async fn claim(
    client: &Client,
    config: &WorkerConfig,
    ask: &mut Ask,
    registered: &mut Option<WorkerId>,
) -> Result<Option<Claim>, CallError> {
    let worker = match *registered {
        Some(id) => id,
        None => {
            let worker = NewWorker { name: config.name.clone(), host: origin::host().unwrap_or_default(), slots: config.slots.max(1) };
            *registered.insert(client.register_worker(&worker).await?.id)
        }
    };
    ask.is_open = true;
    client.claim(&ask.request(worker, limits::WAIT)).await
}

/// Starts the runner of a claim. The slot is free again when the runner ends.
async fn start(client: &Client, config: &WorkerConfig, claim: Claim, secret: RunSecret, slot: OwnedSemaphorePermit) {
    let job = claim.job.id;
    let fence = claim.lease.fence;
    match spawn(config, claim, secret).await {
        Ok(mut runner) => {
            tokio::spawn(async move {
                match runner.wait().await {
                    Ok(status) => tracing::debug!(%job, %status, "runner ended"),
                    Err(e) => tracing::warn!(%job, "cannot wait for the runner: {e}"),
                }
                drop(slot);
            });
        }
        Err(e) => {
            tracing::warn!(%job, program = %config.program.display(), "cannot start a runner: {e}");
            let failure = Some(format!("cannot start a runner ({}): {e}", config.program.display()));
            let report = FinishReport { fence, outcome: Outcome::Failed, exit_code: None, failure, finished_at: None };
            if let Err(e) = client.finish_job(job, &report).await {
                tracing::warn!(%job, "cannot report that: {e}");
            }
        }
    }
}

async fn spawn(config: &WorkerConfig, claim: Claim, secret: RunSecret) -> std::io::Result<Child> {
    let assignment = serde_json::to_vec(&Assignment::new(claim, secret, &config.source, config.open_files))?;
    let mut runner = Command::new(&config.program);
    runner
        .arg("runner")
        .stdin(Stdio::piped())
        // A runner outlives this process: it must not hold the pipes or the terminal that its parent writes
        // to.
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    #[cfg(windows)]
    runner.creation_flags(CREATE_NO_WINDOW);
    let mut runner = runner.spawn()?;
    let mut stdin = runner.stdin.take().ok_or(std::io::ErrorKind::BrokenPipe)?;
    stdin.write_all(&assignment).await?;
    Ok(runner)
}
