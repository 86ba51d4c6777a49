//! A job that is cancelled: its process stops, and the hub hears of it.

use std::{
    fs,
    process::{Command, Output},
    time::Instant,
};

use doorbell_protocol::{
    Job, JobState,
    jobs::{NewJob, Task},
};
use doorbell_tests::{Home, Hub, Running, eventually, hub::SOON, shell_code};

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn queue(hub: &Hub, name: &str, script: &str) -> Job {
    let task = Task { command: ["sh", "-c", script].map(str::to_owned).to_vec(), ..Task::default() };
    let job = NewJob { name: name.to_owned(), task, ..NewJob::default() };
    hub.ask(async |client| client.create_job(&job).await).expect("the hub takes the job").job
}

/// Also one that has ended and that nobody asks how: what the first process does with orphans is its own affair.
fn is_gone(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{}/stat", pid.trim())).map_or(true, |stat| stat.contains(") Z "))
}

#[test]
fn a_running_command_is_asked_to_stop_and_its_job_is_cancelled() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let running = Running::start(&mut home.doorbell(&["run", "--name", "long one", "--", "sh", "-c", "echo ready; exec sleep 60"]));
    running.says("ready");
    hub.the_job_is(JobState::Running);
    let asked = Instant::now();
    let output = home.run(&["cancel", "long one"]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(0), "Asked long one to stop.\n"));
    assert_eq!(shell_code(running.end().0), Some(143));
    // It hears of it within two seconds; the rest is for a busy machine, and less than the grace time.
    assert!(asked.elapsed().as_secs() < 8, "{:?}", asked.elapsed());
    let job = hub.the_job_is(JobState::Cancelled);
    assert_eq!((job.exit_code, job.failure.as_deref(), job.cancel_requested), (Some(143), Some("cancelled"), true));
    assert_eq!(hub.stats().seq.0, 2);
    // Twice is no error, and tells nothing.
    assert_eq!(stdout(&home.run(&["cancel", &job.id.to_string()])), "Cancelled long one.\n");
    assert_eq!(hub.stats().seq.0, 2);
}

#[test]
fn a_command_that_does_not_stop_is_killed() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let script = r#"trap "echo asked" TERM; echo ready; while :; do sleep 0.05; done"#;
    let running = Running::start(&mut home.doorbell(&["run", "--name", "stubborn", "--", "sh", "-c", script]));
    running.says("ready");
    hub.the_job_is(JobState::Running);
    assert!(home.run(&["cancel", "stubborn"]).status.success());
    running.says("asked");
    let (status, output) = running.end();
    assert_eq!((shell_code(status), output.matches("asked").count()), (Some(137), 1));
    let job = hub.the_job_is(JobState::Cancelled);
    assert_eq!(job.failure.as_deref(), Some("cancelled; it did not stop by itself and was killed"));
}

#[test]
fn a_command_that_cleans_up_is_cancelled_too() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let script = r#"trap 'echo cleaned; exit 0' TERM; echo ready; while :; do sleep 0.05; done"#;
    let running = Running::start(&mut home.doorbell(&["run", "--name", "tidy", "--", "sh", "-c", script]));
    running.says("ready");
    hub.the_job_is(JobState::Running);
    assert!(home.run(&["cancel", "tidy"]).status.success());
    let (status, output) = running.end();
    assert_eq!((status.code(), output.as_str()), (Some(0), "ready\ncleaned\n"));
    assert_eq!(hub.the_job_is(JobState::Cancelled).exit_code, Some(0));
}

/// In a group with the script that has started it, as in cron and in CI.
#[test]
fn a_command_in_a_pipe_is_stopped_with_all_that_it_started_and_nobody_else() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let pids = home.path("pids");
    let family =
        format!("(sleep 61; true) | cat & sleep 62 & echo $! $(pgrep -P $$) > {0}.new; mv {0}.new {0}; wait; true", pids.display());
    let mut script = Command::new("sh");
    home.live_in(
        script.arg("-c").arg(r#"sleep 63 & "$0" run --name family -- sh -c "$1"; echo "ended by $?"; kill -0 $! && echo alive; kill $!"#),
    );
    let running = Running::start(script.arg(doorbell_tests::home::program()).arg(&family));
    let family = eventually("the family is there", SOON, || fs::read_to_string(&pids).ok());
    assert!(family.split_whitespace().count() >= 4, "{family}");
    hub.the_job_is(JobState::Running);
    assert!(home.run(&["cancel", "family"]).status.success());
    running.says("ended by 143\nalive\n");
    hub.the_job_is(JobState::Cancelled);
    eventually("all are gone", SOON, || family.split_whitespace().all(is_gone).then_some(()));
}

