//! `/v1/workers`: register, list, heartbeat, drain.

use std::sync::Arc;

use axum::{Extension, Json, extract::State, http::StatusCode};
use doorbell_protocol::{
    WorkerId,
    worker::{NewWorker, OneWorker, RegisteredWorker, WorkerList},
};

use super::{
    context::{Context, Hub},
    error::Error,
    json::{Body, Id},
};
use crate::{access::tokens::Caller, clock, state::workers::Running};

pub(crate) async fn register(
    State(hub): Hub,
    Extension(caller): Extension<Arc<Caller>>,
    Body(new): Body<NewWorker>,
) -> Result<(StatusCode, Json<RegisteredWorker>), Error> {
    let new = new.check()?;
    caller.binding().check(&new.name, &new.host)?;
    let (claimed_as, running) = {
        let now = hub.live.lock();
        let holders = now.active.values().filter_map(|record| record.holder.as_ref());
        let same = holders.filter(|holder| (&holder.name, &holder.host) == (&new.name, &new.host));
        (same.map(|holder| holder.id).next(), Running::of(now.active.values()))
    };
    Ok((StatusCode::CREATED, Json(RegisteredWorker { worker: hub.workers.register(new, claimed_as, &running) })))
}

pub(crate) async fn list(State(hub): Hub) -> Json<WorkerList> {
    Json(WorkerList { workers: hub.workers.list(&running(&hub), clock::now()) })
}

pub(crate) async fn heartbeat(
    State(hub): Hub,
    Extension(caller): Extension<Arc<Caller>>,
    Id(id): Id<WorkerId>,
) -> Result<Json<OneWorker>, Error> {
    hub.workers.heard_of(id, caller.binding())?;
    Ok(Json(OneWorker { worker: hub.workers.status(id, &running(&hub), clock::now())? }))
}

/// Goes through the writer: a claim that came before is committed when this is answered, and none comes after.
pub(crate) async fn drain(State(hub): Hub, Id(id): Id<WorkerId>) -> Result<StatusCode, Error> {
    let workers = hub.workers.clone();
    hub.writer.write(move |_| Ok(workers.drain(id)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn running(hub: &Context) -> Running {
    Running::of(hub.live.lock().active.values())
}
