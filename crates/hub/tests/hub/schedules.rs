//! Schedules over the wire. When they fire is decided by pure functions, which are tested beside them.

use std::path::Path;

use doorbell_protocol::{
    ErrorCode,
    schedule::{CatchUp, OneSchedule, Overlap, Schedule, ScheduleList},
};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::support::{Refused, TestHub, refused};

fn new(cron: &str) -> Value {
    json!({"name": "nightly", "cron": cron, "timezone": "Europe/Berlin", "command": ["ingest"]})
}

async fn told(answer: Response) -> Schedule {
    answer.json::<OneSchedule>().await.unwrap().schedule
}

#[tokio::test]
async fn a_schedule_is_created_listed_changed_and_deleted() {
    let hub = TestHub::start().await;
    let answer = hub.post("/v1/schedules", new("30 2 * * *")).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let schedule = told(answer).await;
    assert_eq!((schedule.spec.overlap, schedule.spec.catch_up, schedule.last_fire), (Overlap::Skip, CatchUp::None, None));
    assert!(schedule.next_fire.unwrap() > schedule.created_at);

    let path = format!("/v1/schedules/{}", schedule.id);
    let mut other = new("@hourly");
    other["overlap"] = json!("cancel_running");
    let changed = told(hub.put(&path, other).await).await;
    assert_eq!((changed.id, changed.spec.overlap), (schedule.id, Overlap::CancelRunning));
    assert_eq!(changed.next_fire.unwrap().as_millis() % 3_600_000, 0, "each full hour");

    let hub = hub.restart().await;
    let list: ScheduleList = serde_json::from_value(hub.get("/v1/schedules").await).unwrap();
    assert_eq!(list.schedules, std::slice::from_ref(&changed));
    assert_eq!(serde_json::from_value::<OneSchedule>(hub.get(&path).await).unwrap().schedule, changed);
    assert_eq!(hub.delete(&path).await.status(), StatusCode::NO_CONTENT);
    for gone in [hub.delete(&path).await, hub.put(&path, new("@daily")).await] {
        assert_eq!(refused(gone).await, Refused(404, ErrorCode::NotFound, None));
    }
    assert_eq!(hub.get("/v1/schedules").await, json!({"schedules": []}));
}

#[tokio::test]
async fn a_schedule_that_means_nothing_is_refused_by_name() {
    let hub = TestHub::start().await;
    let with = |field: &str, value: Value| {
        let mut body = new("@daily");
        body[field] = value;
        body
    };
    for (field, body) in [
        ("name", with("name", json!(""))),
        ("cron", with("cron", json!("whenever"))),
        ("cron", with("cron", json!("0 0 30 2 *"))),
        ("cron", with("cron", json!("0 0 0 1 1 *"))),
        ("timezone", with("timezone", json!("Mars/Olympus"))),
        ("timezone", with("timezone", json!(""))),
        ("overlap", with("overlap", json!("sometimes"))),
        ("catch_up", with("catch_up", json!("all"))),
        ("command", with("command", json!([]))),
    ] {
        let answer = refused(hub.post("/v1/schedules", body).await).await;
        assert_eq!(answer, Refused(422, ErrorCode::Invalid, Some(field.to_owned())));
    }
    assert_eq!(hub.get("/v1/schedules").await, json!({"schedules": []}));
}

/// As if the hub had been away since then.
fn away_since(time: &str) -> impl FnOnce(&Path) {
    move |database| {
        let database = rusqlite::Connection::open(database).unwrap();
        let changed = database.execute("UPDATE schedules SET plan = json_set(plan, '$.passed', ?1)", [time]).unwrap();
        assert_eq!(changed, 1);
    }
}

#[tokio::test]
async fn a_fire_time_that_was_missed_is_caught_up_once() {
    let hub = TestHub::start().await;
    let mut yearly = new("0 0 1 1 *");
    yearly["catch_up"] = json!("last");
    let schedule = told(hub.post("/v1/schedules", yearly).await).await;
    let hub = hub.restart_after(away_since("2020-06-01T00:00:00.000Z")).await;
    let worker = hub.worker("one", 9).await;
    let claim = hub.claim(worker, 20_000).await.unwrap();
    assert_eq!((claim.job.name.as_str(), claim.job.schedule), ("nightly", Some(schedule.id)));
    assert_eq!(claim.task.command, ["ingest"]);
    let path = format!("/v1/schedules/{}", schedule.id);
    let fired = serde_json::from_value::<OneSchedule>(hub.get(&path).await).unwrap().schedule;
    assert!(fired.last_fire.unwrap() < fired.created_at);
    assert_eq!(fired.next_fire, schedule.next_fire);
    let hub = hub.restart().await;
    let worker = hub.worker("one", 9).await;
    assert_eq!(hub.claim(worker, 0).await, None);
    assert_eq!(hub.stats().await.counts.queued, 0);
}

#[tokio::test]
async fn a_fire_time_that_was_missed_is_passed_over_unless_it_is_to_be_caught_up() {
    let hub = TestHub::start().await;
    let schedule = told(hub.post("/v1/schedules", new("0 0 1 1 *")).await).await;
    let hub = hub.restart_after(away_since("2020-06-01T00:00:00.000Z")).await;
    let path = format!("/v1/schedules/{}", schedule.id);
    // It has been looked at when its next fire time is in the future again.
    let deadline = tokio::time::Instant::now() + crate::support::LONG;
    loop {
        let now = serde_json::from_value::<OneSchedule>(hub.get(&path).await).unwrap().schedule;
        if now.next_fire == schedule.next_fire {
            assert_eq!(now.last_fire, None);
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "{now:?}");
    }
    assert_eq!((hub.stats().await.counts.queued, hub.get("/v1/jobs").await["jobs"].clone()), (0, json!([])));
}
