//! Ends that no hub took when they came: they wait on disk, and are told once.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use doorbell_protocol::{Job, JobState, Timestamp};
use doorbell_tests::{Home, Hub, Running, eventually, hub::SOON};
use rustix::process::Signal;

const WAITS: &str = "echo ready; while [ ! -e go ]; do sleep 0.02; done; echo done; exit 3";

fn now() -> Timestamp {
    SystemTime::now().into()
}

fn waiting(home: &Home) -> Vec<PathBuf> {
    let Ok(folder) = fs::read_dir(home.data_dir().join("spool")) else { return Vec::new() };
    folder.map(|file| file.expect("the folder").path()).filter(|path| path.extension().is_some_and(|e| e == "json")).collect()
}

fn nothing_waits(home: &Home) {
    eventually("nothing waits any more", SOON, || waiting(home).is_empty().then_some(()));
}

/// Once the machine has been off: what is not on disk is gone.
fn reboot(home: &Home) {
    fs::remove_dir_all(home.path("run")).expect("the runtime folder");
    fs::create_dir(home.path("run")).expect("a new one");
}

fn is_true(job: &Job, started: (Timestamp, Timestamp), finished: (Timestamp, Timestamp)) {
    assert_eq!((job.exit_code, job.failure.as_deref()), (Some(3), Some("exit code 3")));
    assert!((started.0..=started.1).contains(&job.started_at.expect("a start")), "{:?} {started:?}", job.started_at);
    assert!((finished.0..=finished.1).contains(&job.finished_at.expect("an end")), "{:?} {finished:?}", job.finished_at);
}

#[test]
fn an_end_during_an_outage_is_told_once_after_a_reboot() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let before = now();
    let running = Running::start(&mut home.doorbell(&["run", "--", "sh", "-c", WAITS]));
    running.says("ready");
    hub.the_job_is(JobState::Running);
    let started = (before, now());
    hub.kill();
    let released = now();
    fs::write(home.path("go"), "").unwrap();
    let (status, output) = running.end();
    let finished = (released, now());
    assert_eq!((status.code(), output.as_str()), (Some(3), "ready\ndone\n"));
    let files = waiting(&home);
    assert_eq!(files.len(), 1);
    assert_eq!(fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
    reboot(&home);
    let hub = Hub::start(&home);
    is_true(&hub.the_job_is(JobState::Failed), started, finished);
    nothing_waits(&home);
    assert!(home.run(&["status"]).status.success());
    assert_eq!((hub.stats().seq.0, hub.jobs().len()), (2, 1));
}

#[test]
fn a_job_that_no_hub_ever_saw_is_told_when_one_comes() {
    let home = Home::new();
    let before = now();
    assert_eq!(home.run(&["run", "--name", "unseen", "--", "sh", "-c", "exit 3"]).status.code(), Some(3));
    let after = now();
    reboot(&home);
    let hub = Hub::start(&home);
    let job = hub.the_job_is(JobState::Failed);
    is_true(&job, (before, after), (before, after));
    // Its start is no news any more.
    assert_eq!((job.name.as_str(), job.notify_after_ms), ("unseen", Some(0)));
    nothing_waits(&home);
    assert_eq!(hub.stats().seq.0, 2);
}

#[test]
fn the_next_doorbell_delivers_what_waits() {
    for next in [&["ls"][..], &["run", "true"]] {
        let home = Home::new();
        let hub = Hub::start(&home);
        // A hub that is deaf: nothing but a process that comes later can help.
        let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
        fs::rename(home.hub_file(), home.path("hub.json")).unwrap();
        let url = format!("http://{}", deaf.local_addr().unwrap());
        let file = fs::read_to_string(home.path("hub.json")).unwrap().replace(hub.endpoint().url(), &url);
        fs::write(home.hub_file(), file).unwrap();
        assert_eq!(home.run(&["run", "--name", "unseen", "--", "sh", "-c", "exit 3"]).status.code(), Some(3));
        assert_eq!(waiting(&home).len(), 1);
        fs::rename(home.path("hub.json"), home.hub_file()).unwrap();
        assert!(home.run(next).status.success());
        assert!(waiting(&home).is_empty(), "{next:?}");
        let unseen = hub.jobs().into_iter().find(|job| job.name == "unseen").unwrap();
        assert_eq!((unseen.state, unseen.exit_code), (JobState::Failed, Some(3)));
    }
}

