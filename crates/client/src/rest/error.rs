//! Why a call failed, and whether trying again may help.

use doorbell_protocol::{ErrorBody, ErrorCode};
use reqwest::StatusCode;

use crate::{DiscoverError, http::with_causes};

/// Why a call failed. After [`Unreachable`](Self::Unreachable) and [`TimedOut`](Self::TimedOut) it is unknown
/// whether the call changed something. In all other cases it did not.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// There is no hub to call, or no token for it.
    #[error(transparent)]
    NoHub(#[from] DiscoverError),
    /// The hub does not answer.
    #[error("The hub at {url} does not answer ({cause}). Start the tray app, or run `doorbell hub`.")]
    Unreachable {
        /// Its base address.
        url: String,
        /// What the network said.
        cause: String,
    },
    /// The hub took the connection but did not answer in time.
    #[error("The hub at {url} did not answer in time. It may be overloaded, or something else listens there.")]
    TimedOut {
        /// Its base address.
        url: String,
    },
    /// 401: the token is not the hub's.
    #[error("The hub at {url} refuses the token. Set DOORBELL_TOKEN or DOORBELL_TOKEN_FILE to this hub's token.")]
    Unauthorized {
        /// Its base address.
        url: String,
    },
    /// The hub understood the call and refused it.
    #[error(transparent)]
    Refused(#[from] RefusedCall),
    /// A hub answers, but part of what it says cannot be read, and will not be when it is asked again.
    #[error("The hub at {url} says something that this version cannot read: {cause}.")]
    Unreadable {
        /// Its base address.
        url: String,
        /// What is wrong with it.
        cause: String,
    },
    /// What answers is not a hub, or one that this version does not understand.
    #[error("What answers at {url} is not a hub that this version understands: {cause}.")]
    Malformed {
        /// The base address.
        url: String,
        /// What is wrong with the answer.
        cause: String,
    },
}

/// A call that the hub understood and refused. Nothing changed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct RefusedCall {
    /// HTTP status.
    pub status: u16,
    /// The reason, for programs.
    pub code: ErrorCode,
    /// The reason, for people: what happened, to what, and what to do.
    pub message: String,
    /// The field of the body or query that is at fault.
    pub field: Option<String>,
    /// Where the log goes on, when a chunk of it was refused because it is not the next one.
    pub expected_offset: Option<u64>,
}

impl RefusedCall {
    /// The refusal of a request for a stream. The body of such an answer is not read.
    pub(super) fn of_status(status: StatusCode) -> Self {
        let (code, message) = match status {
            StatusCode::NOT_FOUND => (ErrorCode::NotFound, "the hub does not know this job any more".to_owned()),
            StatusCode::FORBIDDEN => (ErrorCode::Forbidden, "the hub refuses this call".to_owned()),
            _ => (ErrorCode::Unknown, format!("the hub answered with HTTP status {status}")),
        };
        Self { status: status.as_u16(), code, message, field: None, expected_offset: None }
    }
}

impl CallError {
    /// Whether the same call may succeed later without anybody changing it: the hub is away, slow or going
    /// down, or is not set up yet.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::NoHub(_) | Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Unauthorized { .. } => true,
            Self::Refused(refusal) => refusal.status >= 500 || matches!(refusal.status, 408 | 429),
            // For a while, the login page of a hotel's network may answer in the hub's place.
            Self::Malformed { .. } => true,
            Self::Unreadable { .. } => false,
        }
    }

    /// The hub's own code, when it refused.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused(refusal) => Some(refusal.code),
            Self::Unauthorized { .. } => Some(ErrorCode::Unauthorized),
            Self::NoHub(_) | Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Malformed { .. } | Self::Unreadable { .. } => None,
        }
    }

    pub(super) fn of_transport(url: &str, error: &reqwest::Error) -> Self {
        let url = url.to_owned();
        if error.is_timeout() && !error.is_connect() {
            return Self::TimedOut { url };
        }
        Self::Unreachable { url, cause: root_cause(error) }
    }

    pub(super) fn of_status(url: &str, status: StatusCode, body: Option<ErrorBody>) -> Self {
        if status == StatusCode::UNAUTHORIZED {
            return Self::Unauthorized { url: url.to_owned() };
        }
        match body {
            Some(ErrorBody { error }) => Self::Refused(RefusedCall {
                status: status.as_u16(),
                code: error.code,
                message: error.message,
                field: error.field,
                expected_offset: error.expected_offset,
            }),
            None => Self::Malformed { url: url.to_owned(), cause: format!("it answered with HTTP status {status}") },
        }
    }
}

/// The innermost cause: `Connection refused (os error 111)` says more than the layers around it.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    with_causes(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, code: &str) -> CallError {
        let body = format!(r#"{{"error":{{"code":"{code}","message":"m"}}}}"#);
        CallError::of_status("http://h", StatusCode::from_u16(status).unwrap(), serde_json::from_str(&body).ok())
    }

    #[test]
    fn only_what_may_pass_by_itself_is_transient() {
        for (status, code, transient) in [
            (401, "unauthorized", true),
            (404, "not_found", false),
            (408, "too_slow", true),
            (409, "lease_stale", false),
            (422, "invalid", false),
            (429, "slow_down", true),
            (503, "shutting_down", true),
        ] {
            assert_eq!(refused(status, code).is_transient(), transient, "{status}");
        }
    }

    #[test]
    fn a_code_of_a_later_version_is_still_a_refusal() {
        assert_eq!(refused(418, "teapot").code(), Some(ErrorCode::Unknown));
    }

    #[test]
    fn a_page_that_is_no_hub_is_called_so() {
        let error = CallError::of_status("http://h", StatusCode::FOUND, None);
        assert_eq!(
            error.to_string(),
            "What answers at http://h is not a hub that this version understands: it answered with HTTP status 302 Found."
        );
    }
}
