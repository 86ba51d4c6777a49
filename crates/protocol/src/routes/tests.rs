//! What must hold for every line of the table.

use std::collections::BTreeSet;

use super::{
    Access::{Anyone, Own},
    Method::Get,
    *,
};
use crate::{
    ErrorCode::{LeaseStale, NotFound},
    JobId, JobState, Role, Timestamp,
    jobs::JobQuery,
    log::{LogAppend, LogQuery},
};

#[test]
fn every_call_is_there_once_in_order_and_says_what_it_does() {
    let mut seen = BTreeSet::new();
    for spec in ALL {
        assert!(seen.insert((spec.path, spec.method.as_str())), "{} {} is there twice", spec.method.as_str(), spec.path);
        assert!(spec.path.starts_with('/') && !spec.path.ends_with('/'), "{}", spec.path);
        assert!(!spec.doc.trim().is_empty() && !spec.statuses.is_empty(), "{}", spec.name);
        assert_eq!(spec.body_bytes == 0, spec.bodies.is_empty() && spec.name != "APPEND_LOG", "{} and its examples", spec.name);
    }
}

#[test]
fn what_changes_something_needs_a_role() {
    for spec in ALL.iter().filter(|spec| spec.method != Get) {
        let by_key = spec.name == "OPEN_BROWSER_SESSION";
        assert_eq!(matches!(spec.access, Access::Role(needed) if needed != Role::View), !by_key, "{}", spec.name);
    }
}

#[test]
fn what_may_be_read_without_a_token_or_as_ones_own_is_said_by_each_line() {
    let open = |access| ALL.iter().filter(move |spec| spec.access == access).map(|spec| spec.name).collect::<Vec<_>>();
    assert_eq!(open(Anyone), ["OPEN_BROWSER_SESSION", "HEALTH"]);
    assert_eq!(open(Own(Role::View)), ["LIST_JOBS", "GET_JOB", "READ_LOG", "LIST_QUESTIONS", "GET_QUESTION"]);
}

#[test]
fn a_path_is_found_as_it_is_written_and_in_no_other_way() {
    const JOB: &str = "0192f0c1-7a3b-7c4d-8e5f-0123456789ab";
    let found = |method: &str, path: &str| find(method, path).map(|spec| spec.name);
    assert_eq!(found("GET", "/v1/jobs"), Some("LIST_JOBS"));
    assert_eq!(found("POST", "/v1/jobs"), Some("CREATE_JOB"));
    assert_eq!(found("GET", &format!("/v1/jobs/{JOB}/log")), Some("READ_LOG"));
    for (method, path) in [
        ("PATCH", "/v1/jobs".to_owned()),
        ("get", "/v1/jobs".to_owned()),
        ("GET", "/v1/jobs/".to_owned()),
        ("GET", "//v1/jobs".to_owned()),
        ("GET", "/v1/jobs?state=running".to_owned()),
        ("GET", "http://127.0.0.1/v1/jobs".to_owned()),
        ("GET", "/v1/jobs/{id}".to_owned()),
        ("GET", "/v1/jobs/..".to_owned()),
        ("GET", "/v1/jobs/../tokens".to_owned()),
        ("GET", format!("/v1/jobs/{JOB}/../../tokens")),
        ("GET", format!("/v1/jobs/{JOB}%2Flog")),
        ("GET", format!("/v1/jobs/..%2f{JOB}")),
        ("GET", String::new()),
    ] {
        assert_eq!(found(method, &path), None, "{method} {path}");
    }
}

#[test]
fn a_path_takes_the_id_that_it_is_about() {
    let id: JobId = "0192f0c1-7a3b-7c4d-8e5f-0123456789ab".parse().unwrap();
    assert_eq!(FINISH_JOB.path(&id), "/v1/jobs/0192f0c1-7a3b-7c4d-8e5f-0123456789ab/finish");
    assert_eq!(FEED.path(&()), "/v1/feed");
}

#[test]
fn a_query_has_only_what_was_asked() {
    assert_eq!(LIST_JOBS.target(&(), &JobQuery::default()), "/v1/jobs");
    let query = JobQuery { state: Some(JobState::Queued), limit: Some(5), ..JobQuery::default() };
    assert_eq!(LIST_JOBS.target(&(), &query), "/v1/jobs?state=queued&limit=5");
    let query = JobQuery { text: Some("a & b".to_owned()), finished_after: Some(Timestamp::EPOCH), ..JobQuery::default() };
    assert_eq!(LIST_JOBS.target(&(), &query), "/v1/jobs?q=a+%26+b&finished_after=1970-01-01T00%3A00%3A00.000Z");
    let id: JobId = "0192f0c1-7a3b-7c4d-8e5f-0123456789ab".parse().unwrap();
    assert_eq!(READ_LOG.target(&id, &LogQuery::default()), READ_LOG.path(&id));
    let append = LogAppend { offset: 7, fence: crate::Fence(1) };
    assert_eq!(APPEND_LOG.target(&id, &append), format!("{}?offset=7&fence=1", APPEND_LOG.path(&id)));
    assert_eq!(HEALTH.target(&(), &()), "/v1/health");
}

#[test]
fn what_a_call_may_be_refused_for_follows_from_what_it_is() {
    let codes = RENEW_LEASE.spec.refusals();
    for code in [crate::ErrorCode::Unauthorized, NotFound, crate::ErrorCode::TooLarge, LeaseStale, crate::ErrorCode::Storage] {
        assert!(codes.contains(&code), "{code:?}");
    }
    assert_eq!(HEALTH.spec.refusals(), [crate::ErrorCode::Forbidden]);
}
