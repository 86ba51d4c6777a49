//! The command does not notice whether a hub is there, away, deaf, strange, or killed midway.

use std::{
    fs,
    net::TcpListener,
    time::{Duration, Instant},
};

use doorbell_protocol::{JobState, Timestamp};
use doorbell_tests::{Home, Hub, Running, eventually, hub::SOON};

/// Room for a busy machine on top of the 2 s that a last report may take.
const END: Duration = Duration::from_secs(6);

const WAITS: &str = "echo ready; while [ ! -e go ]; do sleep 0.02; done; echo done; exit 3";

fn go(home: &Home) {
    fs::write(home.path("go"), "").expect("a file in the home");
}

#[test]
fn a_deaf_hub_costs_two_seconds_at_the_end_at_most() {
    let home = Home::new();
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", deaf.local_addr().unwrap());
    let start = Instant::now();
    let output = home
        .doorbell(&["run", "--", "sh", "-c", "echo out; exit 3"])
        .envs([("DOORBELL_URL", url.as_str()), ("DOORBELL_TOKEN", "x")])
        .output()
        .unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice(), output.stderr.as_slice()), (Some(3), &b"out\n"[..], &b""[..]));
    assert!(start.elapsed() < END, "{:?}", start.elapsed());
}

#[test]
fn a_hub_that_refuses_the_token_costs_nothing() {
    let home = Home::new();
    let _hub = Hub::start(&home);
    let start = Instant::now();
    let output = home.doorbell(&["run", "--", "sh", "-c", "echo out; exit 3"]).env("DOORBELL_TOKEN", "wrong").output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice(), output.stderr.as_slice()), (Some(3), &b"out\n"[..], &b""[..]));
    assert!(start.elapsed() < END, "{:?}", start.elapsed());
}

#[test]
fn a_hub_that_was_killed_earlier_costs_nothing() {
    let home = Home::new();
    Hub::start(&home).kill();
    assert!(home.hub_file().exists());
    let start = Instant::now();
    assert_eq!(home.run(&["run", "--", "sh", "-c", "exit 3"]).status.code(), Some(3));
    assert!(start.elapsed() < END);
}

#[test]
fn a_job_outlives_a_hub_that_is_killed_and_comes_back_elsewhere() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let first_address = hub.address().to_owned();
    let running = Running::start(&mut home.doorbell(&["run", "--", "sh", "-c", "echo ready; while [ ! -e go ]; do sleep 0.02; done"]));
    running.says("ready");
    let before = hub.the_job_is(JobState::Running);
    hub.kill();
    // The port of the first stays taken, so that the second cannot have it.
    let _taken = TcpListener::bind(&first_address);
    let hub = Hub::start(&home);
    assert_ne!(hub.address(), first_address);
    let released: Timestamp = std::time::SystemTime::now().into();
    go(&home);
    assert_eq!(running.end().0.code(), Some(0));
    let after = hub.the_job_is(JobState::Succeeded);
    assert_eq!((after.id, after.started_at), (before.id, before.started_at));
    assert!(after.finished_at.unwrap() >= released);
    assert_eq!(hub.stats().counts.running, 0);
}

#[test]
fn the_runner_of_a_queued_job_finds_a_hub_that_comes_back_elsewhere() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let first_address = hub.address().to_owned();
    let script = ": > started; while [ ! -e on ]; do sleep 0.02; done; echo 1/2; while [ ! -e go ]; do sleep 0.02; done";
    assert!(home.run(&["add", "-q", "--", "sh", "-c", script]).status.success());
    let before = hub.the_job_is(JobState::Running);
    // The hub's worker goes with it, and must have started the runner before.
    eventually("the command runs", SOON, || home.path("started").exists().then_some(()));
    hub.kill();
    // The port of the first stays taken, so that the second cannot have it.
    let _taken = TcpListener::bind(&first_address);
    let hub = Hub::start(&home);
    assert_ne!(hub.address(), first_address);
    fs::write(home.path("on"), "").unwrap();
    eventually("its progress reaches the second hub", SOON, || hub.running().first()?.progress.clone());
    go(&home);
    assert_eq!(hub.the_job_is(JobState::Succeeded).id, before.id);
}

#[test]
fn a_job_that_started_before_any_hub_is_told_with_its_true_start() {
    let home = Home::new();
    let earliest: Timestamp = std::time::SystemTime::now().into();
    let running = Running::start(&mut home.doorbell(&["run", "--", "sh", "-c", WAITS]));
    running.says("ready");
    let latest: Timestamp = std::time::SystemTime::now().into();
    let hub = Hub::start(&home);
    let job = hub.the_job_is(JobState::Running);
    let started = job.started_at.unwrap();
    assert!(earliest <= started && started <= latest, "{earliest} {started} {latest}");
    go(&home);
    assert_eq!(running.end().0.code(), Some(3));
    assert_eq!(hub.the_job_is(JobState::Failed).exit_code, Some(3));
}

#[test]
fn a_job_that_ends_while_the_hub_is_away_keeps_its_exit_code() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let running = Running::start(&mut home.doorbell(&["run", "--", "sh", "-c", WAITS]));
    running.says("ready");
    hub.the_job_is(JobState::Running);
    hub.kill();
    go(&home);
    let start = Instant::now();
    let (status, output) = running.end();
    assert_eq!((status.code(), output.as_str()), (Some(3), "ready\ndone\n"));
    assert!(start.elapsed() < END, "{:?}", start.elapsed());
}

#[test]
fn a_hub_that_comes_back_too_late_is_told_the_end_all_the_same() {
    let home = Home::new();
    let hub = Hub::start_with(&home, &["--lease-ttl", "1s"]);
    let running = Running::start(&mut home.doorbell(&["run", "--", "sh", "-c", WAITS]));
    running.says("ready");
    hub.the_job_is(JobState::Running);
    hub.kill();
    go(&home);
    assert_eq!(running.end().0.code(), Some(3));
    let hub = Hub::start_with(&home, &["--lease-ttl", "1s"]);
    // Whether its lease ran out first is the hub's affair.
    let job = hub.the_job_is(JobState::Failed);
    assert_eq!((job.exit_code, job.failure.as_deref()), (Some(3), Some("exit code 3")));
    assert_eq!(hub.stats().counts.running, 0);
}

#[test]
fn a_lost_job_comes_back_with_its_runner() {
    let home = Home::new();
    let hub = Hub::start_with(&home, &["--lease-ttl", "1s"]);
    let running = Running::start(&mut home.doorbell(&["run", "--", "sh", "-c", WAITS]));
    running.says("ready");
    hub.the_job_is(JobState::Running);
    let stopped = hub.address().to_owned();
    running.signal(rustix::process::Signal::STOP);
    hub.the_job_is(JobState::Lost);
    running.signal(rustix::process::Signal::CONT);
    hub.the_job_is(JobState::Running);
    go(&home);
    assert_eq!(running.end().0.code(), Some(3));
    assert_eq!(hub.the_job_is(JobState::Failed).exit_code, Some(3));
    eventually("the counts are right", SOON, || (hub.stats().counts.running == 0 && hub.address() == stopped).then_some(()));
}
