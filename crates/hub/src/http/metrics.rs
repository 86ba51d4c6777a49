//! `GET /metrics`: the figures of `/v1/stats` in Prometheus's text format.

use std::fmt::Write;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use doorbell_protocol::hub::Stats;

use super::{context::Hub, stats};

/// The version of the format, as Prometheus names it.
const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(crate) async fn metrics(State(hub): Hub) -> Response {
    ([(header::CONTENT_TYPE, FORMAT)], text(&stats::now(&hub))).into_response()
}

fn text(stats: &Stats) -> String {
    let gauge = "gauge";
    let counter = "counter";
    let lines = [
        ("doorbell_jobs_running", gauge, "Jobs that run.", u64::from(stats.counts.running)),
        ("doorbell_jobs_queued", gauge, "Jobs that wait for a worker.", u64::from(stats.counts.queued)),
        ("doorbell_questions_open", gauge, "Questions that wait for an answer.", u64::from(stats.counts.waiting)),
        ("doorbell_subscribers", gauge, "Feeds that are open.", u64::from(stats.subscribers)),
        ("doorbell_events_total", counter, "Events that this database has ever told.", stats.seq.0),
        ("doorbell_gaps_total", counter, "Snapshots sent in place of events that were gone.", stats.gaps),
        ("doorbell_polls_total", counter, "Polls of the running list.", stats.polls),
        ("doorbell_progress_reports_total", counter, "Progress reports taken.", stats.progress_reports),
        ("doorbell_requests_total", counter, "Calls answered.", stats.requests),
        ("doorbell_requests_refused_total", counter, "Calls refused, status 400 to 499.", stats.refused),
        ("doorbell_requests_failed_total", counter, "Calls that could not be served, status 500 and above.", stats.failed),
    ];
    lines.iter().fold(String::new(), |mut text, (name, kind, help, value)| {
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
        text
    })
}
