//! `GET /v1/feed`: the one stream of events.

use std::sync::Arc;

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, Version},
    response::{IntoResponse, Response},
};
use doorbell_protocol::FeedMessage;

use super::{context::Hub, sse};
use crate::{
    access::tokens::Caller,
    feed::{handover::Handover, stream::Stream, subscriber::Subscriber},
    state::frame::Framing,
};

pub(crate) async fn subscribe(
    State(hub): Hub,
    Extension(caller): Extension<Arc<Caller>>,
    Extension(handover): Extension<Handover>,
    version: Version,
    headers: HeaderMap,
) -> Response {
    // Before the place in the feed is taken: an event in between counts as one that happens now.
    let newest = hub.live.lock().event_id();
    let last = headers.get("last-event-id").map(|id| id.to_str().ok().and_then(|id| id.parse().ok()));
    let subscriber = Subscriber::new(hub.live.clone(), last, &hub.subscribers);
    let framing = if version == Version::HTTP_11 { Framing::Chunked } else { Framing::UntilClose };
    let body = sse::answer(handover.body(Stream { subscriber, framing, caller }));
    ([(FeedMessage::NEWEST_HEADER, newest.to_string())], body).into_response()
}
