//! `PUT /v1/jobs/{id}/progress`: the latest value wins, the lease of a runner is renewed, nothing is told.

use axum::{
    Extension, Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use doorbell_protocol::{
    JobId, JobState, Progress, Timestamp,
    jobs::{ProgressReport, ReportAnswer},
};

use super::{
    context::{Context, Hub},
    error::Error,
    json::{Body, Id},
    lease,
};
use crate::{
    clock,
    domain::{job::Refusal, rights::Actor},
    state::progress::Teller,
};

pub(crate) async fn report(
    State(hub): Hub,
    Extension(actor): Extension<Actor>,
    Id(id): Id,
    Body(report): Body<ProgressReport>,
) -> Result<Response, Error> {
    let mut progress = report.progress.check()?;
    let now = clock::now();
    progress.at = Some(progress.at.unwrap_or(now).min(now));
    let cancel_requested = match report.fence {
        Some(fence) => {
            let held = lease::hold(&hub, id, fence, actor).await?;
            // The job may have ended since: then its end says more than this report.
            hub.live.lock().report(&hub.progress, id, Teller::Runner, progress, now);
            held.cancel_requested
        }
        None => {
            match tell(&hub, id, actor, progress, now)? {
                Some(cancel_requested) => cancel_requested,
                // A program may be quicker than its runner, of whose job nobody has heard yet: it tries again. A start is on disk
                // just before it is published.
                None => match hub.reads.record(id).await?.filter(|record| record.job.state != JobState::Running) {
                    None => return Err(Refusal::NotFound(id).into()),
                    Some(over) => {
                        over.check_speaker(actor, None)?;
                        return Err(Refusal::LeaseStale.into());
                    }
                },
            }
        }
    };
    Ok(match cancel_requested {
        true => Json(ReportAnswer { cancel_requested: true }).into_response(),
        false => StatusCode::NO_CONTENT.into_response(),
    })
}

/// What the job's own program says. `None` when no such job runs, else whether somebody wants it stopped.
fn tell(hub: &Context, id: JobId, by: Actor, progress: Progress, now: Timestamp) -> Result<Option<bool>, Refusal> {
    let live = hub.live.lock();
    if let Some(record) = live.active.get(&id) {
        record.check_speaker(by, None)?;
    }
    Ok(live.report(&hub.progress, id, Teller::Program, progress, now).map(|job| job.cancel_requested))
}
