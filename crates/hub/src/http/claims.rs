//! `POST /v1/claims`: a long poll for a queued job. Each job goes to exactly one worker, and an ask that is repeated is answered with
//! the job that it has got.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use doorbell_protocol::{
    limits,
    worker::{Claim, ClaimRequest},
};
use tokio::time::Instant;

use super::{
    context::{Context, Hub},
    error::Error,
    json::Body,
};
use crate::{
    access::tokens::Caller,
    alarm, clock,
    domain::{
        job::{Command, Holder, NewLease, Record},
        queue::{self, Pick},
    },
    state::{asks::Ask, leases},
};

pub(crate) async fn claim(
    State(hub): Hub,
    Extension(caller): Extension<Arc<Caller>>,
    Body(request): Body<ClaimRequest>,
) -> Result<Response, Error> {
    let deadline = Instant::now() + Duration::from_millis(request.wait_ms).min(limits::WAIT);
    let mut queue = hub.live.queue();
    // A worker may get more slots while it waits, or may be drained.
    let mut workers = hub.workers.changes();
    let ask = Arc::new(hub.asks.begin(request.id));
    loop {
        queue.mark_unchanged();
        workers.mark_unchanged();
        let due = match take(&hub, request, &caller, &ask).await? {
            Pick::Job(record) => {
                // One that is told again begins anew.
                hub.leases.renew(record.job.id, record.fence, caller.actor());
                let lease = hub.leases.lease(record.fence);
                return Ok(Json(Claim { job: record.job, lease, task: record.task }).into_response());
            }
            Pick::Nothing { until } => until.map_or(deadline, |until| deadline.min(Instant::now() + until.since(clock::now()))),
        };
        tokio::select! {
            _ = queue.changed() => {}
            _ = workers.changed() => {}
            () = alarm::sleep_until(due) => if due == deadline {
                return Ok(StatusCode::NO_CONTENT.into_response());
            },
            () = hub.shutdown.cancelled() => return Ok(StatusCode::NO_CONTENT.into_response()),
        }
    }
}

async fn take(hub: &Context, request: ClaimRequest, caller: &Arc<Caller>, ask: &Arc<Ask>) -> Result<Pick, Error> {
    let (id, actor) = (request.worker, caller.actor());
    // What a repeated ask has got it gets again, also when its worker is unknown or drains by now.
    let is_answer = move |record: &Record| request.id.is_some_and(|id| record.answers(id, actor));
    let worker = hub.workers.that_claims(id, caller.binding());
    {
        // Both under one lock, as a claim that is published in between would be in neither.
        let now = hub.live.lock();
        if let Some(record) = now.active.values().find(|record| is_answer(record)) {
            return Ok(Pick::Job(Box::new(record.clone())));
        }
        let look = queue::pick(now.active.values(), &worker?, caller.binding(), clock::now());
        if let Pick::Nothing { .. } = look {
            return Ok(look);
        }
    }
    let (workers, caller, ask) = (hub.workers.clone(), caller.clone(), ask.clone());
    let picked = hub
        .writer
        .write(move |draft| {
            if let Some(record) = draft.active(is_answer).pop() {
                return Ok(Pick::Job(Box::new(record)));
            }
            if !ask.is_newest() {
                return Ok(Pick::Nothing { until: None });
            }
            // It may be draining by now, or another claim may have taken the job.
            let worker = workers.that_claims(id, caller.binding())?;
            let record = match draft.pick(&worker, caller.binding()) {
                Pick::Job(record) => record,
                nothing @ Pick::Nothing { .. } => return Ok(nothing),
            };
            let holder = Holder { id, name: worker.name, host: worker.host };
            let lease = NewLease { fence: leases::new_fence(), secret_sha256: request.secret_sha256, claim: request.id };
            let claim = Command::Claim { worker: holder, by: actor.who, lease };
            Ok(Pick::Job(Box::new(draft.decide(*record, claim)?)))
        })
        .await?;
    Ok(picked)
}
