//! `POST /v1/jobs/{id}/retry`: queues the task of a job that is over again, as a new job.

use axum::{Json, extract::State, http::StatusCode};
use doorbell_protocol::{JobId, jobs::CreatedJob};
use uuid::Uuid;

use super::{Hub, error::Error, json::Id};
use crate::retry;

pub(crate) async fn retry(State(hub): Hub, Id(id): Id) -> Result<(StatusCode, Json<CreatedJob>), Error> {
    let job = hub
        .writer
        .write(move |draft| {
            let (before, next) = retry::by_hand(&draft.get(id)?, JobId(Uuid::now_v7()), draft.now())?;
            let job = next.record.job.clone();
            draft.apply(before)?;
            draft.apply(next)?;
            Ok(job)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(CreatedJob { job, lease: None })))
}
