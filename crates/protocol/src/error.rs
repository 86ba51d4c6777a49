//! The one error body: `{"error":{"code":"lease_stale","message":"…","field":"…"?}}`.

use serde::{Deserialize, Serialize};

/// The body of every answer whose status is 400 or above.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ErrorBody {
    /// What went wrong.
    pub error: ErrorDetail,
}

/// What went wrong: for programs, for people, and where.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ErrorDetail {
    /// For programs.
    pub code: ErrorCode,
    /// For people: what happened, to what, and what to do.
    pub message: String,
    /// The field of the body or query that is at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// With `log_gap`: the offset at which the log goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_offset: Option<u64>,
}

/// Why a call was refused. A refused call changed nothing.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// 400: the body, a query parameter or an id cannot be read.
    Malformed,
    /// 401: the token is missing or wrong.
    Unauthorized,
    /// 403: the `Host` or `Origin` header names another site, the token lacks the role that the call needs, or the run is another token's.
    Forbidden,
    /// 404: there is no such path or thing.
    NotFound,
    /// 405: the path exists, but not with this method.
    MethodNotAllowed,
    /// 408: the body did not come in time.
    TooSlow,
    /// 409: the job's state does not allow this move.
    BadTransition,
    /// 409: another runner has taken the job over, or it has ended.
    LeaseStale,
    /// 409: the worker is draining and gets no more jobs.
    WorkerDraining,
    /// 409: the id is taken by a job that differs, or that another token created.
    IdTaken,
    /// 409: somebody has answered the question before.
    AlreadyAnswered,
    /// 409: the question was withdrawn or has expired, or its job is over.
    QuestionClosed,
    /// 409: the job has as many open questions as it may have.
    TooManyQuestions,
    /// 409: bytes of the log are missing before this offset; `expected_offset` says where it goes on.
    LogGap,
    /// 413: the body is larger than this call takes.
    TooLarge,
    /// 422: a field's value is not allowed.
    Invalid,
    /// 429: too many calls with this token; come back when `Retry-After` says so.
    SlowDown,
    /// 503: the change could not be stored.
    Storage,
    /// 503: the hub is going down.
    ShuttingDown,
    /// A code of a later version.
    #[serde(other)]
    #[cfg_attr(feature = "openapi", schemars(skip))]
    Unknown,
}

impl ErrorCode {
    /// Every code that this version knows, by status.
    pub const ALL: [Self; 19] = [
        Self::Malformed,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::TooSlow,
        Self::BadTransition,
        Self::LeaseStale,
        Self::WorkerDraining,
        Self::IdTaken,
        Self::AlreadyAnswered,
        Self::QuestionClosed,
        Self::TooManyQuestions,
        Self::LogGap,
        Self::TooLarge,
        Self::Invalid,
        Self::SlowDown,
        Self::Storage,
        Self::ShuttingDown,
    ];

    /// The HTTP status that it comes with.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::TooSlow => 408,
            Self::BadTransition
            | Self::LeaseStale
            | Self::WorkerDraining
            | Self::IdTaken
            | Self::AlreadyAnswered
            | Self::QuestionClosed
            | Self::TooManyQuestions
            | Self::LogGap => 409,
            Self::TooLarge => 413,
            Self::Invalid => 422,
            Self::SlowDown => 429,
            Self::Storage | Self::ShuttingDown => 503,
            Self::Unknown => 500,
        }
    }
}

/// A value that is refused: which field, and what to do about it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct Invalid {
    /// The field's name on the wire.
    pub field: &'static str,
    /// What is wrong with it and what would be right.
    pub message: String,
}

impl Invalid {
    /// `field` is refused because of `message`.
    #[must_use]
    pub fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self { field, message: message.into() }
    }
}
