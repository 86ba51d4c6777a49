//! The panel's page, for browsers: the same files as in the tray app, built into this program by `build.rs`.

use axum::{
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use doorbell_protocol::ErrorCode;

use super::error::{Error, method_not_allowed, not_found};

/// A file of the page.
struct File {
    /// Its path in the address.
    path: &'static str,
    content: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// The page runs its own files, calls the hub that it came from, and nothing else.
const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

/// Answers every path that belongs to no call: a file of the page, or 404.
pub(crate) async fn serve(request: Request) -> Response {
    let path = match request.uri().path() {
        "/" => "/index.html",
        path => path,
    };
    let file = FILES.iter().find(|file| file.path == path);
    match (file, request.method()) {
        (Some(file), &Method::GET | &Method::HEAD) => {
            let kind = HeaderValue::from_static(kind(file.path));
            let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY))];
            (StatusCode::OK, headers, file.content).into_response()
        }
        (None, _) if path == "/index.html" => {
            let message = "this hub was built without its page; `cargo xtask run` builds it with one";
            Error::new(ErrorCode::NotFound, message).into_response()
        }
        (Some(_), _) => method_not_allowed(request.method().clone(), request.uri().clone()).await.into_response(),
        (None, _) => not_found(request.uri().clone()).await.into_response(),
    }
}

fn kind(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some(_) | None => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_page_has_a_kind_that_browsers_take() {
        for file in FILES {
            assert!(file.path.starts_with('/') && !file.content.is_empty(), "{}", file.path);
            assert_ne!(kind(file.path), "application/octet-stream", "{}", file.path);
        }
    }
}
