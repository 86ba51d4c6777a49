//! `POST /v1/test-jobs`: queues the built-in test job, which then is a job like any other.

use std::sync::Arc;

use axum::{Extension, Json, extract::State, http::StatusCode};
use doorbell_protocol::jobs::{CreatedJob, NewJob, NewTestJob, Task};

use super::{context::Hub, error::Error, jobs, json::Body};
use crate::{access::tokens::Caller, domain::rights::Actor, state::create};

pub(crate) async fn create(
    State(hub): Hub,
    Extension(caller): Extension<Arc<Caller>>,
    Extension(actor): Extension<Actor>,
    Body(new): Body<NewTestJob>,
) -> Result<(StatusCode, Json<CreatedJob>), Error> {
    let NewTestJob { duration_ms, fail_at_step } = new.check()?;
    let duration = duration_ms.unwrap_or(NewTestJob::DURATION_MS).to_string();
    let mut command = vec!["doorbell".to_owned(), "test-job-steps".to_owned(), "--duration-ms".to_owned(), duration];
    if let Some(step) = fail_at_step {
        command.extend(["--fail-at-step".to_owned(), step.to_string()]);
    }
    let task = Task { command, ..Task::default() };
    let job = NewJob { name: "Test job".to_owned(), task, ..NewJob::default() };
    let created = create::create(&hub.writer, job.check()?, actor, caller.guest()).await?;
    Ok((jobs::status(created.is_new), jobs::answer(created.record.job, None)))
}
