//! Schedules: what a fire time does: which one is due, whether it queues a job, and the timer that waits for the next.
//!
//! # Invariants
//! - A fire time fires once: how far a schedule has come is stored in the transaction that queues the job, and only moves
//!   forward, also when the clock does not.

use std::time::Duration;

use doorbell_protocol::{
    Fence, JobId, Timestamp, id,
    jobs::NewJob,
    schedule::{CatchUp, Overlap},
    text,
};
use tokio::time::{Instant, sleep};

use crate::{
    alarm, clock,
    domain::{
        calendar::Calendar,
        job::{self, Command, Transition},
        plan::Plan,
        rights::Principal,
    },
    state::{
        schedules::Schedules,
        writer::{Draft, WriteError, Writer},
    },
};

/// A fire time that is older was missed: no hub was there.
const ON_TIME: Duration = Duration::from_secs(60);
/// Longest sleep of the timer. The clock that it sleeps by stands still while a laptop sleeps and knows nothing of a clock
/// that is set, so it looks again now and then.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// After a failed attempt to store what has fired.
const RETRY: Duration = Duration::from_secs(1);

/// Queues jobs when their schedules fire. Sleeps until the next fire time, and for ever when there is none.
pub(crate) async fn watch(schedules: &Schedules, writer: &Writer) {
    loop {
        let now = clock::now();
        match schedules.next_fire() {
            None => schedules.changed().await,
            Some(at) if at > now => tokio::select! {
                () = schedules.changed() => {}
                () = alarm::sleep_until(Instant::now() + at.since(now).min(LONGEST_SLEEP)) => {}
            },
            Some(_) => {
                if writer.write(fire).await.is_err() {
                    sleep(RETRY).await;
                }
            }
        }
    }
}

/// Lets every schedule fire that is due.
pub(crate) fn fire(draft: &mut Draft<'_>) -> Result<(), WriteError> {
    for plan in draft.schedules() {
        let Some(due) = due(&plan, draft.now()) else { continue };
        let mut plan = Plan { passed: due.passed, ..plan };
        let id = plan.schedule.id;
        let unfinished = draft.active(|record| record.job.schedule == Some(id));
        if let Some(at) = due.fires
            && (unfinished.is_empty() || plan.schedule.spec.overlap != Overlap::Skip)
        {
            if plan.schedule.spec.overlap == Overlap::CancelRunning {
                for record in unfinished {
                    draft.decide(record, Command::Cancel { by: None })?;
                }
            }
            plan.schedule.last_fire = Some(at);
            draft.apply(job_of(&plan, draft.now()))?;
        }
        draft.schedule(plan);
    }
    Ok(())
}

/// What is due of a schedule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Due {
    /// The fire time for which a job is queued, if there is one.
    fires: Option<Timestamp>,
    /// How far the schedule has come.
    passed: Timestamp,
}

/// `None` when no fire time has passed since the last look, or none counts.
fn due(plan: &Plan, now: Timestamp) -> Option<Due> {
    if plan.schedule.spec.paused {
        return None;
    }
    let calendar = Calendar::of(&plan.schedule.spec).ok()?;
    let next = calendar.next(plan.passed).filter(|next| *next <= now)?;
    // Looking back never undoes what looking forward has found: a schedule that is due always gets on.
    let last = calendar.last(now).map_or(next, |last| last.max(next));
    let is_missed = now.since(last) >= ON_TIME;
    let fires = !is_missed || plan.schedule.spec.catch_up == CatchUp::Last;
    Some(Due { fires: fires.then_some(last), passed: last })
}

fn job_of(Plan { schedule, .. }: &Plan, now: Timestamp) -> Transition {
    let (name, task) = (schedule.spec.name.clone(), schedule.spec.task.clone());
    let new = NewJob { key: Some(text::slug(&name)), name, task, ..NewJob::default() };
    // It is queued, so it has no lease yet.
    let mut transition = job::create(JobId(id::fresh(now)), new, Principal::Owner, Fence::default(), now);
    transition.record.job.schedule = Some(schedule.id);
    transition
}

#[cfg(test)]
mod tests {
    use doorbell_protocol::{ScheduleId, schedule::NewSchedule};

    use uuid::Uuid;

    use super::*;

    fn hourly(catch_up: CatchUp, passed: &str) -> Plan {
        let spec = NewSchedule { cron: "0 * * * *".to_owned(), timezone: "UTC".to_owned(), catch_up, ..NewSchedule::default() };
        Plan::new(ScheduleId(Uuid::nil()), spec, at(passed))
    }

    fn at(time: &str) -> Timestamp {
        format!("2026-11-21T{time}Z").parse().unwrap()
    }

    fn fires(plan: &Plan, now: &str) -> Option<Option<Timestamp>> {
        due(plan, at(now)).map(|due| due.fires)
    }

    #[test]
    fn a_fire_time_fires_when_it_has_come_and_not_again() {
        let mut plan = hourly(CatchUp::None, "09:30:00");
        assert_eq!(fires(&plan, "09:59:59.999"), None);
        assert_eq!(fires(&plan, "10:00:00"), Some(Some(at("10:00:00"))));
        plan.passed = at("10:00:00");
        assert_eq!(fires(&plan, "10:00:00"), None);
        assert_eq!(fires(&plan, "10:59:00"), None);
        assert_eq!(fires(&plan, "11:00:30"), Some(Some(at("11:00:00"))));
    }

    #[test]
    fn a_clock_that_is_set_back_fires_nothing_twice() {
        let plan = hourly(CatchUp::Last, "10:00:00");
        for now in ["09:00:00", "09:59:00", "10:00:00", "10:00:10", "10:59:59"] {
            assert_eq!(fires(&plan, now), None, "{now}");
        }
        assert_eq!(fires(&plan, "11:00:00"), Some(Some(at("11:00:00"))));
    }

    #[test]
    fn what_was_missed_is_passed_over_or_the_last_of_it_is_caught_up() {
        let passed = |catch_up| due(&hourly(catch_up, "07:30:00"), at("10:20:00"));
        assert_eq!(passed(CatchUp::None), Some(Due { fires: None, passed: at("10:00:00") }));
        assert_eq!(passed(CatchUp::Last), Some(Due { fires: Some(at("10:00:00")), passed: at("10:00:00") }));
    }

    #[test]
    fn a_schedule_that_is_paused_fires_nothing_and_catches_nothing_up() {
        let plan = hourly(CatchUp::Last, "10:00:00");
        let paused = plan.clone().with(NewSchedule { paused: true, ..plan.schedule.spec.clone() }, at("10:30:00"));
        assert_eq!(fires(&paused, "13:30:00"), None);
        let resumed = paused.with(plan.schedule.spec, at("13:30:00"));
        assert_eq!(fires(&resumed, "13:59:00"), None);
        assert_eq!(fires(&resumed, "14:00:00"), Some(Some(at("14:00:00"))));
    }

    #[test]
    fn a_schedule_with_other_times_counts_from_now_on() {
        let plan = hourly(CatchUp::Last, "10:00:00");
        let same = plan.clone().with(NewSchedule { name: "renamed".to_owned(), ..plan.schedule.spec.clone() }, at("10:30:00"));
        assert_eq!(same.passed, at("10:00:00"));
        let other = plan.clone().with(NewSchedule { cron: "15 * * * *".to_owned(), ..plan.schedule.spec.clone() }, at("10:30:00"));
        assert_eq!(fires(&other, "10:45:00"), None);
    }
}
