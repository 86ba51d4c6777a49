//! Claims whose answers are lost on their way to the worker.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
};

use doorbell_protocol::{
    JobId, JobState,
    jobs::{NewJob, Task},
};
use doorbell_tests::{Home, Hub, Running, eventually, hub::SOON};

/// Passes calls on to a hub, and keeps back the answers to claims that got a job, for as long as it is told to.
struct Thief(Arc<(Mutex<Doing>, Condvar)>);

struct Doing {
    hub: String,
    steals: bool,
    stolen: u32,
}

impl Thief {
    /// In front of the hub at this address, and where that is.
    fn before(hub: &Hub) -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let doing = Doing { hub: address(hub), steals: true, stolen: 0 };
        let thief = Self(Arc::new((Mutex::new(doing), Condvar::new())));
        let shared = thief.0.clone();
        // It ends with the process of the test.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = shared.clone();
                thread::spawn(move || pass(client, &shared));
            }
        });
        (thief, url)
    }

    /// Returns when it has kept an answer back.
    fn has_stolen(&self) {
        let (doing, changed) = &*self.0;
        let doing = doing.lock().unwrap_or_else(PoisonError::into_inner);
        let (doing, late) = changed.wait_timeout_while(doing, SOON, |doing| doing.stolen == 0).unwrap();
        assert!(!late.timed_out() && doing.steals, "no claim came");
    }

    /// From now on it passes everything on, to this hub.
    fn is_honest_before(&self, hub: &Hub) {
        let mut doing = self.0.0.lock().unwrap();
        doing.hub = address(hub);
        doing.steals = false;
    }
}

fn address(hub: &Hub) -> String {
    hub.address().trim_start_matches("http://").to_owned()
}

fn pass(mut client: TcpStream, shared: &(Mutex<Doing>, Condvar)) {
    let address = shared.0.lock().unwrap().hub.clone();
    let Ok(mut hub) = TcpStream::connect(address) else { return };
    let (mut asked, mut up) = (client.try_clone().unwrap(), hub.try_clone().unwrap());
    thread::spawn(move || {
        let _ = std::io::copy(&mut asked, &mut up);
        let _ = up.shutdown(Shutdown::Both);
    });
    let mut block = [0; 64 * 1024];
    while let Ok(size @ 1..) = hub.read(&mut block) {
        let answer = String::from_utf8_lossy(&block[..size]);
        let mut doing = shared.0.lock().unwrap();
        if doing.steals && answer.starts_with("HTTP/1.1 200") && answer.contains("\"lease\"") {
            doing.stolen += 1;
            shared.1.notify_all();
            break;
        }
        drop(doing);
        if client.write_all(&block[..size]).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
}

/// Queues a job for the worker, whose runs leave a line each.
fn queue(hub: &Hub, home: &Home) -> JobId {
    let cwd = Some(home.path("").to_string_lossy().into_owned());
    let task = Task { command: ["sh", "-c", "echo ran >> runs"].map(str::to_owned).to_vec(), cwd, ..Task::default() };
    let job = NewJob { name: "once".to_owned(), host: Some("far".to_owned()), task, ..NewJob::default() };
    hub.ask(async |client| client.create_job(&job).await).unwrap().job.id
}

fn worker(home: &Home, hub: &Hub, url: &str) -> Running {
    let mut worker = home.doorbell(&["worker", "--name", "far"]);
    Running::start(worker.env("DOORBELL_URL", url).env("DOORBELL_TOKEN", hub.endpoint().token().expose()))
}

fn ran_once(hub: &Hub, home: &Home, id: JobId) {
    let ended = || hub.ask(async |client| client.job(id).await).ok().filter(|job| job.state != JobState::Running && job.state.is_over());
    let job = eventually("its end", SOON, ended);
    assert_eq!((job.state, hub.jobs().len()), (JobState::Succeeded, 1));
    assert_eq!(std::fs::read_to_string(home.path("runs")).unwrap(), "ran\n");
    assert_eq!(hub.stats().seq.0, 2, "it was told as started and as finished, and never as lost");
}

#[test]
fn a_job_whose_claim_was_answered_in_vain_runs_once() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let (thief, url) = Thief::before(&hub);
    let mut worker = worker(&home, &hub, &url);
    let id = queue(&hub, &home);
    thief.has_stolen();
    thief.is_honest_before(&hub);
    ran_once(&hub, &home, id);
    worker.signal(rustix::process::Signal::TERM);
    worker.wait();
}

#[test]
fn a_job_whose_claim_was_answered_by_a_hub_that_is_killed_runs_once() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let (thief, url) = Thief::before(&hub);
    let mut worker = worker(&home, &hub, &url);
    let id = queue(&hub, &home);
    thief.has_stolen();
    hub.kill();
    let hub = Hub::start(&home);
    thief.is_honest_before(&hub);
    ran_once(&hub, &home, id);
    worker.signal(rustix::process::Signal::TERM);
    worker.wait();
}
