//! Refusals as the one error body, each with its status.

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use doorbell_protocol::{ErrorBody, ErrorCode, Invalid, error::ErrorDetail, limits, run_secret};

use crate::{
    bounds,
    domain::{binding::Mismatch, job::Refusal, plan, question},
    state::{workers, writer::WriteError},
    store::StoreError,
};

/// An answer that refuses a call.
#[derive(Debug)]
pub(crate) struct Error {
    detail: ErrorDetail,
    /// How long to wait before the next call.
    retry_after: Option<Duration>,
}

impl Error {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { detail: ErrorDetail { code, message: message.into(), field: None, expected_offset: None }, retry_after: None }
    }

    pub(crate) fn at(self, field: impl Into<String>) -> Self {
        Self { detail: ErrorDetail { field: Some(field.into()), ..self.detail }, ..self }
    }

    pub(crate) fn slow_down(wait: Duration) -> Self {
        let message = format!("this token is good for {} calls a second; come back later", bounds::CALLS_PER_SECOND);
        Self { retry_after: Some(wait), ..Self::new(ErrorCode::SlowDown, message) }
    }

    pub(crate) fn expecting(self, offset: u64) -> Self {
        Self { detail: ErrorDetail { expected_offset: Some(offset), ..self.detail }, ..self }
    }
}

pub(crate) async fn not_found(uri: Uri) -> Error {
    Error::new(ErrorCode::NotFound, format!("there is no {}", uri.path()))
}

pub(crate) async fn method_not_allowed(method: Method, uri: Uri) -> Error {
    Error::new(ErrorCode::MethodNotAllowed, format!("{} cannot be called with {method}", uri.path()))
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.detail.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut headers = HeaderMap::new();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = self.retry_after {
            // In whole seconds, and never early.
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
        }
        (status, headers, Json(ErrorBody { error: self.detail })).into_response()
    }
}

impl From<Invalid> for Error {
    fn from(Invalid { field, message }: Invalid) -> Self {
        Self::new(ErrorCode::Invalid, message).at(field)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound(id) => Self::new(ErrorCode::NotFound, format!("there is no job {id}")),
            Refusal::UnknownDependency(id) => Self::new(ErrorCode::Invalid, format!("there is no job {id} to run after")).at("after"),
            Refusal::NoSuchParent(id) => {
                let message = format!("there is no job {id} that this one may be a part of: it is unknown, or another token's");
                Self::new(ErrorCode::Invalid, message).at("parent")
            }
            Refusal::NotTheirs => Self::new(
                ErrorCode::Forbidden,
                "this run was started or claimed with another token: only that one, or one with the role `admin`, reports for it",
            )
            .at("Authorization"),
            Refusal::NotShown => {
                let message =
                    "who reports for a run without the fence of its lease shows its secret, which its command finds in DOORBELL_JOB_SECRET";
                Self::new(ErrorCode::Forbidden, message).at(run_secret::HEADER)
            }
            Refusal::NotATask(id) => Self::new(
                ErrorCode::BadTransition,
                format!("cannot retry {id}: its reporter ran it by itself, and the hub has no command for a worker"),
            ),
            Refusal::IdTaken(id) => Self::new(ErrorCode::IdTaken, format!("{id} is the id of another job; choose a new one")).at("id"),
            Refusal::LeaseStale => {
                Self::new(ErrorCode::LeaseStale, "this lease is over: the job has ended or another runner holds it; stop reporting")
                    .at("fence")
            }
            Refusal::BadTransition { from, verb } => {
                Self::new(ErrorCode::BadTransition, format!("cannot {verb} a job that is {}", from.as_str()))
            }
        }
    }
}

impl From<question::Refusal> for Error {
    fn from(refusal: question::Refusal) -> Self {
        match refusal {
            question::Refusal::NotFound(id) => Self::new(ErrorCode::NotFound, format!("there is no question {id}")),
            question::Refusal::IdTaken(id) => {
                Self::new(ErrorCode::IdTaken, format!("{id} is the id of another question; choose a new one")).at("id")
            }
            question::Refusal::NoSpeaker(refusal) => refusal.into(),
            question::Refusal::LeaseStale => Refusal::LeaseStale.into(),
            question::Refusal::TooMany => {
                let message = format!("the job has {} open questions; wait for answers, or withdraw some", limits::QUESTIONS_OPEN);
                Self::new(ErrorCode::TooManyQuestions, message)
            }
            question::Refusal::AlreadyAnswered => {
                Self::new(ErrorCode::AlreadyAnswered, "somebody has answered this question before; read the answer from it")
            }
            question::Refusal::NotOpen(state) => {
                Self::new(ErrorCode::QuestionClosed, format!("the question is {}, so no answer reaches its job", state.as_str()))
            }
            question::Refusal::NoSuchChoice => {
                Self::new(ErrorCode::Invalid, "must be the id of one of the question's choices").at("choice")
            }
            question::Refusal::NoFreeText => Self::new(ErrorCode::Invalid, "this question takes no free text; make a choice").at("text"),
        }
    }
}

impl From<workers::Refusal> for Error {
    fn from(refusal: workers::Refusal) -> Self {
        match refusal {
            workers::Refusal::Unknown => Self::new(ErrorCode::NotFound, "there is no such worker; register it again").at("worker"),
            workers::Refusal::Draining => {
                Self::new(ErrorCode::WorkerDraining, "this worker is draining and gets no more jobs; register it again to end that")
                    .at("worker")
            }
            workers::Refusal::OtherToken(mismatch) => mismatch.into(),
        }
    }
}

impl From<Mismatch> for Error {
    fn from(Mismatch { field, bound_to }: Mismatch) -> Self {
        let message = format!("this token is for workers whose {field} is {bound_to:?}; use that one, or a token for this worker");
        Self::new(ErrorCode::Forbidden, message).at(field)
    }
}

impl From<plan::Unknown> for Error {
    fn from(plan::Unknown(id): plan::Unknown) -> Self {
        Self::new(ErrorCode::NotFound, format!("there is no schedule {id}"))
    }
}

impl From<WriteError> for Error {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Job(refusal) => refusal.into(),
            WriteError::Question(refusal) => refusal.into(),
            WriteError::Worker(refusal) => refusal.into(),
            WriteError::Schedule(unknown) => unknown.into(),
            WriteError::Storage(why) => {
                Self::new(ErrorCode::Storage, format!("the hub could not store the change, and nothing was changed: {why}"))
            }
            WriteError::ShuttingDown => Self::new(ErrorCode::ShuttingDown, "the hub is going down; try again"),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::new(ErrorCode::Storage, format!("the hub could not read its database: {error}"))
    }
}
