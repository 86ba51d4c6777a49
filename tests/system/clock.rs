//! The wall clock of a hub is set back an hour while a job runs.

use std::{fs, time::Duration};

use doorbell_client::rest::Running as List;
use doorbell_protocol::{JobState, Timestamp};
use doorbell_tests::{Home, Hub, Running, eventually, faults::Clock, hub::SOON};

const HOUR: i64 = 3_600;
const LEASE: Duration = Duration::from_secs(2);

/// What the hub's clock says.
fn now(hub: &Hub) -> Timestamp {
    match hub.ask(async |client| client.running(None).await) {
        Ok(List::List { list, .. }) => list.now,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_clock_that_is_set_back_stops_no_progress_and_loses_no_job() {
    let home = Home::new();
    let clock = Clock::new(&home);
    let hub = clock.hub(&home, &["--lease-ttl", &format!("{}s", LEASE.as_secs())]);
    let script = r#"for i in 1 2 3; do echo "[$i/3]"; while [ ! -e go$i ]; do sleep 0.02; done; done"#;
    let running = Running::start(&mut home.doorbell(&["run", "--", "sh", "-c", script]));
    let part_is_told = |n| {
        eventually(&format!("part {n}"), SOON, || (hub.running().first()?.progress.as_ref()?.done? == n).then_some(()));
        fs::write(home.path(format!("go{n}")), "").unwrap();
    };
    part_is_told(1);
    let before = now(&hub);

    clock.set(-HOUR);
    let set = now(&hub);
    assert!(set < before);
    part_is_told(2);
    eventually("a lease could have run out", SOON, || (now(&hub).since(set) > LEASE).then_some(()));
    part_is_told(3);
    assert!(running.end().0.success());
    let job = hub.the_job_is(JobState::Succeeded);
    assert!(job.finished_at >= job.started_at);
    assert_eq!(hub.stats().seq.0, 2);
}