#[test]
fn an_end_for_a_hub_that_was_named_waits_for_that_one() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let elsewhere = [("DOORBELL_URL", "http://127.0.0.1:9"), ("DOORBELL_TOKEN", "x")];
    assert!(home.doorbell(&["run", "true"]).envs(elsewhere).status().unwrap().success());
    assert!(home.run(&["run", "true"]).status.success());
    assert_eq!((waiting(&home).len(), hub.jobs().len()), (1, 1));
    // No token is written to disk.
    assert!(!fs::read_to_string(&waiting(&home)[0]).unwrap().contains("token"));
    let here = [("DOORBELL_URL", hub.endpoint().url()), ("DOORBELL_TOKEN", hub.endpoint().token().expose())];
    let moved = fs::read_to_string(&waiting(&home)[0]).unwrap().replace("http://127.0.0.1:9", hub.endpoint().url());
    fs::write(&waiting(&home)[0], moved).unwrap();
    assert!(home.doorbell(&["ls"]).envs(here).output().unwrap().status.success());
    assert_eq!((waiting(&home).len(), hub.jobs().len()), (0, 2));
}

#[test]
fn many_wrappers_at_once_are_all_told_once() {
    const MANY: usize = 24;
    let home = Home::new();
    let wrappers: Vec<_> =
        (0..MANY).map(|n| Running::start(&mut home.doorbell(&["run", "--", "sh", "-c", &format!("exit {n}")]))).collect();
    for (n, wrapper) in wrappers.into_iter().enumerate() {
        assert_eq!(wrapper.end().0.code(), i32::try_from(n).ok());
    }
    fs::write(home.data_dir().join("spool/torn.json"), "{\"job\":\"0192").unwrap();
    assert_eq!(waiting(&home).len(), MANY + 1);
    let hub = Hub::start(&home);
    // Others deliver at the same time.
    let others: Vec<_> = (0..4).map(|_| Running::start(&mut home.doorbell(&["status"]))).collect();
    others.into_iter().for_each(|other| assert!(other.end().0.success()));
    nothing_waits(&home);
    let mut codes: Vec<_> = hub.jobs().into_iter().map(|job| job.exit_code.unwrap()).collect();
    codes.sort_unstable();
    assert_eq!(codes, (0..i32::try_from(MANY).unwrap()).collect::<Vec<_>>());
    assert_eq!(hub.stats().seq.0, 2 * MANY as u64);
    assert!(home.data_dir().join("spool/torn.unreadable").exists());
}

#[test]
fn a_wrapper_that_is_killed_while_it_waits_for_a_deaf_hub_has_left_its_end() {
    let home = Home::new();
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", deaf.local_addr().unwrap());
    let mut command = home.doorbell(&["run", "--", "sh", "-c", "exit 3"]);
    let mut running = Running::start(command.env("DOORBELL_URL", &url).env("DOORBELL_TOKEN", "x"));
    eventually("its end is on disk", SOON, || (waiting(&home).len() == 1).then_some(()));
    running.signal(Signal::KILL);
    running.wait();
    assert_eq!(waiting(&home).len(), 1);
}

#[test]
fn a_hub_that_is_killed_at_any_stage_of_a_job_hears_the_end_once() {
    // Each is killed at another point: before it hears of the job, while it runs, about its end, after it.
    std::thread::scope(|scope| {
        for stage in 0..12 {
            scope.spawn(move || the_end_is_told_once_though_the_hub_is_killed_after(Duration::from_millis(stage * 15)));
        }
    });
}

fn the_end_is_told_once_though_the_hub_is_killed_after(delay: Duration) {
    let home = Home::new();
    let hub = Hub::start(&home);
    let running = Running::start(&mut home.doorbell(&["run", "--", "sh", "-c", "echo out; sleep 0.1; echo more; exit 3"]));
    std::thread::sleep(delay);
    hub.kill();
    let (status, output) = running.end();
    assert_eq!((status.code(), output.as_str()), (Some(3), "out\nmore\n"), "{delay:?}");
    reboot(&home);
    let hub = Hub::start(&home);
    let job = hub.the_job_is(JobState::Failed);
    assert_eq!((job.exit_code, hub.stats().seq.0, hub.jobs().len()), (Some(3), 2, 1), "{delay:?}");
    nothing_waits(&home);
}
