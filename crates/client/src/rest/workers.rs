//! Calls of a worker, and about workers.

use std::time::Duration;

use doorbell_protocol::{
    WorkerId, limits, routes,
    worker::{Claim, ClaimRequest, NewWorker, Worker, WorkerStatus},
};
use reqwest::StatusCode;

use super::{Call, CallError, Client};

impl Client {
    /// `POST /v1/workers`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn register_worker(&self, worker: &NewWorker) -> Result<Worker, CallError> {
        Ok(self.call_with(&routes::REGISTER_WORKER, (), worker).await?.worker)
    }

    /// `GET /v1/workers`, by name.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn workers(&self) -> Result<Vec<WorkerStatus>, CallError> {
        Ok(self.call(&routes::LIST_WORKERS, (), &()).await?.workers)
    }

    /// `PUT /v1/workers/{id}`: the heartbeat of a worker that has not claimed for long.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn heartbeat(&self, id: WorkerId) -> Result<WorkerStatus, CallError> {
        Ok(self.call(&routes::HEARTBEAT, id, &()).await?.worker)
    }

    /// `DELETE /v1/workers/{id}`: the worker gets no more jobs, and is gone when those that it runs are over.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn drain_worker(&self, id: WorkerId) -> Result<(), CallError> {
        self.act(&routes::DRAIN_WORKER, id).await
    }

    /// `POST /v1/claims`: a job for this worker, or `None` when there was none for `wait`.
    ///
    /// # Errors
    /// See [`CallError`]. A worker that the hub does not know (it forgets them when it restarts) is 404.
    pub async fn claim(&self, body: &ClaimRequest) -> Result<Option<Claim>, CallError> {
        let wait = Duration::from_millis(body.wait_ms).min(limits::WAIT);
        let answer = self.send(Call::of(&routes::CLAIM, &(), &()).json(body).waiting(wait)).await?;
        if answer.status == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        answer.json().map(Some)
    }
}
