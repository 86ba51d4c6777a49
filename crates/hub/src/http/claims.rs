//! `POST /v1/claims`: a long poll for a queued job. Each job goes to exactly one worker.

use std::time::Duration;

use axum::{
    Extension, Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use doorbell_protocol::{
    WorkerId, limits,
    worker::{Claim, ClaimRequest},
};
use tokio::time::{Instant, sleep_until};

use super::{
    context::{Context, Hub},
    error::Error,
    json::Body,
};
use crate::{
    access::rights::{Actor, Principal},
    clock,
    domain::{
        job::{Command, Holder},
        queue::{self, Pick},
    },
};

pub(crate) async fn claim(
    State(hub): Hub,
    Extension(actor): Extension<Actor>,
    Body(request): Body<ClaimRequest>,
) -> Result<Response, Error> {
    let deadline = Instant::now() + Duration::from_millis(request.wait_ms).min(limits::WAIT);
    let mut queue = hub.live.queue();
    // A worker may get more slots while it waits, or may be drained.
    let mut workers = hub.workers.changes();
    loop {
        queue.mark_unchanged();
        workers.mark_unchanged();
        let due = match take(&hub, request.worker, actor.who).await? {
            Pick::Job(record) => {
                let lease = hub.leases.lease(record.fence);
                return Ok(Json(Claim { job: record.job, lease, task: record.task }).into_response());
            }
            Pick::Nothing { until } => until.map_or(deadline, |until| deadline.min(Instant::now() + until.since(clock::now()))),
        };
        tokio::select! {
            _ = queue.changed() => {}
            _ = workers.changed() => {}
            () = sleep_until(due) => if due == deadline {
                return Ok(StatusCode::NO_CONTENT.into_response());
            },
            () = hub.shutdown.cancelled() => return Ok(StatusCode::NO_CONTENT.into_response()),
        }
    }
}

async fn take(hub: &Context, id: WorkerId, by: Principal) -> Result<Pick, Error> {
    let worker = hub.workers.that_claims(id)?;
    let look = queue::pick(hub.live.lock().active.values(), &worker, clock::now());
    if let Pick::Nothing { .. } = look {
        return Ok(look);
    }
    let workers = hub.workers.clone();
    let picked = hub
        .writer
        .write(move |draft| {
            // It may be draining by now, or another claim may have taken the job.
            let worker = workers.that_claims(id)?;
            let record = match draft.pick(&worker) {
                Pick::Job(record) => record,
                nothing @ Pick::Nothing { .. } => return Ok(nothing),
            };
            let holder = Holder { id, name: worker.name, host: worker.host };
            Ok(Pick::Job(Box::new(draft.decide(*record, Command::Claim { worker: holder, by })?)))
        })
        .await?;
    Ok(picked)
}
