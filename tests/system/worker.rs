//! The test job goes the way of every queued job: queue, worker, runner, feed.

use doorbell_protocol::{
    JobState,
    jobs::{NewJob, Task},
};
use doorbell_tests::{Home, Hub, Running, eventually, hub::SOON};
use rustix::process::{Pid, Signal, kill_process};

fn queue(hub: &Hub, task: Task) {
    let job = NewJob { name: "queued".to_owned(), task, ..NewJob::default() };
    hub.ask(async |client| client.create_job(&job).await).expect("the hub takes the job");
}

fn sh(script: &str) -> Task {
    Task { command: ["sh", "-c", script].map(str::to_owned).to_vec(), ..Task::default() }
}

#[test]
fn the_test_job_goes_through_its_eight_steps() {
    let home = Home::new();
    let hub = Hub::start(&home);
    assert!(home.run(&["test-job", "--duration", "2s"]).status.success());
    let mut seen = 0;
    eventually("the last step", SOON, || {
        let step = hub.running().first()?.progress.clone()?.step?;
        assert!(step.index >= seen && step.count == 8 && step.label.is_some(), "{step:?} after {seen}");
        seen = step.index;
        (seen == 8).then_some(())
    });
    let job = hub.the_job_is(JobState::Succeeded);
    assert_eq!((job.exit_code, job.worker.is_some()), (Some(0), true));
    assert!(job.duration_ms.unwrap() >= 2_000);
    assert_eq!(hub.stats().seq.0, 2);
}

#[test]
fn a_test_job_can_fail_at_a_step() {
    let home = Home::new();
    let hub = Hub::start(&home);
    assert!(home.run(&["test-job", "--duration", "400ms", "--fail-at-step", "3"]).status.success());
    let job = hub.the_job_is(JobState::Failed);
    assert_eq!(job.exit_code, Some(1));
    assert!(job.failure.unwrap().starts_with("error: step 3 "));
}

#[test]
fn a_task_has_its_folder_its_variables_and_no_input() {
    let home = Home::new();
    let hub = Hub::start(&home);
    std::fs::create_dir(home.path("work")).unwrap();
    let env = [("COLOUR".to_owned(), "blue".to_owned())].into();
    let script = r#"pwd > seen; echo "$COLOUR" >> seen; cat >> seen; [ -n "$DOORBELL_JOB" ] && echo job >> seen; [ -z "$DOORBELL_TOKEN" ]"#;
    queue(&hub, Task { cwd: Some(home.path("work").to_string_lossy().into_owned()), env, ..sh(script) });
    hub.the_job_is(JobState::Succeeded);
    let seen = std::fs::read_to_string(home.path("work/seen")).unwrap();
    assert!(seen.ends_with("/work\nblue\njob\n"), "{seen}");
}

#[test]
fn a_task_that_cannot_start_says_why() {
    let home = Home::new();
    let hub = Hub::start(&home);
    queue(&hub, Task { command: vec!["no-such-command".to_owned()], ..Task::default() });
    let job = hub.the_job_is(JobState::Failed);
    assert_eq!((job.exit_code, job.failure.as_deref()), (Some(127), Some("cannot run no-such-command: command not found")));
    queue(&hub, Task { cwd: Some("/no/such/folder".to_owned()), ..sh("true") });
    let job = eventually("the second job failed", SOON, || hub.jobs().into_iter().next().filter(|job| job.state == JobState::Failed));
    assert_eq!(job.failure.as_deref(), Some("the working folder /no/such/folder does not exist"));
}

#[test]
fn two_slots_run_two_jobs_at_once_and_the_third_waits() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let script = format!("while [ ! -e {} ]; do sleep 0.02; done", home.path("go").display());
    for _ in 0..3 {
        queue(&hub, sh(&script));
    }
    eventually("two run and one waits", SOON, || {
        let counts = hub.stats().counts;
        assert!(counts.running <= 2);
        (counts.running == 2 && counts.queued == 1).then_some(())
    });
    std::fs::write(home.path("go"), "").unwrap();
    eventually("all succeeded", SOON, || hub.jobs().iter().all(|job| job.state == JobState::Succeeded).then_some(()));
    assert_eq!(hub.stats().seq.0, 6);
}

