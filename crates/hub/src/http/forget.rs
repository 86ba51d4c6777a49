//! `DELETE /v1/jobs/{id}`: forgets a job that is over, with its questions and its log.

use axum::{extract::State, http::StatusCode};

use super::{Hub, error::Error, json::Id};
use crate::job::Refusal;

pub(crate) async fn forget(State(hub): Hub, Id(id): Id) -> Result<StatusCode, Error> {
    hub.writer
        .write(move |draft| {
            let state = draft.get(id)?.job.state;
            if !state.is_over() {
                return Err(Refusal::BadTransition { from: state, verb: "delete" }.into());
            }
            draft.forget(id);
            Ok(())
        })
        .await?;
    hub.logs.forget(vec![id]).await;
    Ok(StatusCode::NO_CONTENT)
}
