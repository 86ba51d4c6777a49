//! The wall clock of a hub is set back an hour while a job runs, or is far off.

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

const YEAR: i64 = 365 * 24 * HOUR;

#[test]
fn in_the_year_9992_jobs_run_as_ever() {
    let home = Home::new();
    let clock = Clock::new(&home);
    let hub = clock.hub(&home, &[]);
    assert!(home.run(&["schedule", "add", "@daily", "--", "true"]).status.success());
    clock.set(7_972 * YEAR);
    for args in [
        &["run", "--name", "mine", "--", "true"][..],
        &["add", "--name", "queued", "--", "true"],
        &["ls"],
        &["status"],
        &["token", "create", "--role", "report"],
    ] {
        let output = clock.command(&mut home.doorbell(args)).output().unwrap();
        assert!(output.status.success(), "{args:?}: {output:?}");
    }
    eventually("both jobs are over", SOON, || {
        let jobs = hub.jobs();
        (jobs.len() == 2 && jobs.iter().all(|job| job.state == JobState::Succeeded)).then_some(())
    });
    assert!(hub.stop().success());
    assert!(!fs::read_to_string(home.path("hub.log")).unwrap().contains("panicked"));
}

#[test]
fn a_clock_that_no_date_can_tell_is_said_and_no_command_suffers() {
    for (years, says) in [(-57, "the clock of this machine says 1969-"), (9_000, "the clock of this machine says 9999-12-")] {
        let home = Home::new();
        let clock = Clock::new(&home);
        clock.set(years * YEAR);
        let off = |args: &[&str]| {
            let output = clock.command(&mut home.doorbell(args)).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!said.contains("panicked"), "{years} years, {args:?}: {said}");
            (output.status.code(), said)
        };
        let (code, said) = off(&["hub", "--listen", "127.0.0.1:0"]);
        assert!(code == Some(1) && said.contains(says), "{years} years: {said}");
        assert_eq!(off(&["run", "--", "sh", "-c", "exit 3"]).0, Some(3));
        assert_eq!(off(&["ls"]).0, Some(1));

        // One that serves when the clock is set takes no call, and goes on when the clock is right again.
        clock.set(0);
        let hub = clock.hub(&home, &[]);
        clock.set(years * YEAR);
        assert_eq!(off(&["ls"]).0, Some(1));
        clock.set(0);
        assert!(clock.command(&mut home.doorbell(&["run", "--", "true"])).status().unwrap().success());
        // The end of the one before was kept, and comes as well.
        eventually("both jobs are told", SOON, || {
            let states: Vec<_> = hub.jobs().iter().map(|job| job.state).collect();
            (states.contains(&JobState::Succeeded) && states.contains(&JobState::Failed)).then_some(())
        });
    }
}
