//! `/v1/schedules`: create, list, get, replace, delete.

use axum::{Json, extract::State, http::StatusCode};
use doorbell_protocol::{
    ScheduleId, id,
    schedule::{NewSchedule, OneSchedule, ScheduleList},
};

use super::{
    context::Hub,
    error::Error,
    json::{Body, Id},
};
use crate::{
    clock,
    domain::{
        calendar::Calendar,
        plan::{Plan, Unknown},
    },
    state::writer::{Draft, WriteError},
};

pub(crate) async fn create(State(hub): Hub, Body(new): Body<NewSchedule>) -> Result<(StatusCode, Json<OneSchedule>), Error> {
    let spec = checked(new)?;
    let plan = hub
        .writer
        .write(move |draft| {
            let plan = Plan::new(ScheduleId(id::fresh(draft.now())), spec, draft.now());
            draft.schedule(plan.clone());
            Ok(plan)
        })
        .await?;
    Ok((StatusCode::CREATED, answer(&plan)))
}

pub(crate) async fn list(State(hub): Hub) -> Json<ScheduleList> {
    Json(ScheduleList { schedules: hub.schedules.all().values().map(Plan::tell).collect() })
}

pub(crate) async fn get(State(hub): Hub, Id(id): Id<ScheduleId>) -> Result<Json<OneSchedule>, Error> {
    let plan = hub.schedules.all().remove(&id).ok_or(Unknown(id))?;
    Ok(answer(&plan))
}

pub(crate) async fn replace(State(hub): Hub, Id(id): Id<ScheduleId>, Body(new): Body<NewSchedule>) -> Result<Json<OneSchedule>, Error> {
    let spec = checked(new)?;
    let plan = hub
        .writer
        .write(move |draft| {
            let plan = find(draft, id)?.with(spec, draft.now());
            draft.schedule(plan.clone());
            Ok(plan)
        })
        .await?;
    Ok(answer(&plan))
}

/// Deletes a schedule. The jobs that it has queued stay.
pub(crate) async fn delete(State(hub): Hub, Id(id): Id<ScheduleId>) -> Result<StatusCode, Error> {
    hub.writer
        .write(move |draft| {
            find(draft, id)?;
            draft.unschedule(id);
            Ok(())
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `new`, if it makes sense and will ever fire.
fn checked(new: NewSchedule) -> Result<NewSchedule, Error> {
    let spec = new.check()?;
    Calendar::of(&spec)?.check(clock::now())?;
    Ok(spec)
}

fn find(draft: &Draft<'_>, id: ScheduleId) -> Result<Plan, WriteError> {
    let plan = draft.schedules().into_iter().find(|plan| plan.schedule.id == id);
    Ok(plan.ok_or(Unknown(id))?)
}

fn answer(plan: &Plan) -> Json<OneSchedule> {
    Json(OneSchedule { schedule: plan.tell() })
}
