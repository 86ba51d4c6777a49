//! An answer that is a stream of server-sent events.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::{Stream, StreamExt};

use crate::tokens::Caller;

/// An answer whose body sends each of `blocks` as it comes, for as long as `caller` may listen.
pub(super) fn blocks<B: Into<Bytes> + Send + 'static>(caller: Arc<Caller>, blocks: impl Stream<Item = B> + Send + 'static) -> Response {
    answer(Body::from_stream(blocks.take_until(caller.over()).map(Ok::<_, Infallible>)))
}

pub(super) fn answer(body: Body) -> Response {
    ([(header::CONTENT_TYPE, "text/event-stream")], [("x-accel-buffering", "no")], body).into_response()
}
