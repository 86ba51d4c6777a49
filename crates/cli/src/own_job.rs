//! What a command says about the job that it runs as.
//!
//! # Invariants
//! - A script that reports runs the same without Doorbell: outside a job nothing is told, and with a hub that is away, slow or
//!   refuses, nothing fails and nothing waits longer than [`PATIENCE`].

use std::time::Duration;

use doorbell_client::CallError;
use doorbell_protocol::{ErrorCode, JobId, Progress, Step};
use doorbell_runner::{JOB_VARIABLE, Redactor};
use tokio::time::{Instant, sleep};

use crate::{context::Context, moments};

/// Longest wait for a hub to take a report.
const PATIENCE: Duration = Duration::from_secs(1);
/// A command may run before its runner has told any hub of the job. For so long, a hub that does not know the
/// job is asked again.
const UNKNOWN: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_millis(20);

/// The job that this process runs in.
pub(crate) fn id() -> Option<JobId> {
    std::env::var(JOB_VARIABLE).ok()?.parse().ok()
}

/// Calls the hub about the job that this process runs in, as soon as the hub knows it.
pub(crate) async fn once_known<T>(call: impl AsyncFn() -> Result<T, CallError>) -> Result<T, CallError> {
    let deadline = Instant::now() + UNKNOWN;
    loop {
        match call().await {
            Err(e) if e.code() == Some(ErrorCode::NotFound) && Instant::now() < deadline => sleep(AGAIN).await,
            result => return result,
        }
    }
}

/// Tells how far the job is that this process runs in, or `job`.
pub(crate) fn tell(context: &Context, asked: Option<JobId>, progress: Progress) -> anyhow::Result<i32> {
    let Some(job) = asked.or_else(id) else {
        eprintln!("doorbell: this is no job, so nobody is told. Start it with `doorbell run` or `doorbell add`.");
        return Ok(0);
    };
    let progress = redacted(Progress { at: Some(moments::now()), ..progress });
    let told =
        context.call_within(PATIENCE, async |client| Ok(once_known(async || client.tell_progress(job, progress.clone()).await).await))?;
    match told {
        Some(Ok(_)) => {}
        // A hub that refuses the report has found a mistake in the call, which somebody should see.
        Some(Err(e)) if !e.is_transient() => eprintln!("doorbell: {e}"),
        Some(Err(e)) => tracing::debug!("the hub was not told: {e}"),
        None => tracing::debug!("the hub was not told: it did not answer within {} s", PATIENCE.as_secs()),
    }
    Ok(0)
}

/// Replaces secrets in what a command says of itself, as in its output.
fn redacted(progress: Progress) -> Progress {
    let redactor = Redactor::of_environment();
    let text = |text: Option<String>| text.map(|text| redactor.text(&text));
    Progress {
        message: text(progress.message),
        unit: text(progress.unit),
        step: progress.step.map(|step| Step { label: text(step.label), ..step }),
        ..progress
    }
}
