//! Hub, worker and runners are killed again and again while jobs are queued, claimed and reported: what was acknowledged runs exactly once.

use std::{
    collections::BTreeMap,
    fs,
    process::Command,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use doorbell_protocol::{Job, JobState};
use doorbell_tests::{Home, Hub, Running, eventually};
use rustix::process::{Pid, Signal, kill_process};

/// All rounds together.
const TIME: Duration = Duration::from_secs(12);
const ROUNDS: u64 = 6;
/// A lease that runs out, and a command that is started again, take a moment.
const IN_THE_END: Duration = Duration::from_secs(40);

/// What was acknowledged, by the line that its command leaves.
#[derive(Default)]
struct Acknowledged {
    added: BTreeMap<String, String>,
    run: Vec<String>,
}

fn hub(home: &Home) -> Hub {
    Hub::start_with(home, &["--lease-ttl", "2s"])
}

/// A worker beside the hub's own, which gets what is meant for it alone: the hub's own goes with the hub, and with what it has just claimed.
fn worker(home: &Home) -> Running {
    let worker = Running::start(&mut home.doorbell(&["worker", "--name", "far", "--slots", "2"]));
    worker.says("Working for");
    worker
}

/// Leaves its name as a line, and then takes a moment.
fn leaves(name: &str) -> String {
    format!("echo {name} >> ran; sleep 0.1; true")
}

/// Queues and runs jobs until it is told to stop.
fn work_on(home: &Home, count: &AtomicU32, stop: &AtomicBool) -> Acknowledged {
    let mut acknowledged = Acknowledged::default();
    while !stop.load(Ordering::Relaxed) {
        let n = count.fetch_add(1, Ordering::Relaxed);
        let added = format!("added-{n}");
        let output =
            home.run(&["add", "-q", "--host", "far", "--cwd", &home.path("").to_string_lossy(), "--", "sh", "-c", &leaves(&added)]);
        if output.status.success() {
            acknowledged.added.insert(added, String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        let run = format!("run-{n}");
        if home.run(&["run", "--name", &run, "--", "sh", "-c", &leaves(&run)]).status.success() {
            acknowledged.run.push(run);
        }
    }
    acknowledged
}

/// Runners of this home whose command has left its line.
fn runners(home: &Home) -> Vec<Pid> {
    let found = Command::new("pgrep").args(["-f", "doorbell runner$"]).output().expect("pgrep").stdout;
    let lives_here = format!("HOME={}", home.path("").display());
    let is_ours = |pid: &str| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == lives_here.as_bytes())
    };
    let has_left_its_line = |pid: &str| children(pid).iter().flat_map(|shell| children(shell)).any(|child| name(&child) == "sleep");
    let found = String::from_utf8_lossy(&found);
    found.lines().filter(|pid| is_ours(pid) && has_left_its_line(pid)).filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
}

fn children(pid: &str) -> Vec<String> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    children.split_whitespace().map(str::to_owned).collect()
}

fn name(pid: &str) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim().to_owned()
}

/// How often each command left its line.
fn lines(home: &Home) -> BTreeMap<String, u32> {
    let mut lines = BTreeMap::new();
    for line in fs::read_to_string(home.path("ran")).unwrap_or_default().lines() {
        *lines.entry(line.to_owned()).or_default() += 1;
    }
    lines
}

#[test]
fn each_acknowledged_job_runs_once_whatever_is_killed() {
    let home = Home::new();
    let (count, stop, start) = (AtomicU32::new(0), AtomicBool::new(false), Instant::now());
    let mut serving = Some(hub(&home));
    let mut working = worker(&home);
    let acknowledged = thread::scope(|scope| {
        let callers: Vec<_> = (0..2).map(|_| scope.spawn(|| work_on(&home, &count, &stop))).collect();
        for round in 0..ROUNDS {
            // Each round is another point of everybody's life.
            thread::sleep(Duration::from_millis(200 + round * 70));
            match round % 3 {
                0 | 1 => {
                    serving.take().expect("a hub").kill();
                    serving = Some(hub(&home));
                }
                _ => {
                    // A worker that holds no claim is stopped: what it has just been given goes with it otherwise.
                    working.signal(Signal::TERM);
                    working.wait();
                    working = worker(&home);
                }
            }
            for runner in runners(&home).into_iter().take(1) {
                // It may just have ended.
                let _ = kill_process(runner, Signal::KILL);
            }
            if start.elapsed() > TIME {
                break;
            }
        }
        stop.store(true, Ordering::Relaxed);
        callers.into_iter().map(|caller| caller.join().expect("a caller")).collect::<Vec<_>>()
    });
    let hub = serving.expect("a hub");
    let is_over = |job: &Job| job.state.is_over();
    let jobs = eventually("everything is over", IN_THE_END, || Some(all(&hub)).filter(|jobs| jobs.iter().all(is_over)));
    let states: BTreeMap<String, JobState> = jobs.iter().map(|job| (job.id.to_string(), job.state)).collect();
    let lines = lines(&home);
    let mut lost = 0;
    for (line, id) in acknowledged.iter().flat_map(|acknowledged| &acknowledged.added) {
        match states.get(id) {
            Some(JobState::Succeeded) => assert_eq!(lines.get(line), Some(&1), "{line}"),
            // Its runner was killed.
            Some(JobState::Lost) => {
                assert_eq!(lines.get(line), Some(&1), "{line} is lost and never ran");
                lost += 1;
            }
            state => panic!("{line} is {state:?}"),
        }
    }
    for line in acknowledged.iter().flat_map(|acknowledged| &acknowledged.run) {
        assert_eq!(lines.get(line), Some(&1), "{line}");
        let told = jobs.iter().filter(|job| job.name == *line && job.state == JobState::Succeeded).count();
        assert_eq!(told, 1, "{line} is told once");
    }
    assert!(lost <= ROUNDS, "{lost} are lost, and at most one runner was killed a round");
    assert!(acknowledged.iter().all(|acknowledged| acknowledged.added.len() > 2), "too little was done to say anything");
    working.signal(Signal::TERM);
    working.wait();
}

/// Every job of the hub.
fn all(hub: &Hub) -> Vec<Job> {
    hub.ask(async |client| {
        let mut jobs = Vec::new();
        let mut pages = client.pages(doorbell_client::rest::JobQuery::default());
        while let Some(page) = pages.next().await? {
            jobs.extend(page);
        }
        Ok(jobs)
    })
    .expect("the jobs")
}
