//! `POST /v1/jobs/{id}/cancel`: a queued job ends at once; of a running one, its runner is asked to stop it.

use axum::{Json, extract::State};
use doorbell_protocol::jobs::OneJob;

use super::{Hub, error::Error, json::Id};
use crate::job::Command;

pub(crate) async fn cancel(State(hub): Hub, Id(id): Id) -> Result<Json<OneJob>, Error> {
    let job = hub
        .writer
        .write(move |draft| {
            let record = draft.get(id)?;
            Ok(draft.decide(record, Command::Cancel)?.job)
        })
        .await?;
    Ok(Json(OneJob { job }))
}
