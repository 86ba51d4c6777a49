//! A hub that is killed again and again under load keeps every change that it acknowledged.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use doorbell_client::Client;
use doorbell_protocol::{
    EventId, JobId, JobState, Outcome,
    jobs::{FinishReport, NewJob},
};
use doorbell_tests::{Home, Hub, hub::SOON};
use uuid::Uuid;

/// All rounds together.
const TIME: Duration = Duration::from_secs(8);
const ROUNDS: u32 = 6;
const CALLERS: usize = 8;

/// A job whose start was acknowledged, and how far its end came.
struct Known {
    id: JobId,
    end: End,
}

enum End {
    NotAsked,
    Asked,
    Acknowledged,
}

#[test]
fn whatever_was_acknowledged_is_there_however_often_the_hub_is_killed() {
    let home = Home::new();
    let start = Instant::now();
    let mut known: Vec<Known> = Vec::new();
    let mut follower = Follower::default();
    for round in 0..ROUNDS {
        let hub = Hub::start(&home);
        known.extend(thread::scope(|scope| {
            scope.spawn(|| follower.follow(&hub, u64::MAX));
            let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(|| call_until_it_is_gone(&hub))).collect();
            // Each round is killed at another point of its life.
            let pid = hub.pid();
            thread::sleep(Duration::from_millis(60 + u64::from(round) * 110));
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
            callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect::<Vec<_>>()
        }));
        hub.kill();
        if start.elapsed() > TIME {
            break;
        }
    }
    let hub = Hub::start(&home);
    assert!(known.len() > CALLERS, "only {} starts were acknowledged", known.len());
    for Known { id, end } in &known {
        let state = hub.ask(async |client| client.job(*id).await).unwrap().state;
        match end {
            End::NotAsked => assert_eq!(state, JobState::Running),
            End::Asked => assert!(matches!(state, JobState::Running | JobState::Succeeded), "{state:?}"),
            End::Acknowledged => assert_eq!(state, JobState::Succeeded),
        }
    }
    let (seq, replayed) = (hub.stats().seq.0, hub.replayed());
    let ended = known.iter().filter(|job| matches!(job.end, End::Acknowledged)).count();
    assert!(seq >= u64::try_from(known.len() + ended).unwrap());
    follower.follow(&hub, seq);
    assert_eq!(follower.heard, (1..=seq).collect::<Vec<_>>());
    assert_eq!(replayed, (seq - replayed.len() as u64 + 1..=seq).collect::<Vec<_>>());
}

/// Listens to one hub after the other, and comes back to each with the last event that it heard in full.
#[derive(Default)]
struct Follower {
    last: Option<String>,
    heard: Vec<u64>,
}

impl Follower {
    /// Until the hub is gone, or the event `until` was heard.
    fn follow(&mut self, hub: &Hub, until: u64) {
        if self.heard.last() == Some(&until) {
            return;
        }
        let Ok(mut socket) = TcpStream::connect(hub.address()) else { return };
        socket.set_read_timeout(Some(SOON)).expect("a socket");
        let last = self.last.as_ref().map_or_else(String::new, |last| format!("Last-Event-ID: {last}\r\n"));
        let token = hub.endpoint().token().expose();
        // By HTTP/1.0, so that the answer has no chunks.
        let request = format!("GET /v1/feed HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{last}\r\n");
        if socket.write_all(request.as_bytes()).is_err() {
            return;
        }
        let (mut id, mut event) = (None, None);
        for line in BufReader::new(socket).lines().map_while(Result::ok) {
            match line.split_once(": ") {
                Some(("id", value)) => id = Some(value.to_owned()),
                Some(("event", value)) => event = Some(value.to_owned()),
                Some(_) => {}
                // Only the end of a block makes it one.
                None if line.is_empty() => {
                    if let (Some(id), Some(event)) = (id.take(), event.take()) {
                        self.hear(id, &event);
                    }
                    if self.heard.last() == Some(&until) {
                        return;
                    }
                }
                None => {}
            }
        }
    }

    fn hear(&mut self, id: String, event: &str) {
        if event == "snapshot" {
            assert_eq!(self.last, None, "events were lost");
        } else {
            let id: EventId = id.parse().expect("an id of the feed");
            self.heard.push(id.seq.0);
        }
        self.last = Some(id);
    }
}

/// Starts jobs and ends every other one.
fn call_until_it_is_gone(hub: &Hub) -> Vec<Known> {
    let mut known = Vec::new();
    let all = hub.ask(async |client: Client| {
        for n in 0_u32.. {
            let id = JobId(Uuid::now_v7());
            let made = client.create_job(&NewJob { id: Some(id), name: "make".to_owned(), start: true, ..NewJob::default() }).await?;
            known.push(Known { id, end: End::NotAsked });
            if n % 2 == 0 {
                let job = known.len() - 1;
                known[job].end = End::Asked;
                let fence = made.lease.expect("its lease").fence;
                let report = FinishReport { fence, outcome: Outcome::Succeeded, exit_code: None, failure: None, finished_at: None };
                client.finish_job(id, &report).await?;
                known[job].end = End::Acknowledged;
            }
        }
        Ok(())
    });
    assert!(all.is_err(), "the hub was killed");
    known
}
