//! `doorbell wait`: exits as the jobs did.

use std::{
    fs,
    process::Output,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use doorbell_protocol::{Job, JobState, jobs::NewJob, jobs::Task};
use doorbell_tests::{
    Home, Hub, Running, eventually,
    hub::SOON,
    wire::{
        proxy::{FaultProxy, Way},
        script::{Cut, Step, answer, feed},
        server::{FaultServer, TOKEN},
    },
};

/// A job that ends as `end` says, once the file `go` is there. It makes the file `started`.
fn queue(hub: &Hub, name: &str, end: &str) -> Job {
    let command = ["sh", "-c", &format!(": > \"$HOME/started\"; while [ ! -e \"$HOME/go\" ]; do sleep 0.02; done; {end}")]
        .map(str::to_owned)
        .to_vec();
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
    // A job that is claimed may not have a runner yet, and is lost with the hub.
    eventually("the command runs", SOON, || home.path("started").exists().then_some(()));
    eventually("somebody listens", SOON, || (hub.stats().subscribers == 1).then_some(()));
    hub.kill();
    go(&home);
    let _hub = Hub::start(&home);
    assert_eq!(waiting.wait().code(), Some(6));
}

/// `doorbell wait` for a job that is tried again, which runs `command` in its home.
fn waited_with_retries(home: &Home, command: &str, when: When) -> Output {
    let added = home.run(&["add", "-q", "--retries", "2", "--name", "deploy", "--", "sh", "-c", command]);
    let id = text(&added.stdout).trim().to_owned();
    let mut waiting = home.doorbell(&["wait", &id]);
    match when {
        When::Meanwhile => waiting.output().expect("doorbell starts"),
        When::Afterwards => {
            assert!(waiting.output().expect("doorbell starts").status.code().is_some());
            waiting.output().expect("doorbell starts")
        }
    }
}

#[derive(Clone, Copy)]
enum When {
    Meanwhile,
    Afterwards,
}

#[test]
fn of_a_job_that_is_tried_again_the_last_attempt_counts() {
    for (command, code, last, failed) in [
        ("echo x >> tries; [ $(wc -l < tries) = 2 ]", 0, "succeeded", 1),
        ("echo x >> tries; exit $((10 + $(wc -l < tries)))", 13, "failed", 2),
    ] {
        for when in [When::Meanwhile, When::Afterwards] {
            let home = Home::new();
            let _hub = Hub::start(&home);
            let output = waited_with_retries(&home, command, when);
            let (out, err) = (text(&output.stdout), text(&output.stderr));
            assert_eq!(output.status.code(), Some(code), "{command}: {out}{err}");
            assert!(out.lines().count() == 1 && out.contains(last), "{command}: {out}");
            assert_eq!(err.matches("of 3 failed").count(), failed, "{command}: {err}");
        }
    }
}

#[test]
fn a_retry_by_hand_is_another_job() {
    let home = Home::new();
    let _hub = Hub::start(&home);
    let added = home.run(&["add", "-q", "--", "sh", "-c", "[ -e good ] || exit 4"]);
    let id = text(&added.stdout).trim().to_owned();
    assert_eq!(home.run(&["wait", &id]).status.code(), Some(4));
    fs::write(home.path("good"), "").expect("a file in the home");
    let retried = home.run(&["retry", "-q", &id]);
    assert_eq!(home.run(&["wait", text(&retried.stdout).trim()]).status.code(), Some(0));
    assert_eq!(home.run(&["wait", &id]).status.code(), Some(4));
}

/// `doorbell wait` for a job of `hub`, by way of `proxy`.
fn waiting_by(proxy: &FaultProxy, home: &Home, hub: &Hub) -> Running {
    let mut command = home.doorbell(&["wait", "make"]);
    Running::start(command.envs([("DOORBELL_URL", proxy.url().as_str()), ("DOORBELL_TOKEN", hub.endpoint().token().expose())]))
}

/// Does what blocks, while proxies and servers go on.
async fn meanwhile(what: impl FnOnce() + Send + 'static) {
    tokio::task::spawn_blocking(what).await.expect("it goes well");
}

#[tokio::test]
async fn an_end_behind_a_proxy_that_breaks_the_feed_is_seen() {
    for way in [Way::Cut, Way::Reset, Way::Hotel, Way::Split] {
        let home = Home::new();
        let hub = Hub::start(&home);
        let proxy = FaultProxy::start(hub.address()).await;
        meanwhile(move || {
            queue(&hub, "make", "exit 6");
            hub.the_job_is(JobState::Running);
            let mut waiting = waiting_by(&proxy, &home, &hub);
            eventually("somebody listens", SOON, || (hub.stats().subscribers == 1).then_some(()));
            proxy.set(way);
            go(&home);
            hub.the_job_is(JobState::Failed);
            proxy.set(Way::Open);
            assert_eq!(waiting.wait().code(), Some(6), "{way:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn an_end_behind_a_proxy_that_keeps_the_feed_back_is_seen_by_polls() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let proxy = FaultProxy::start(hub.address()).await;
    proxy.set(Way::Buffered);
    meanwhile(move || {
        queue(&hub, "make", "exit 6");
        hub.the_job_is(JobState::Running);
        let mut waiting = waiting_by(&proxy, &home, &hub);
        eventually("somebody listens", SOON, || (hub.stats().subscribers == 1).then_some(()));
        go(&home);
        assert_eq!(waiting.wait().code(), Some(6));
    })
    .await;
}

/// A hub that tells of one job, whose feed never does.
struct Silent {
    server: FaultServer,
    /// Whether the job is over.
    over: Arc<AtomicBool>,
    /// How often the job was asked for.
    looks: Arc<AtomicUsize>,
}

const JOB: &str = "00000000-0000-7000-8000-000000000001";

impl Silent {
    /// At the first look the job runs. So many looks after it are answered with 503. After its snapshot the feed plays `more`.
    async fn start(refused: usize, more: impl Fn() -> Vec<Step> + Send + Sync + 'static) -> Self {
        let (over, looks) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let (is_over, count) = (Arc::clone(&over), Arc::clone(&looks));
        let server = FaultServer::start(move |request, _| {
            if request.path == "/v1/feed" {
                return [vec![feed(snapshot(false))], more(), vec![Step::Hold]].concat();
            }
            let look = count.fetch_add(1, Ordering::SeqCst);
            if (1..=refused).contains(&look) {
                return vec![Step::Send(answer("503 Service Unavailable", "", ""))];
            }
            let is_over = look > 0 && is_over.load(Ordering::SeqCst);
            let state = if is_over { r#""failed","exit_code":6"# } else { r#""running""# };
            let job =
                format!(r#"{{"id":"{JOB}","key":"k","name":"n","state":{state},"created_at":"2026-11-21T10:00:00.000Z","attempt":1}}"#);
            vec![Step::Send(answer("200 OK", "Content-Type: application/json\r\n", &format!("{{\"job\":{job}}}")))]
        });
        Self { server: server.await, over, looks }
    }

    fn waiting(&self, home: &Home) -> Running {
        let mut command = home.doorbell(&["wait", JOB]);
        Running::start(command.envs([("DOORBELL_URL", self.server.url()), ("DOORBELL_TOKEN", TOKEN)]))
    }

    fn looks(&self, at_least: usize) {
        eventually("it looks", SOON, || (self.looks.load(Ordering::SeqCst) >= at_least).then_some(()));
    }
}

fn snapshot(gap: bool) -> String {
    let data = format!(r#"{{"counts":{{"running":0}},"running":[],"now":"2026-11-21T10:00:00.000Z","gap":{gap}}}"#);
    format!("id: 00000000000000f3-7\nevent: snapshot\ndata: {data}\n\n")
}

#[tokio::test]
async fn a_look_that_fails_comes_again() {
    let hub = Silent::start(2, Vec::new).await;
    hub.over.store(true, Ordering::SeqCst);
    meanwhile(move || {
        let home = Home::new();
        assert_eq!(hub.waiting(&home).wait().code(), Some(6));
        assert!(hub.looks.load(Ordering::SeqCst) >= 4);
    })
    .await;
}

#[tokio::test]
async fn a_snapshot_in_place_of_events_makes_it_look_again() {
    let (told, gap) = tokio::sync::watch::channel(Cut::Next);
    let more = move || vec![Step::UntilBroken(vec![Step::Hold], gap.clone()), Step::Send(snapshot(true).into_bytes())];
    let hub = Silent::start(0, more).await;
    meanwhile(move || {
        let home = Home::new();
        let mut waiting = hub.waiting(&home);
        hub.looks(2);
        hub.over.store(true, Ordering::SeqCst);
        told.send_replace(Cut::Next);
        assert_eq!(waiting.wait().code(), Some(6));
    })
    .await;
}
