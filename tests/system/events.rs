//! What the feed tells of a run.

use doorbell_protocol::JobState;
use doorbell_tests::{Home, Hub, Running, eventually, hub::SOON};
use rustix::process::Signal;

#[test]
fn a_runner_that_is_killed_makes_its_job_lost_once() {
    let home = Home::new();
    let hub = Hub::start_with(&home, &["--lease-ttl", "1s"]);
    let runner = Running::start(&mut home.doorbell(&["run", "--", "sh", "-c", "echo $$; exec sleep 60"]));
    hub.the_job_is(JobState::Running);
    eventually("the command says its id", SOON, || runner.output().contains('\n').then_some(()));
    let command = runner.output().trim().to_owned();
    runner.signal(Signal::KILL);
    hub.the_job_is(JobState::Lost);
    std::process::Command::new("kill").arg(command).status().unwrap();
    let stats = hub.stats();
    assert_eq!((stats.seq.0, stats.counts.running), (2, 0));
    // It stays lost, and nothing is told a second time.
    assert_eq!(hub.jobs()[0].state, JobState::Lost);
}

#[test]
fn a_lease_is_renewed_while_the_command_is_silent() {
    let home = Home::new();
    let hub = Hub::start_with(&home, &["--lease-ttl", "600ms"]);
    assert!(home.run(&["run", "sleep", "2.5"]).status.success());
    hub.the_job_is(JobState::Succeeded);
    assert_eq!(hub.stats().seq.0, 2);
}
