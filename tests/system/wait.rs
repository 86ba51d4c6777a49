//! `doorbell wait`: exits as the jobs did.

use std::{fs, process::Output};

use doorbell_protocol::{Job, JobState, jobs::NewJob, jobs::Task};
use doorbell_tests::{Home, Hub, Running, eventually, hub::SOON};

/// A job that ends as `end` says, once the file `go` is there.
fn queue(hub: &Hub, name: &str, end: &str) -> Job {
    let command = ["sh", "-c", &format!("while [ ! -e \"$HOME/go\" ]; do sleep 0.02; done; {end}")].map(str::to_owned).to_vec();
    let job = NewJob { name: name.to_owned(), task: Task { command, ..Task::default() }, ..NewJob::default() };
    hub.ask(async |client| client.create_job(&job).await).expect("the job is queued").job
}

fn go(home: &Home) {
    fs::write(home.path("go"), "").expect("a file in the home");
}

fn text(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

/// Waits for a job that ends as `end` says while it is waited for.
fn waited(end: &str) -> Output {
    let home = Home::new();
    let hub = Hub::start(&home);
    let job = queue(&hub, "make", end);
    let mut waiting = home.doorbell(&["wait", "make"]);
    let waiting = std::thread::spawn(move || waiting.output().expect("doorbell starts"));
    eventually("somebody listens", SOON, || (hub.stats().subscribers == 1).then_some(()));
    if end == "cancel" {
        assert!(home.run(&["cancel", "make"]).status.success());
    } else {
        go(&home);
    }
    let output = waiting.join().expect("it ends");
    // Afterwards it is the same.
    let again = home.run(&["wait", &job.id.to_string()]);
    assert_eq!(again.status.code(), output.status.code());
    output
}

#[test]
fn it_exits_as_the_job_did() {
    for (end, code, state) in [("exit 0", 0, "succeeded"), ("exit 7", 7, "failed"), ("cancel", 130, "cancelled")] {
        let output = waited(end);
        assert_eq!(output.status.code(), Some(code), "{end}: {}", text(&output.stderr));
        assert!(text(&output.stdout).contains(state) && text(&output.stdout).contains("make"), "{}", text(&output.stdout));
    }
}

#[test]
fn a_job_that_nobody_knows_is_127() {
    let home = Home::new();
    let _hub = Hub::start(&home);
    for job in ["nothing", "0192f0c1-7a3b-7c4d-8e5f-0123456789ab"] {
        let output = home.run(&["wait", job]);
        assert_eq!(output.status.code(), Some(127), "{job}: {}", text(&output.stderr));
    }
}

#[test]
fn a_lost_job_is_125() {
    let home = Home::new();
    let hub = Hub::start_with(&home, &["--lease-ttl", "1s"]);
    let runner = Running::start(&mut home.doorbell(&["run", "--name", "gone", "--", "sh", "-c", "echo $$; exec sleep 60"]));
    hub.the_job_is(JobState::Running);
    eventually("the command says its id", SOON, || runner.output().contains('\n').then_some(()));
    let command = runner.output().trim().to_owned();
    runner.signal(rustix::process::Signal::KILL);
    assert_eq!(home.run(&["wait", "gone"]).status.code(), Some(125));
    std::process::Command::new("kill").arg(command).status().expect("kill starts");
}

#[test]
fn of_several_jobs_the_first_that_did_not_succeed_counts() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let jobs = [queue(&hub, "fine", "exit 0"), queue(&hub, "late", "sleep 0.3; exit 4"), queue(&hub, "soon", "exit 5")];
    go(&home);
    let output = home.run(&["wait", "--json", &jobs[0].id.to_string(), "late", "soon"]);
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    let ended: Vec<serde_json::Value> = text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(ended.len(), 3);
    assert!(ended.iter().all(|line| line["job"]["exit_code"].is_i64()), "{ended:?}");
}

#[test]
fn a_queued_job_that_is_cancelled_is_not_waited_for_any_longer() {
    let home = Home::new();
    let hub = Hub::start(&home);
    for n in 0..2 {
        queue(&hub, &format!("fills slot {n}"), "exit 0");
    }
    eventually("the slots are full", SOON, || (hub.stats().counts.running == 2).then_some(()));
    queue(&hub, "behind", "exit 0");
    let mut waiting = Running::start(&mut home.doorbell(&["wait", "-q", "behind"]));
    eventually("somebody listens", SOON, || (hub.stats().subscribers == 1).then_some(()));
    assert!(home.run(&["cancel", "behind"]).status.success());
    assert_eq!(waiting.wait().code(), Some(130));
    go(&home);
    eventually("the slots are free", SOON, || (hub.stats().counts.running == 0).then_some(()));
}

#[test]
fn a_hub_that_goes_away_is_waited_for() {
    let home = Home::new();
    let hub = Hub::start(&home);
    queue(&hub, "make", "exit 6");
    let mut waiting = Running::start(&mut home.doorbell(&["wait", "make"]));
    hub.the_job_is(JobState::Running);
    eventually("somebody listens", SOON, || (hub.stats().subscribers == 1).then_some(()));
    hub.kill();
    go(&home);
    let _hub = Hub::start(&home);
    assert_eq!(waiting.wait().code(), Some(6));
}
