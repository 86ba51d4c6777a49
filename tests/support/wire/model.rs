//! A hub without a database, a clock or leases: the reference that a client is held against.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{sync::watch, time::timeout};

use super::{
    script::{Step, answer, feed_head},
    server::Request,
};

const KEEPALIVE: Duration = Duration::from_secs(30);
const NOW: &str = "2026-11-21T10:00:00.000Z";

/// What is true, and what was told.
#[derive(Debug)]
pub struct ModelHub {
    truth: Mutex<Truth>,
    commits: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Truth {
    epoch: u64,
    /// Every event of this epoch, in order.
    events: Vec<String>,
    /// Events that can no longer be replayed.
    forgotten: usize,
    running: BTreeMap<u8, Value>,
}

impl Default for ModelHub {
    fn default() -> Self {
        let truth = Truth { epoch: 1, ..Truth::default() };
        Self { truth: Mutex::new(truth), commits: watch::Sender::new(()) }
    }
}

impl ModelHub {
    /// Job `n` runs.
    pub fn start(&self, n: u8) {
        self.commit(|truth| {
            let job = job(n, "running");
            truth.running.insert(n, job.clone());
            truth.tell("job.started", &job);
        });
    }

    /// Job `n` ends, if it runs.
    pub fn finish(&self, n: u8) {
        self.commit(|truth| {
            if truth.running.remove(&n).is_some() {
                truth.tell("job.finished", &job(n, "succeeded"));
            }
        });
    }

    /// Another hub takes its place: no sequence of the old one means anything, and nothing runs.
    pub fn replace(&self) {
        self.commit(|truth| *truth = Truth { epoch: truth.epoch + 1, ..Truth::default() });
    }

    /// Nothing that was told can be replayed.
    pub fn forget(&self) {
        self.commit(|truth| truth.forgotten = truth.events.len());
    }

    /// The jobs that run.
    #[must_use]
    pub fn running(&self) -> Vec<u8> {
        self.truth().running.keys().copied().collect()
    }

    /// How a healthy hub plays a request.
    #[must_use]
    pub fn play(self: &Arc<Self>, request: &Request) -> Vec<Step> {
        let truth = self.truth();
        let newest = format!("{:016x}-{}", truth.epoch, truth.events.len());
        if request.path != "/v1/feed" {
            let etag = format!("\"{newest}\"");
            let headers = format!("ETag: {etag}\r\nContent-Type: application/json\r\n");
            if request.head.contains(&format!("if-none-match: {etag}")) {
                return vec![Step::Send(answer("304 Not Modified", &headers, ""))];
            }
            let epoch = format!("{:016x}", truth.epoch);
            let jobs: Vec<&Value> = truth.running.values().collect();
            let list = json!({"epoch": epoch, "seq": truth.events.len(), "now": NOW, "counts": truth.counts(), "jobs": jobs});
            return vec![Step::Send(answer("200 OK", &headers, &list.to_string()))];
        }
        let last = request.head.lines().find_map(|line| line.strip_prefix("last-event-id: ")).and_then(|id| id.split_once('-'));
        let replayable = truth.forgotten..=truth.events.len();
        let cursor = last.filter(|(epoch, _)| *epoch == format!("{:016x}", truth.epoch)).and_then(|(_, seq)| seq.parse().ok());
        let cursor = cursor.filter(|seq: &usize| replayable.contains(seq));
        let mut first = "retry: 1000\n\n".to_owned();
        if cursor.is_none() {
            let snapshot = json!({"counts": truth.counts(), "running": truth.running.values().collect::<Vec<_>>(), "now": NOW,
                "gap": last.is_some()});
            let _ = write!(first, "id: {newest}\nevent: snapshot\ndata: {snapshot}\n\n");
        }
        let cursor = cursor.unwrap_or(truth.events.len());
        let head = feed_head(Some(&newest));
        vec![Step::Send([head, first.into_bytes()].concat()), Step::Follow(Arc::clone(self), cursor as u64)]
    }

    /// How a hub plays a request whose connection is cut this many bytes after the head of the answer: in a snapshot, in what was
    /// missed, or behind it.
    #[must_use]
    pub fn play_cut(self: &Arc<Self>, request: &Request, bytes: usize) -> Vec<Step> {
        let mut answer = Vec::new();
        for step in self.play(request) {
            if let Step::Send(bytes) = step {
                answer.extend(bytes);
            } else if let Step::Follow(hub, cursor) = step {
                let cursor = usize::try_from(cursor).unwrap_or(usize::MAX);
                hub.truth().events.iter().skip(cursor).for_each(|event| answer.extend(event.as_bytes()));
            }
        }
        let head = answer.windows(4).position(|end| end == b"\r\n\r\n").map_or(0, |end| end + 4);
        answer.truncate(head + bytes);
        vec![Step::Send(answer)]
    }

    /// The block after `cursor`, or a keepalive.
    pub(super) async fn next(&self, cursor: &mut u64) -> String {
        let mut commits = self.commits.subscribe();
        loop {
            let at = usize::try_from(*cursor).unwrap_or(usize::MAX);
            if let Some(block) = self.truth().events.get(at).cloned() {
                *cursor += 1;
                return block;
            }
            match timeout(KEEPALIVE, commits.changed()).await {
                Ok(_) => {}
                Err(_) => return ": keepalive\n\n".to_owned(),
            }
        }
    }

    fn commit(&self, change: impl FnOnce(&mut Truth)) {
        change(&mut self.truth());
        self.commits.send_replace(());
    }

    fn truth(&self) -> MutexGuard<'_, Truth> {
        self.truth.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Truth {
    fn counts(&self) -> Value {
        json!({"running": self.running.len(), "queued": 0, "waiting": 0})
    }

    fn tell(&mut self, event: &str, job: &Value) {
        let id = format!("{:016x}-{}", self.epoch, self.events.len() + 1);
        let data = json!({"at": NOW, "counts": self.counts(), "job": job});
        self.events.push(format!("id: {id}\nevent: {event}\ndata: {data}\n\n"));
    }
}

fn job(n: u8, state: &str) -> Value {
    let id = format!("00000000-0000-7000-8000-0000000000{n:02x}");
    json!({"id": id, "key": "k", "name": format!("job {n}"), "state": state, "created_at": NOW, "started_at": NOW, "attempt": 1})
}
