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
    Hub,
    error::Error,
    json::{Body, Id},
    lease,
};
use crate::{clock, job::Refusal, progress::Teller};

pub(crate) async fn report(State(hub): Hub, Id(id): Id, Body(report): Body<ProgressReport>) -> Result<Response, Error> {
    let mut progress = report.progress.check()?;
    let now = clock::now();
    progress.at = Some(progress.at.unwrap_or(now).min(now));
    let cancel_requested = match report.fence {
        Some(fence) => {
            let held = lease::hold(&hub, id, fence).await?;
            hub.progress.report(id, Teller::Runner, progress, now);
            held.cancel_requested
        }
        None => {
            // Under the lock, the job cannot end in between and leave a report of a job that is over.
            let live = hub.live.lock();
            let running = live.active.get(&id).filter(|record| record.job.state == JobState::Running);
            let job = &running.ok_or(Refusal::LeaseStale)?.job;
            hub.progress.report(id, Teller::Program, progress, now);
            job.cancel_requested
        }
    };
    Ok(match cancel_requested {
        true => Json(ReportAnswer { cancel_requested: true }).into_response(),
        false => StatusCode::NO_CONTENT.into_response(),
    })
}
