//! The hub's calls over HTTP: one file a resource. Each handler reads, asks, and answers; decisions are made elsewhere.

mod auth;
mod body;
mod browser;
mod calls;
mod changes;
mod claims;
mod context;
mod error;
mod feed;
mod headers;
mod jobs;
mod json;
mod lease;
mod logs;
mod metrics;
mod page;
mod progress;
mod questions;
mod schedules;
mod sse;
mod stats;
mod test_jobs;
mod tokens;
mod workers;

use std::sync::Arc;

use axum::{Router, extract::State, middleware, response::Response};
use doorbell_protocol::routes;

pub(crate) use self::context::Context;
use self::{calls::Calls, context::Hub, error::method_not_allowed};
use crate::net::exposure::Site;

pub(crate) fn router(context: Arc<Context>, site: Site) -> Router {
    Calls::new(context.clone())
        .on(&routes::METRICS, metrics::metrics)
        .on(&routes::CREATE_BROWSER_SESSION, browser::create)
        .on(&routes::OPEN_BROWSER_SESSION, browser::open)
        .on(&routes::CHANGES, changes::subscribe)
        .on(&routes::CLAIM, claims::claim)
        .on(&routes::FEED, feed::subscribe)
        .on(&routes::LIST_JOBS, jobs::list)
        .on(&routes::CREATE_JOB, jobs::create)
        .on(&routes::GET_JOB, jobs::get)
        .on(&routes::DELETE_JOB, jobs::delete)
        .on(&routes::CANCEL_JOB, jobs::cancel)
        .on(&routes::FINISH_JOB, jobs::finish)
        .on(&routes::RENEW_LEASE, lease::renew)
        .on(&routes::READ_LOG, logs::read)
        .on(&routes::APPEND_LOG, logs::append)
        .on(&routes::REPORT_PROGRESS, progress::report)
        .on(&routes::ASK_QUESTION, questions::ask)
        .on(&routes::RETRY_JOB, jobs::retry)
        .on(&routes::LIST_QUESTIONS, questions::list)
        .on(&routes::GET_QUESTION, questions::get)
        .on(&routes::ANSWER_QUESTION, questions::answer)
        .on(&routes::WITHDRAW_QUESTION, questions::withdraw)
        .on(&routes::LIST_SCHEDULES, schedules::list)
        .on(&routes::CREATE_SCHEDULE, schedules::create)
        .on(&routes::GET_SCHEDULE, schedules::get)
        .on(&routes::REPLACE_SCHEDULE, schedules::replace)
        .on(&routes::DELETE_SCHEDULE, schedules::delete)
        .on(&routes::ROTATE_OWNER_TOKEN, tokens::rotate)
        .on(&routes::STATS, stats::stats)
        .on(&routes::HEALTH, stats::health)
        .on(&routes::CREATE_TEST_JOB, test_jobs::create)
        .on(&routes::LIST_TOKENS, tokens::list)
        .on(&routes::CREATE_TOKEN, tokens::create)
        .on(&routes::DELETE_TOKEN, tokens::delete)
        .on(&routes::LIST_WORKERS, workers::list)
        .on(&routes::REGISTER_WORKER, workers::register)
        .on(&routes::HEARTBEAT, workers::heartbeat)
        .on(&routes::DRAIN_WORKER, workers::drain)
        .into_router()
        .fallback(page::serve)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(Arc::new(site), auth::site))
        .layer(middleware::map_response(headers::secure))
        .layer(middleware::map_response_with_state(context.clone(), count))
        .with_state(context)
}

async fn count(State(hub): Hub, answer: Response) -> Response {
    hub.figures.count_answer(answer.status().as_u16());
    answer
}
