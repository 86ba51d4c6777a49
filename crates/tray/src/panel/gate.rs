//! Which calls of the panel's page pass. The page shows what strangers' jobs print, so it is let through to
//! what the table of routes marks for the panel, and to nothing else.
//!
//! Pure: nothing here makes a call.

use std::time::Duration;

use doorbell_client::rest::PassedCall;
use doorbell_panel_link::{Refusal, Request};
use doorbell_protocol::{
    limits,
    question::QuestionWait,
    routes::{self, Spec},
};

/// Longest query of a call, in bytes.
const QUERY_BYTES: usize = 4_096;
/// Headers that a page may set. The token is not among them: it is added behind this gate.
const HEADERS: [&str; 3] = ["accept", "content-type", "if-none-match"];
/// Longest value of a header, in bytes.
const HEADER_BYTES: usize = 256;

/// A call that may be made.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) call: PassedCall,
    /// Whether it is the poll of the running list, which the state hears of as well.
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// The list of what runs.
    Poll,
    Other,
}

/// Lets a call pass, or says why not.
pub(super) fn admit(request: Request) -> Result<Admitted, Refusal> {
    let (path, query) = request.path.split_once('?').map_or((request.path.as_str(), None), |(path, query)| (path, Some(query)));
    let route = routes::find(&request.method, path).filter(|route| route.panel).ok_or_else(|| not_for_the_panel(&request))?;
    let query_passes = query.is_none_or(|query| query.len() <= QUERY_BYTES && query.bytes().all(is_of_a_query));
    let headers_pass = request.headers.iter().all(|(name, value)| {
        HEADERS.contains(&name.as_str()) && value.len() <= HEADER_BYTES && value.bytes().all(|byte| matches!(byte, b' '..=b'~'))
    });
    let body_passes = request.body.as_ref().is_none_or(|body| body.len() <= route.body_bytes);
    if !(query_passes && headers_pass && body_passes) {
        return Err(not_for_the_panel(&request));
    }
    let (kind, wait) = (kind(route, query), wait(route, query));
    Ok(Admitted {
        call: PassedCall { method: route.method, target: request.path, headers: request.headers, body: request.body, wait },
        kind,
    })
}

fn kind(route: &Spec, query: Option<&str>) -> Kind {
    if route.name == routes::LIST_JOBS.spec.name && query == Some("state=running") { Kind::Poll } else { Kind::Other }
}

/// How long the hub waits on purpose before it answers this. What the hub will refuse waits for nothing.
fn wait(route: &Spec, query: Option<&str>) -> Duration {
    if route.name != routes::GET_QUESTION.spec.name {
        return Duration::ZERO;
    }
    let asked = query.and_then(|query| serde_urlencoded::from_str::<QuestionWait>(query).ok()).unwrap_or_default();
    Duration::from_millis(asked.wait_ms).min(limits::WAIT)
}

/// What may stand in a query, by RFC 3986.
fn is_of_a_query(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%".contains(&byte)
}

fn not_for_the_panel(request: &Request) -> Refusal {
    tracing::warn!(method = %request.method.escape_debug(), "the panel asked for what is not for it");
    Refusal { code: "not_for_the_panel".to_owned(), message: "The panel may not do this.".to_owned() }
}

#[cfg(test)]
mod tests {
    use doorbell_protocol::routes::ID;

    use super::*;

    const JOB: &str = "0192f0c1-7a3b-7c4d-8e5f-0123456789ab";

    fn request(method: &str, path: &str) -> Request {
        Request { method: method.to_owned(), path: path.to_owned(), ..Request::default() }
    }

    #[test]
    fn exactly_the_routes_that_are_marked_pass() {
        for route in routes::ALL {
            let path = route.path.replace(ID, JOB);
            assert_eq!(admit(request(route.method.as_str(), &path)).is_ok(), route.panel, "{}", route.name);
        }
        assert!(routes::ALL.iter().any(|route| route.panel) && routes::ALL.iter().any(|route| !route.panel));
    }

