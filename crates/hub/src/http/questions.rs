//! Questions: asked for a running job, listed, waited for, answered, withdrawn.

use std::{sync::Arc, time::Duration};

use axum::{Extension, Json, extract::State, http::StatusCode};
use doorbell_protocol::{
    Question, QuestionId, id, limits,
    question::{NewAnswer, NewQuestion, OneQuestion, QuestionFilter, QuestionList, QuestionQuery, QuestionWait, Withdrawal},
};
use tokio::time::Instant;

use super::{
    context::{Context, Hub},
    error::Error,
    jobs,
    json::{Body, Id, Params, page_limit},
};
use crate::{
    access::tokens::Caller,
    alarm,
    domain::{
        job,
        question::{self, Command, Refusal},
        rights::Actor,
    },
    store::QuestionsQuery,
};

pub(crate) async fn ask(
    State(hub): Hub,
    Extension(actor): Extension<Actor>,
    Id(job): Id,
    Body(new): Body<NewQuestion>,
) -> Result<(StatusCode, Json<OneQuestion>), Error> {
    let new = new.check()?;
    let fence = new.fence;
    let (question, is_new) = hub
        .writer
        .write(move |draft| {
            let mut record = draft.get(job)?;
            record.check_speaker(actor, fence)?;
            if let Some(fence) = fence {
                // Its holder reports: a job that was lost is back, unless the question is refused.
                record = draft.decide(record, job::Command::Resume { fence, by: actor })?;
            }
            let id = new.id.unwrap_or_else(|| QuestionId(id::fresh(draft.now())));
            let (question, is_new) = match draft.find_question(id)? {
                Some(known) => {
                    let is_same = known.job == job
                        && known.prompt == new.prompt
                        && known.detail == new.detail
                        && known.choices == new.choices
                        && known.free_text == new.free_text;
                    if !is_same {
                        return Err(Refusal::IdTaken(id).into());
                    }
                    (known, false)
                }
                None => (draft.apply_question(question::ask(&record, id, new, actor, draft.now())?)?, true),
            };
            if let Some(fence) = fence {
                // Before the next change decides: it may be that this lease has run out.
                draft.leases().renew(job, fence, actor);
            }
            Ok((question, is_new))
        })
        .await?;
    Ok((jobs::status(is_new), Json(OneQuestion { question })))
}

pub(crate) async fn list(
    State(hub): Hub,
    Extension(actor): Extension<Actor>,
    Params(query): Params<QuestionQuery>,
) -> Result<Json<QuestionList>, Error> {
    let QuestionQuery { state, job, cursor, limit } = query.check()?;
    let filter = state.unwrap_or_default();
    if filter == QuestionFilter::Open {
        let questions = hub.live.lock().open_questions(actor, job);
        return Ok(Json(QuestionList { questions, next_cursor: None }));
    }
    let limit = page_limit(limit);
    let with_open = filter == QuestionFilter::All;
    let query = QuestionsQuery { with_open, job, of: actor.sees_only(), before: cursor, limit: limit + 1 };
    let mut questions = hub.reads.questions(query).await?;
    let more = questions.len() > limit;
    questions.truncate(limit);
    let next_cursor = questions.last().filter(|_| more).map(|question| question.id);
    Ok(Json(QuestionList { questions, next_cursor }))
}

/// Answers at once when the question is closed, else when it is, or when the wait is over.
pub(crate) async fn get(
    State(hub): Hub,
    Extension(actor): Extension<Actor>,
    Id(id): Id<QuestionId>,
    Params(params): Params<QuestionWait>,
) -> Result<Json<OneQuestion>, Error> {
    let deadline = Instant::now() + Duration::from_millis(params.wait_ms).min(limits::WAIT);
    check_seen(&hub, actor, id).await?;
    let mut commits = hub.live.commits();
    loop {
        commits.mark_unchanged();
        let open = hub.live.lock().questions.get(&id).cloned();
        let Some(question) = open else { break };
        tokio::select! {
            _ = commits.changed() => {}
            () = alarm::sleep_until(deadline) => return Ok(Json(OneQuestion { question })),
            () = hub.shutdown.cancelled() => return Ok(Json(OneQuestion { question })),
        }
    }
    let question = hub.reads.question(id).await?.ok_or(Refusal::NotFound(id))?;
    Ok(Json(OneQuestion { question }))
}

/// Refuses whoever may not know of the question.
async fn check_seen(hub: &Context, actor: Actor, id: QuestionId) -> Result<(), Error> {
    if actor.sees_only().is_none() {
        return Ok(());
    }
    let open = hub.live.lock().questions.get(&id).map(|question| question.job);
    let job = match open {
        Some(job) => Some(job),
        None => hub.reads.question(id).await?.map(|question| question.job),
    };
    let record = match job {
        Some(job) => hub.reads.record(job).await?,
        None => None,
    };
    if record.is_some_and(|record| record.is_seen_by(actor)) { Ok(()) } else { Err(Refusal::NotFound(id).into()) }
}

pub(crate) async fn answer(
    State(hub): Hub,
    Extension(caller): Extension<Arc<Caller>>,
    Id(id): Id<QuestionId>,
    Body(answer): Body<NewAnswer>,
) -> Result<Json<OneQuestion>, Error> {
    let (answer, by) = (answer.check()?, caller.person().to_owned());
    decide(&hub, id, Command::Answer { answer, by }).await
}

pub(crate) async fn withdraw(
    State(hub): Hub,
    Extension(actor): Extension<Actor>,
    Id(id): Id<QuestionId>,
    Body(Withdrawal { fence }): Body<Withdrawal>,
) -> Result<Json<OneQuestion>, Error> {
    decide(&hub, id, Command::Withdraw { fence, by: actor }).await
}

async fn decide(hub: &Context, id: QuestionId, command: Command) -> Result<Json<OneQuestion>, Error> {
    let question: Question = hub.writer.write(move |draft| draft.decide_question(id, command)).await?;
    Ok(Json(OneQuestion { question }))
}