#[test]
fn a_claimed_job_is_stopped_with_all_that_it_started() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let pids = home.path("pids");
    let job = queue(&hub, "family", &format!("sleep 60 & echo $! $$ > {0}.new; mv {0}.new {0}; wait", pids.display()));
    let family = eventually("the family is there", SOON, || fs::read_to_string(&pids).ok());
    let prefix = &job.id.to_string()[..30];
    assert_eq!(stdout(&home.run(&["cancel", prefix])), "Asked family to stop.\n");
    hub.the_job_is(JobState::Cancelled);
    eventually("all are gone", SOON, || family.split_whitespace().all(is_gone).then_some(()));
}

#[test]
fn a_runner_whose_job_went_to_another_stops_its_command() {
    let home = Home::new();
    let hub = Hub::start_with(&home, &["--lease-ttl", "1s"]);
    let folder = home.path("runs");
    fs::create_dir(&folder).unwrap();
    let script = format!("echo $PPID $$ > {0}/new.$$; mv {0}/new.$$ {0}/$DOORBELL_JOB; exec sleep 60", folder.display());
    let task = Task { command: ["sh", "-c", &script].map(str::to_owned).to_vec(), ..Task::default() };
    let job = NewJob { name: "twice".to_owned(), attempts: Some(2), task, ..NewJob::default() };
    let first = hub.ask(async |client| client.create_job(&job).await).unwrap().job;
    let processes = |job: &Job| {
        let text = eventually("the command is there", SOON, || fs::read_to_string(folder.join(job.id.to_string())).ok());
        let (runner, command) = text.trim().split_once(' ').unwrap();
        (runner.to_owned(), command.to_owned())
    };
    let (runner, command) = processes(&first);
    let signal = |name: &str| assert!(Command::new("kill").args([name, &runner]).status().unwrap().success());
    signal("-STOP");
    let second = eventually("the second attempt runs", SOON, || hub.jobs().into_iter().find(|job| job.attempt == 2));
    assert_eq!(second.retry_of, Some(first.id));
    assert!(!is_gone(&command));
    signal("-CONT");
    eventually("the first command is gone", SOON, || is_gone(&command).then_some(()));
    let (_, command) = processes(&second);
    assert!(!is_gone(&command));
    assert_eq!(hub.ask(async |client| client.job(first.id).await).unwrap().state, JobState::Lost);
    assert!(home.run(&["cancel", "twice"]).status.success());
    eventually("the second command is gone", SOON, || is_gone(&command).then_some(()));
}

#[test]
fn a_job_that_waits_is_cancelled_at_once() {
    let home = Home::new();
    let hub = Hub::start(&home);
    for n in 1..=2 {
        queue(&hub, &format!("fills slot {n}"), "exec sleep 60");
    }
    eventually("the slots are full", SOON, || (hub.stats().counts.running == 2).then_some(()));
    queue(&hub, "waits", "true");
    assert_eq!(stdout(&home.run(&["cancel", "waits"])), "Cancelled waits.\n");
    let stats = hub.stats();
    assert_eq!((stats.counts.queued, stats.seq.0), (0, 2));
    for n in 1..=2 {
        assert!(home.run(&["cancel", &format!("fills slot {n}")]).status.success());
    }
    eventually("the slots are free", SOON, || (hub.stats().counts.running == 0).then_some(()));
}

#[test]
fn what_is_meant_must_be_clear() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let output = home.run(&["cancel", "nothing"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stderr(&output), "doorbell: No running or queued job is called \"nothing\". `doorbell ls` shows the jobs.\n");
    let jobs = [queue(&hub, "twin", "exec sleep 60"), queue(&hub, "twin", "exec sleep 60")];
    let output = home.run(&["cancel", "twin"]);
    assert_eq!(output.status.code(), Some(1));
    for job in jobs {
        assert!(stderr(&output).contains(&job.id.to_string()), "{}", stderr(&output));
        assert!(home.run(&["cancel", &job.id.to_string()]).status.success());
    }
    eventually("both are over", SOON, || hub.jobs().iter().all(|job| job.state == JobState::Cancelled).then_some(()));
    assert!(home.run(&["run", "--name", "done", "true"]).status.success());
    let done = hub.jobs()[0].id.to_string();
    let output = home.run(&["cancel", &done]);
    assert_eq!((output.status.code(), stderr(&output)), (Some(1), "doorbell: cannot cancel a job that is succeeded\n".to_owned()));
}
