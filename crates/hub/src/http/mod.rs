//! The hub's calls over HTTP: one file a resource. Each handler reads, asks, and answers; decisions are made elsewhere.

mod auth;
mod browser;
mod cancel;
mod changes;
mod claims;
mod error;
mod feed;
mod forget;
mod headers;
mod jobs;
mod json;
mod lease;
mod logs;
mod metrics;
mod page;
mod progress;
mod questions;
mod retry;
mod rules;
mod schedules;
mod sse;
mod stats;
mod test_jobs;
mod tokens;
mod workers;

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    middleware,
    response::Response,
    routing::{delete, get, post, put},
};
use doorbell_protocol::limits;
use tokio_util::sync::CancellationToken;

use self::error::method_not_allowed;
use crate::{
    exposure::Site, feed::Subscribers, figures::Figures, leases::Leases, links::Links, live::Live, logs::Logs, progress::ProgressMap,
    reads::Reads, schedule::Schedules, tokens::Tokens, workers::Workers, writer::Writer,
};

/// What every call may use.
pub(crate) struct Context {
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) writer: Writer,
    pub(crate) reads: Reads,
    pub(crate) live: Arc<Live>,
    pub(crate) leases: Arc<Leases>,
    pub(crate) links: Links,
    pub(crate) logs: Logs,
    pub(crate) progress: Arc<ProgressMap>,
    pub(crate) schedules: Arc<Schedules>,
    pub(crate) workers: Workers,
    pub(crate) subscribers: Subscribers,
    pub(crate) polls: std::sync::atomic::AtomicU64,
    pub(crate) figures: Figures,
    pub(crate) shutdown: CancellationToken,
}

type Hub = axum::extract::State<Arc<Context>>;

pub(crate) fn router(context: Arc<Context>, site: Site) -> Router {
    let behind_the_door = Router::new()
        .route("/metrics", get(metrics::metrics))
        .route("/v1/browser-sessions", post(browser::make))
        .route("/v1/changes", get(changes::subscribe))
        .route("/v1/claims", post(claims::claim))
        .route("/v1/feed", get(feed::subscribe))
        .route("/v1/jobs", get(jobs::list).post(jobs::create))
        .route("/v1/jobs/{id}", get(jobs::get).delete(forget::forget))
        .route("/v1/jobs/{id}/cancel", post(cancel::cancel))
        .route("/v1/jobs/{id}/finish", post(jobs::finish))
        .route("/v1/jobs/{id}/lease", put(lease::renew))
        .route("/v1/jobs/{id}/log", get(logs::read).post(logs::append))
        .route("/v1/jobs/{id}/progress", put(progress::report))
        .route("/v1/jobs/{id}/questions", post(questions::ask))
        .route("/v1/jobs/{id}/retry", post(retry::retry))
        .route("/v1/questions", get(questions::list))
        .route("/v1/questions/{id}", get(questions::get))
        .route("/v1/questions/{id}/answer", post(questions::answer))
        .route("/v1/questions/{id}/withdraw", post(questions::withdraw))
        .route("/v1/schedules", get(schedules::list).post(schedules::create))
        .route("/v1/schedules/{id}", get(schedules::get).put(schedules::replace).delete(schedules::delete))
        .route("/v1/stats", get(stats::stats))
        .route("/v1/test-jobs", post(test_jobs::create))
        .route("/v1/tokens", get(tokens::list).post(tokens::create))
        .route("/v1/tokens/{id}", delete(tokens::remove))
        .route("/v1/workers", get(workers::list).post(workers::register))
        .route("/v1/workers/{id}", put(workers::heartbeat).delete(workers::drain))
        .route_layer(middleware::from_fn_with_state(context.clone(), auth::token));
    Router::new()
        .route("/v1/browser-sessions/open", post(browser::open))
        .route("/v1/health", get(stats::health))
        .merge(behind_the_door)
        .fallback(page::serve)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES))
        .layer(middleware::from_fn_with_state(Arc::new(site), auth::site))
        .layer(middleware::map_response(headers::secure))
        .layer(middleware::map_response_with_state(context.clone(), count))
        .with_state(context)
}

async fn count(State(hub): Hub, answer: Response) -> Response {
    hub.figures.count_answer(answer.status().as_u16());
    answer
}
