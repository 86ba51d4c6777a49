//! `GET /v1/changes`: tells list pages that their list is old.

use std::sync::Arc;

use axum::{Extension, extract::State, response::Response};

use super::{context::Hub, sse};
use crate::{access::tokens::Caller, feed::list_changes::Watcher};

pub(crate) async fn subscribe(State(hub): Hub, Extension(caller): Extension<Arc<Caller>>) -> Response {
    sse::frames(caller, Watcher::new(hub.live.lists(), hub.workers.changes(), hub.shutdown.clone()).into_stream())
}
