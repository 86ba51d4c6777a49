//! `GET /v1/health` and `GET /v1/stats`.

use std::sync::atomic::Ordering;

use axum::{Json, extract::State};
use doorbell_protocol::hub::{Health, Stats};

use super::context::{Context, Hub};

pub(crate) async fn health(State(hub): Hub) -> Json<Health> {
    let epoch = hub.live.lock().epoch;
    Json(Health { status: "ok".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned(), epoch })
}

pub(crate) async fn stats(State(hub): Hub) -> Json<Stats> {
    Json(now(&hub))
}

/// The figures as of now.
pub(super) fn now(hub: &Context) -> Stats {
    let (counts, seq, gaps) = {
        let now = hub.live.lock();
        (now.counts, now.seq, now.gaps.get())
    };
    Stats {
        counts,
        seq,
        gaps,
        subscribers: hub.subscribers.count(),
        polls: hub.polls.load(Ordering::Relaxed),
        progress_reports: hub.progress.taken(),
        requests: hub.figures.requests.get(),
        refused: hub.figures.refused.get(),
        failed: hub.figures.failed.get(),
    }
}
