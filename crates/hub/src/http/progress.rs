//! `PUT /v1/jobs/{id}/progress`: the latest value wins, the lease of a runner is renewed, nothing is told.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use doorbell_protocol::{
    JobState,
    jobs::{ProgressReport, ReportAnswer},
};

use super::{
    context::Hub,
    error::Error,
    json::{Body, Id},
    lease,
};
use crate::{clock, domain::job::Refusal, state::progress::Teller};

pub(crate) async fn report(State(hub): Hub, Id(id): Id, Body(report): Body<ProgressReport>) -> Result<Response, Error> {
    let mut progress = report.progress.check()?;
    let now = clock::now();
    progress.at = Some(progress.at.unwrap_or(now).min(now));
    let cancel_requested = match report.fence {
        Some(fence) => {
            let held = lease::hold(&hub, id, fence).await?;
            // The job may have ended since: then its end says more than this report.
            hub.live.lock().report(&hub.progress, id, Teller::Runner, progress, now);
            held.cancel_requested
        }
        None => {
            let told = hub.live.lock().report(&hub.progress, id, Teller::Program, progress, now).map(|job| job.cancel_requested);
            match told {
                Some(cancel_requested) => cancel_requested,
                // A program may be quicker than its runner, of whose job nobody has heard yet: it tries again.
                None => {
                    let known = hub.reads.record(id).await?;
                    // Its start is on disk just before it is published.
                    let is_told = known.is_some_and(|record| record.job.state != JobState::Running);
                    return Err(if is_told { Refusal::LeaseStale } else { Refusal::NotFound(id) }.into());
                }
            }
        }
    };
    Ok(match cancel_requested {
        true => Json(ReportAnswer { cancel_requested: true }).into_response(),
        false => StatusCode::NO_CONTENT.into_response(),
    })
}
