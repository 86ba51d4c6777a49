//! `/v1/jobs`: create, list, get, finish, cancel, retry, delete.

use std::sync::{Arc, atomic::Ordering};

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use doorbell_protocol::{
    JobId, JobState, Lease, Outcome, id,
    jobs::{CreatedJob, FinishReport, JobPage, JobQuery, NewJob, OneJob, RunningList},
    routes,
};

use super::{
    auth::check_role,
    context::Hub,
    error::Error,
    json::{Body, Id, Params, page_limit},
};
use crate::{
    access::tokens::Caller,
    clock,
    domain::{
        job::{self, Command},
        retry as retries,
        rights::Actor,
    },
    state::create,
    store::PageQuery,
};

pub(crate) async fn create(
    State(hub): Hub,
    Extension(caller): Extension<Arc<Caller>>,
    Extension(actor): Extension<Actor>,
    Body(new): Body<NewJob>,
) -> Result<(StatusCode, Json<CreatedJob>), Error> {
    let new = new.check()?;
    if !new.start {
        check_role(&caller, routes::QUEUE)?;
    }
    let starts = new.start;
    let created = create::create(&hub.writer, new, actor, caller.guest()).await?;
    // A queued job that runs by now has its lease from its worker's claim.
    let runs_here = starts && created.record.job.state == JobState::Running;
    let lease = runs_here.then(|| hub.leases.lease(created.record.fence));
    Ok((status(created.is_new), answer(created.record.job, lease)))
}

pub(crate) async fn list(
    State(hub): Hub,
    Extension(actor): Extension<Actor>,
    headers: HeaderMap,
    Params(query): Params<JobQuery>,
) -> Result<Response, Error> {
    let query = query.check()?;
    if query.is_running_list() {
        return Ok(running(&hub, actor, &headers));
    }
    let limit = page_limit(query.limit);
    let label = query.label().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let JobQuery { state, key, parent, text, finished_after, cursor, .. } = query;
    // One more than asked for tells whether there is a next page.
    let query = PageQuery { state, key, parent, label, text, finished_after, of: actor.sees_only(), before: cursor, limit: limit + 1 };
    let mut jobs = hub.reads.page(query).await?;
    let more = jobs.len() > limit;
    jobs.truncate(limit);
    for job in &mut jobs {
        job.progress = hub.progress.get(job.id).or(job.progress.take());
    }
    let next_cursor = jobs.last().filter(|_| more).map(|job| job.id);
    Ok(Json(JobPage { jobs, next_cursor }).into_response())
}

pub(crate) async fn get(State(hub): Hub, Extension(actor): Extension<Actor>, Id(id): Id) -> Result<Json<OneJob>, Error> {
    let record = seen(&hub, actor, id).await?;
    let mut job = record.job;
    job.progress = hub.progress.get(id).or(job.progress);
    Ok(Json(OneJob { job }))
}

/// The job, if `actor` may know of it.
pub(super) async fn seen(hub: &super::Context, actor: Actor, id: JobId) -> Result<job::Record, Error> {
    let record = hub.reads.record(id).await?.filter(|record| record.is_seen_by(actor));
    Ok(record.ok_or(job::Refusal::NotFound(id))?)
}

pub(crate) async fn finish(
    State(hub): Hub,
    Extension(actor): Extension<Actor>,
    Id(id): Id,
    Body(report): Body<FinishReport>,
) -> Result<Json<OneJob>, Error> {
    let report = report.check();
    let job = hub
        .writer
        .write(move |draft| {
            let record = draft.get(id)?;
            let mut progress = draft.progress().get(id);
            if report.outcome == Outcome::Succeeded {
                progress = progress.map(doorbell_protocol::Progress::completed);
            }
            Ok(draft.decide(record, Command::Finish { report, progress, by: actor })?.job)
        })
        .await?;
    Ok(Json(OneJob { job }))
}

/// A queued job ends at once; of a running one, its runner is asked to stop it.
pub(crate) async fn cancel(State(hub): Hub, Extension(caller): Extension<Arc<Caller>>, Id(id): Id) -> Result<Json<OneJob>, Error> {
    let by = Some(caller.person().to_owned());
    let job = hub
        .writer
        .write(move |draft| {
            let record = draft.get(id)?;
            Ok(draft.decide(record, Command::Cancel { by })?.job)
        })
        .await?;
    Ok(Json(OneJob { job }))
}

/// Queues the task of a job that is over again, as a new job.
pub(crate) async fn retry(
    State(hub): Hub,
    Extension(caller): Extension<Arc<Caller>>,
    Id(id): Id,
) -> Result<(StatusCode, Json<CreatedJob>), Error> {
    let by = caller.person().to_owned();
    let job = hub
        .writer
        .write(move |draft| {
            let (before, next) = retries::by_hand(&draft.get(id)?, JobId(id::fresh(draft.now())), by, draft.now())?;
            let job = next.record.job.clone();
            draft.apply(before)?;
            draft.apply(next)?;
            Ok(job)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(CreatedJob { job, lease: None })))
}

/// Deletes a job that is over, with its questions and its log.
pub(crate) async fn delete(State(hub): Hub, Id(id): Id) -> Result<StatusCode, Error> {
    hub.writer
        .write(move |draft| {
            let state = draft.get(id)?.job.state;
            if !state.is_over() {
                return Err(job::Refusal::BadTransition { from: state, verb: "delete" }.into());
            }
            draft.delete(id);
            Ok(())
        })
        .await?;
    hub.logs.delete(vec![id]).await;
    Ok(StatusCode::NO_CONTENT)
}

/// What a visible panel polls. An unchanged list is 304 without a body.
fn running(hub: &super::Context, actor: Actor, headers: &HeaderMap) -> Response {
    hub.polls.fetch_add(1, Ordering::Relaxed);
    // The version is read before the reports: a report in between makes the next poll see a change, never miss one.
    let version = hub.progress.version();
    let now = hub.live.lock();
    // Who sees only their own has a list of their own.
    let own = actor.sees_only().map(|token| format!("-{token}")).unwrap_or_default();
    let etag = format!("\"{}-{}-{version}{own}\"", now.epoch, now.commits);
    let etag_header: HeaderMap = HeaderValue::from_str(&etag).map(|etag| (header::ETAG, etag)).into_iter().collect();
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, etag_header).into_response();
    }
    let mut list =
        RunningList { epoch: now.epoch, seq: now.seq, now: clock::now(), counts: now.counts_for(actor), jobs: now.running(actor) };
    drop(now);
    for job in &mut list.jobs {
        job.progress = hub.progress.get(job.id);
    }
    (etag_header, Json(list)).into_response()
}

pub(super) fn status(is_new: bool) -> StatusCode {
    if is_new { StatusCode::CREATED } else { StatusCode::OK }
}

pub(super) fn answer(job: doorbell_protocol::Job, lease: Option<Lease>) -> Json<CreatedJob> {
    Json(CreatedJob { job, lease })
}
