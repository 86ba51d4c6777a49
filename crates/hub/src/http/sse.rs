//! An answer that is a stream of server-sent events.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::{Stream, StreamExt};

use crate::access::tokens::Caller;

/// An answer whose body sends each of `frames` as it comes, for as long as `caller` may listen.
pub(super) fn frames<B: Into<Bytes> + Send + 'static>(caller: Arc<Caller>, frames: impl Stream<Item = B> + Send + 'static) -> Response {
    answer(Body::from_stream(frames.take_until(caller.over()).map(Ok::<_, Infallible>)))
}

pub(super) fn answer(body: Body) -> Response {
    ([(header::CONTENT_TYPE, "text/event-stream")], [("x-accel-buffering", "no")], body).into_response()
}