    #[test]
    fn no_way_of_writing_a_path_leads_elsewhere() {
        for path in [
            "",
            "v1/jobs",
            "//v1/jobs",
            "/v1//jobs",
            "/v1/./jobs",
            "/v1/jobs/",
            "/v1/jobs/../tokens",
            "/v1/jobs/..",
            "/v1/../v1/tokens",
            "/v1/jobs/%2e%2e/tokens",
            "/v1/jobs/..%2ftokens",
            "/v1%2Fjobs",
            "/v1\\jobs",
            "/v1/jobs#/v1/tokens",
            "/v1/jobs\r\nHost: evil.example",
            "/v1/jobs ",
            "http://127.0.0.1:7117/v1/jobs",
            "http://evil.example/v1/jobs",
            "https://evil.example/v1/jobs?state=running",
            "//evil.example/v1/jobs",
            "@evil.example/v1/jobs",
            ".evil.example/v1/jobs",
            ":80/v1/jobs",
            "/v1/jobs?state=running#x",
            "/v1/jobs?a=b c",
            "/v1/jobs?a=\r\nHost:evil",
            "/v1/jobs?a=\u{e9}",
        ] {
            assert!(admit(request("GET", path)).is_err(), "{path:?}");
        }
        assert!(admit(request("GET", &format!("/v1/jobs?q={}", "x".repeat(QUERY_BYTES)))).is_err());
        assert!(admit(request("GET", "/v1/jobs?state=queued&q=a%2Fb+c")).is_ok());
    }

    #[test]
    fn methods_are_those_of_the_table() {
        for method in ["get", "HEAD", "PATCH", "CONNECT", "", "GET /v1/tokens HTTP/1.1\r\n"] {
            assert!(admit(request(method, "/v1/jobs")).is_err(), "{method:?}");
        }
    }

    #[test]
    fn a_page_sets_no_header_that_is_not_its_own() {
        let with = |name: &str, value: &str| {
            admit(Request { headers: [(name.to_owned(), value.to_owned())].into(), ..request("GET", "/v1/jobs?state=running") })
        };
        assert!(with("if-none-match", "\"7-12\"").is_ok());
        for (name, value) in
            [("authorization", "Bearer x"), ("host", "evil.example"), ("origin", "x"), ("cookie", "x"), ("If-None-Match", "x")]
        {
            assert!(with(name, value).is_err(), "{name}");
        }
        assert!(with("if-none-match", "a\r\nhost: evil").is_err());
    }

    #[test]
    fn a_body_has_the_bound_of_its_route() {
        let with = |path: &str, bytes: usize| admit(Request { body: Some("x".repeat(bytes)), ..request("POST", path) }).is_ok();
        let limit = routes::CREATE_TEST_JOB.spec.body_bytes;
        assert!(with("/v1/test-jobs", limit) && !with("/v1/test-jobs", limit + 1));
        assert!(!with(&format!("/v1/jobs/{JOB}/cancel"), 1), "a call without a body takes none");
    }

    #[test]
    fn a_call_that_waits_on_purpose_says_for_how_long() {
        let wait = |path: &str| admit(request("GET", path)).unwrap().call.wait;
        assert_eq!(wait(&format!("/v1/questions/{JOB}?wait_ms=25000")), Duration::from_secs(25));
        assert_eq!(wait(&format!("/v1/questions/{JOB}?wait_ms=99999999")), limits::WAIT);
        for path in ["", "?wait_ms=x", "?other=1"].map(|query| format!("/v1/questions/{JOB}{query}")) {
            assert_eq!(wait(&path), Duration::ZERO, "{path}");
        }
        assert_eq!(wait("/v1/jobs?wait_ms=25000"), Duration::ZERO, "a call that knows no wait");
    }

    #[test]
    fn only_the_running_list_is_a_poll() {
        let kind = |path| admit(request("GET", path)).unwrap().kind;
        assert_eq!(kind("/v1/jobs?state=running"), Kind::Poll);
        assert_eq!([kind("/v1/jobs"), kind("/v1/jobs?state=running&limit=5"), kind("/v1/stats")], [Kind::Other; 3]);
    }
}
