//! The options of `doorbell run`.

use std::{collections::BTreeMap, time::Instant};

use doorbell_protocol::JobState;
use doorbell_tests::{Home, Hub};

#[test]
fn what_is_said_about_a_job_reaches_the_hub() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let args = ["--label", "branch=main", "--label", "team=search", "--url", "https://ci.example/7", "--notify-after", "10s"];
    assert!(home.run(&[&["run"][..], &args, &["true"]].concat()).status.success());
    let job = hub.the_job_is(JobState::Succeeded);
    let labels = [("branch", "main"), ("team", "search")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(job.labels, BTreeMap::from(labels));
    assert_eq!((job.url.as_deref(), job.notify_after_ms, job.parent), (Some("https://ci.example/7"), Some(10_000), None));
    assert!(home.run(&["run", "--quiet-start", "true"]).status.success());
    assert_eq!(hub.jobs()[0].notify_after_ms, Some(0));
}

#[test]
fn a_job_in_a_job_knows_its_parent() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let program = doorbell_tests::home::program();
    let inner = |option: &str| format!("{} run --name inner {option} true", program.display());
    for (option, has_parent) in [("", true), ("--parent=", false)] {
        assert!(home.run(&["run", "--name", "outer", "--", "sh", "-c", &inner(option)]).status.success());
        let jobs = hub.jobs();
        assert_eq!((jobs[0].name.as_str(), jobs[1].name.as_str()), ("inner", "outer"));
        assert_eq!(jobs[0].parent, has_parent.then_some(jobs[1].id));
    }
    // A variable that names no job does not keep the command from running.
    assert!(home.doorbell(&["run", "true"]).env("DOORBELL_JOB", "nonsense").status().unwrap().success());
    assert_eq!(hub.jobs()[0].parent, None);
}

#[test]
fn a_command_whose_time_is_up_is_stopped() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let start = Instant::now();
    assert_eq!(home.run(&["run", "--timeout", "300ms", "sleep", "60"]).status.code(), Some(124));
    assert!(start.elapsed().as_secs() < 20);
    let job = hub.the_job_is(JobState::Failed);
    assert_eq!((job.exit_code, job.failure.as_deref()), (Some(124), Some("timed out after 300ms")));
    assert_eq!(home.run(&["run", "--timeout", "60s", "--", "sh", "-c", "exit 3"]).status.code(), Some(3));
}

#[test]
fn the_user_may_give_or_take_the_terminal() {
    let home = Home::new();
    let output = home.run(&["run", "--pty", "--", "sh", "-c", "test -t 1 && stty size <&1"]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b"24 80\r\n"[..]));
    let terminal = doorbell_tests::terminal::Terminal::start(
        &home,
        &["run", "--no-pty", "--", "sh", "-c", "test -t 0 && test ! -t 1 && test ! -t 2 && echo piped"],
        (24, 80),
        None,
    );
    assert_eq!(terminal.end(), (Some(0), "piped\r\n".to_owned()));
}

#[test]
fn an_option_that_makes_no_sense_runs_nothing() {
    let home = Home::new();
    for args in [
        &["--url", "javascript:alert(1)"][..],
        &["--label", "branch"],
        &["--redact", "re:("],
        &["--redact", ""],
        &["--pty", "--no-pty"],
        &["--timeout", "0s"],
        &["--parent", "x"],
    ] {
        let output = home.run(&[&["run"], args, &["touch", "ran"]].concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(!home.path("ran").exists());
    }
}
