//! Delivers what waits in the spool to a hub.

use std::time::{Duration, SystemTime};

use doorbell_client::{CallError, Client, EndpointSource, rest::RefusedCall};
use doorbell_protocol::{ErrorCode, Fence, JobId, Timestamp, log::LogPart};
use tokio::{sync::Notify, time::timeout};

use super::{Entry, Known, Spool};
use crate::creation;

/// Longest time that a `doorbell` command waits for the delivery before it does its own work.
const MOMENT: Duration = Duration::from_secs(1);
/// The second look comes soon: when a hub has just come up, some wrappers may not have left their ends in the
/// spool yet.
const SECOND_LOOK: Duration = Duration::from_secs(3);
/// After so many looks of its own it waits for others to be awake.
const LOOKS: u32 = 3;
/// Longest pause between two looks, when nobody is awake meanwhile.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);

/// Delivers what waits for the hub of `source`, as much as can be done within a second. When nothing waits,
/// it costs a look into a folder.
pub fn deliver_now(source: EndpointSource) {
    let Some(spool) = Spool::of_user().filter(|spool| !spool.is_empty()) else { return };
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let client = Client::new(source.clone());
            let _ = runtime.block_on(async { timeout(MOMENT, deliver(&client, &source, &spool)).await });
        }
        Err(e) => tracing::debug!("cannot deliver what waits: {e}"),
    }
}

/// Delivers what waits for the hub of `source` now, after 3, 12 and 39 s, and then whenever this process is `awake` for
/// another reason, so that an idle one does not wake up for this alone. Never returns.
pub async fn keep_delivering(source: EndpointSource, awake: &Notify) {
    let Some(spool) = Spool::of_user() else { return std::future::pending().await };
    let client = Client::new(source.clone());
    for look in 0..LOOKS {
        deliver(&client, &source, &spool).await;
        tokio::time::sleep(SECOND_LOOK * 3_u32.pow(look)).await;
    }
    loop {
        deliver(&client, &source, &spool).await;
        // In time or too late: either is a reason to look.
        let _ = timeout(LONGEST_PAUSE, awake.notified()).await;
    }
}

/// Delivers what waits, until the hub takes no more.
pub(crate) async fn deliver(client: &Client, source: &EndpointSource, spool: &Spool) {
    let named = source.named();
    for entry in spool.entries().filter(|entry| entry.hub == named) {
        let now = SystemTime::now().into();
        match tell(client, &entry, now).await {
            Ok(()) => spool.remove(&entry),
            Err(e) if e.is_transient() => {
                tracing::debug!("cannot deliver what waits: {e}");
                return;
            }
            // The hub that knows the job may be another one, which may be back later; or this one takes it only from another token,
            // which another program of this user may have.
            Err(e) if is_for_somebody_else(&e) && !entry.is_stale(now) => {}
            Err(e) => {
                tracing::debug!(job = %entry.job, "the hub does not take its end: {e}");
                spool.remove(&entry);
            }
        }
    }
}

async fn tell(client: &Client, entry: &Entry, now: Timestamp) -> Result<(), CallError> {
    let fence = match &entry.known {
        Known::Start(fence) => Some(*fence),
        // When there is no lease, the hub says that the job has ended.
        Known::Nothing(new) => creation::create(client, &entry.create(new, now)).await?.lease.map(|lease| lease.fence),
    };
    if let Some(fence) = fence {
        if let Some(log) = &entry.log {
            append(client, entry.job, fence, log).await?;
        }
        client.finish_job(entry.job, &entry.finish(fence)).await?;
    }
    Ok(())
}

fn is_for_somebody_else(error: &CallError) -> bool {
    error.code() == Some(ErrorCode::NotFound) || creation::is_anothers(error)
}

/// Appends the end of the log to what the hub has of it. A hub that refuses the log still gets the job's end.
async fn append(client: &Client, job: JobId, fence: Fence, log: &LogPart) -> Result<(), CallError> {
    let bytes = || log.bytes.0.clone().into();
    let outcome = match client.append_log(job, fence, log.offset, bytes()).await {
        Err(CallError::Refused(RefusedCall { expected_offset: Some(offset), .. })) => client.append_log(job, fence, offset, bytes()).await,
        outcome => outcome,
    };
    match outcome {
        Err(e) if e.is_transient() => Err(e),
        Ok(_) | Err(_) => Ok(()),
    }
}