#[test]
fn a_queued_job_outlives_the_hub_that_started_it() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let address = hub.address().to_owned();
    let folder = Some(home.path("").to_string_lossy().into_owned());
    queue(&hub, Task { cwd: folder, ..sh("touch started; while [ ! -e go ]; do sleep 0.02; done; exit 6") });
    // Once the command runs, its runner needs nothing of the hub's process any more.
    eventually("the command runs", SOON, || home.path("started").exists().then_some(()));
    hub.kill();
    let hub = Hub::start_with(&home, &["--listen", &address]);
    std::fs::write(home.path("go"), "").unwrap();
    assert_eq!(hub.the_job_is(JobState::Failed).exit_code, Some(6));
}

#[test]
fn a_job_outlives_its_worker_and_is_started_again_when_its_runner_dies_too() {
    let home = Home::new();
    let hub = Hub::start_with(&home, &["--lease-ttl", "1s"]);
    let worker = |name: &str| {
        let worker = Running::start(&mut home.doorbell(&["worker", "--name", name]));
        worker.says("Ctrl-C ends it.");
        worker
    };
    let folder = home.path("").to_string_lossy().into_owned();
    let script = "echo $PPID $$ > new; mv new $DOORBELL_JOB; while [ ! -e go ]; do sleep 0.02; done; exit 6";
    let task = Task { cwd: Some(folder), ..sh(script) };
    let job = NewJob { name: "moved".to_owned(), host: Some("twin".to_owned()), attempts: Some(2), task, ..NewJob::default() };
    let first = worker("twin");
    hub.ask(async |client| client.create_job(&job).await).unwrap();
    let processes = |attempt| {
        let run = eventually("an attempt runs", SOON, || hub.running().into_iter().find(|job| job.attempt == attempt));
        eventually("its processes", SOON, || std::fs::read_to_string(home.path(run.id.to_string())).ok())
    };
    let family = processes(1);
    first.signal(Signal::KILL);
    let worker = worker("twin");
    assert_eq!(hub.stats().counts.running, 1, "its runner reports for it");
    for pid in family.split_whitespace() {
        kill_process(Pid::from_raw(pid.parse().unwrap()).unwrap(), Signal::KILL).unwrap();
    }
    let _second = processes(2);
    std::fs::write(home.path("go"), "").unwrap();
    let ended = eventually("the second attempt ends", SOON, || hub.jobs().into_iter().find(|job| job.state == JobState::Failed));
    assert_eq!((ended.attempt, ended.exit_code), (2, Some(6)));
    assert_eq!((hub.jobs().len(), hub.jobs()[1].state, hub.stats().seq.0), (2, JobState::Lost, 4));
    drop(worker);
}

#[test]
fn a_job_whose_runner_is_killed_is_lost_once_and_started_again_as_often_as_it_may_be() {
    let home = Home::new();
    let hub = Hub::start_with(&home, &["--lease-ttl", "1s"]);
    let task =
        Task { cwd: Some(home.path("").to_string_lossy().into_owned()), ..sh("echo $PPID $$ > new; mv new $DOORBELL_JOB; exec sleep 60") };
    let job = NewJob { name: "killed".to_owned(), attempts: Some(2), task, ..NewJob::default() };
    hub.ask(async |client| client.create_job(&job).await).unwrap();
    for attempt in 1..=2 {
        let run = eventually("an attempt runs", SOON, || hub.jobs().into_iter().find(|job| job.attempt == attempt));
        let pids = eventually("its processes", SOON, || std::fs::read_to_string(home.path(run.id.to_string())).ok());
        for pid in pids.split_whitespace() {
            kill_process(Pid::from_raw(pid.parse().unwrap()).unwrap(), Signal::KILL).unwrap();
        }
        eventually("it is lost", SOON, || {
            let run = hub.ask(async |client| client.job(run.id).await).unwrap();
            (run.state == JobState::Lost).then_some(())
        });
    }
    let jobs = hub.jobs();
    assert_eq!((jobs.len(), jobs[0].retry_of), (2, Some(jobs[1].id)));
    assert_eq!(hub.stats().seq.0, 4);
}
