//! What each call needs: the role of its token, and how large its body may be.
//!
//! Calls that read need any token, unless they show what only the owner should see. A call that changes something and has no line here needs `admin`, so that a route
//! that is added without one is closed rather than open.

use axum::http::Method;
use doorbell_protocol::{Role, limits};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Rule {
    /// `None` for a call that any token may make.
    pub(super) role: Option<Role>,
    pub(super) body_bytes: usize,
}

/// What makes a worker run something, beside the call itself.
pub(super) const QUEUE: Role = Role::Admin;

const RULES: &[(Method, &str, Role, usize)] = &[
    (Method::POST, "/v1/browser-sessions", Role::Admin, 0),
    (Method::POST, "/v1/claims", Role::Work, limits::REPORT_BYTES),
    // A queued job needs `QUEUE` on top.
    (Method::POST, "/v1/jobs", Role::Report, limits::BODY_BYTES),
    (Method::DELETE, "/v1/jobs/{id}", Role::Admin, 0),
    (Method::POST, "/v1/jobs/{id}/cancel", Role::Answer, 0),
    (Method::POST, "/v1/jobs/{id}/finish", Role::Report, limits::BODY_BYTES),
    (Method::PUT, "/v1/jobs/{id}/lease", Role::Report, limits::REPORT_BYTES),
    (Method::POST, "/v1/jobs/{id}/log", Role::Report, limits::LOG_CHUNK_BYTES),
    (Method::PUT, "/v1/jobs/{id}/progress", Role::Report, limits::REPORT_BYTES),
    (Method::POST, "/v1/jobs/{id}/questions", Role::Report, limits::BODY_BYTES),
    (Method::POST, "/v1/jobs/{id}/retry", QUEUE, 0),
    (Method::POST, "/v1/questions/{id}/answer", Role::Answer, limits::REPORT_BYTES),
    (Method::POST, "/v1/questions/{id}/withdraw", Role::Report, limits::REPORT_BYTES),
    // A schedule shows its command and its environment.
    (Method::GET, "/v1/schedules", QUEUE, 0),
    (Method::POST, "/v1/schedules", QUEUE, limits::BODY_BYTES),
    (Method::GET, "/v1/schedules/{id}", QUEUE, 0),
    (Method::PUT, "/v1/schedules/{id}", QUEUE, limits::BODY_BYTES),
    (Method::DELETE, "/v1/schedules/{id}", QUEUE, 0),
    (Method::POST, "/v1/test-jobs", QUEUE, limits::REPORT_BYTES),
    (Method::GET, "/v1/tokens", Role::Admin, 0),
    (Method::POST, "/v1/tokens", Role::Admin, limits::REPORT_BYTES),
    (Method::DELETE, "/v1/tokens/{id}", Role::Admin, 0),
    (Method::POST, "/v1/workers", Role::Work, limits::REPORT_BYTES),
    (Method::PUT, "/v1/workers/{id}", Role::Work, 0),
    (Method::DELETE, "/v1/workers/{id}", Role::Admin, 0),
];

/// The rule of the call to the route `path`, as it is written in the router.
pub(super) fn of(method: &Method, path: &str) -> Rule {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let named = RULES.iter().find(|(verb, route, ..)| verb == method && *route == path);
    match named {
        Some((_, _, role, body_bytes)) => Rule { role: Some(*role), body_bytes: *body_bytes },
        None if method.is_safe() => Rule { role: None, body_bytes: 0 },
        None => Rule { role: Some(Role::Admin), body_bytes: limits::BODY_BYTES },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_needs_any_token_and_a_change_without_a_line_needs_admin() {
        assert_eq!(of(&Method::GET, "/v1/jobs").role, None);
        assert_eq!(of(&Method::HEAD, "/v1/tokens").role, Some(Role::Admin));
        assert_eq!(of(&Method::PUT, "/v1/jobs/{id}/lease").role, Some(Role::Report));
        assert_eq!(of(&Method::GET, "/v1/schedules/{id}").role, Some(Role::Admin));
        assert_eq!(of(&Method::POST, "/v1/jobs/{id}/questions").role, Some(Role::Report));
        assert_eq!(of(&Method::POST, "/v1/questions/{id}/answer").role, Some(Role::Answer));
        assert_eq!(of(&Method::POST, "/v1/jobs/{id}/log").body_bytes, limits::LOG_CHUNK_BYTES);
        assert_eq!(of(&Method::POST, "/v1/invented").role, Some(Role::Admin));
    }
}
