//! A hub without a database, a clock or leases: the reference that a client is held against.

use std::{
    collections::{BTreeMap, BTreeSet},
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
    running: BTreeSet<u8>,
    /// The open questions, in the order in which they were asked, with their jobs.
    questions: BTreeMap<u32, u8>,
    /// How many were asked.
    asked: u32,
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
            truth.running.insert(n);
            let job = truth.job(n, "running");
            truth.tell("job.started", &job);
        });
    }

    /// Job `n` ends, if it runs. What it has asked is closed first.
    pub fn finish(&self, n: u8) {
        self.commit(|truth| {
            while truth.close_oldest(n, "closed") {}
            if truth.running.remove(&n) {
                let job = truth.job(n, "succeeded");
                truth.tell("job.finished", &job);
            }
        });
    }

    /// Job `n` asks something, if it runs.
    pub fn ask(&self, n: u8) {
        self.commit(|truth| {
            if truth.running.contains(&n) {
                truth.asked += 1;
                truth.questions.insert(truth.asked, n);
                truth.tell_question("question.asked", n, &question(truth.asked, n, "open"));
            }
        });
    }

    /// Somebody answers what job `n` asked first, if it asked anything.
    pub fn answer(&self, n: u8) {
        self.commit(|truth| {
            truth.close_oldest(n, "answered");
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
        self.truth().running.iter().copied().collect()
    }

    /// The jobs that wait for an answer.
    #[must_use]
    pub fn waiting(&self) -> BTreeSet<u8> {
        self.truth().questions.values().copied().collect()
    }

    /// What was asked first, of what is open.
    #[must_use]
    pub fn oldest_question(&self) -> Option<String> {
        self.truth().questions.keys().next().map(|asked| prompt(*asked))
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
            let jobs = truth.jobs();
            let list = json!({"epoch": epoch, "seq": truth.events.len(), "now": NOW, "counts": truth.counts(), "jobs": jobs});
            return vec![Step::Send(answer("200 OK", &headers, &list.to_string()))];
        }
        let last = request.head.lines().find_map(|line| line.strip_prefix("last-event-id: ")).and_then(|id| id.split_once('-'));
        let replayable = truth.forgotten..=truth.events.len();
        let cursor = last.filter(|(epoch, _)| *epoch == format!("{:016x}", truth.epoch)).and_then(|(_, seq)| seq.parse().ok());
        let cursor = cursor.filter(|seq: &usize| replayable.contains(seq));
        let mut first = "retry: 1000\n\n".to_owned();
        if cursor.is_none() {
            let questions: Vec<Value> = truth.questions.iter().map(|(asked, job)| question(*asked, *job, "open")).collect();
            let snapshot = json!({"counts": truth.counts(), "running": truth.jobs(), "questions": questions, "now": NOW,
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
        json!({"running": self.running.len(), "queued": 0, "waiting": self.questions.len()})
    }

    fn jobs(&self) -> Vec<Value> {
        self.running.iter().map(|n| self.job(*n, "running")).collect()
    }

    fn job(&self, n: u8, state: &str) -> Value {
        let waiting = self.questions.values().filter(|job| **job == n).count();
        json!({"id": job_id(n), "key": "k", "name": format!("job {n}"), "state": state, "created_at": NOW, "started_at": NOW, "attempt": 1,
            "waiting": waiting})
    }

    /// Closes what job `n` asked first; whether there was anything.
    fn close_oldest(&mut self, n: u8, state: &str) -> bool {
        let Some(asked) = self.questions.iter().find_map(|(asked, job)| (*job == n).then_some(*asked)) else { return false };
        self.questions.remove(&asked);
        self.tell_question("question.closed", n, &question(asked, n, state));
        true
    }

    /// Every second hub is an old one, which does not say what is to be answered first.
    fn names_the_oldest(&self) -> bool {
        self.epoch % 2 == 1
    }

    fn tell_question(&mut self, event: &str, job: u8, question: &Value) {
        let mut data = json!({"at": NOW, "counts": self.counts(), "job": self.job(job, "running"), "question": question});
        if let Some((asked, job)) = self.questions.first_key_value().filter(|_| self.names_the_oldest()) {
            data["head"] = self::question(*asked, *job, "open");
        }
        self.push(event, &data);
    }

    fn tell(&mut self, event: &str, job: &Value) {
        self.push(event, &json!({"at": NOW, "counts": self.counts(), "job": job}));
    }

    fn push(&mut self, event: &str, data: &Value) {
        let id = format!("{:016x}-{}", self.epoch, self.events.len() + 1);
        self.events.push(format!("id: {id}\nevent: {event}\ndata: {data}\n\n"));
    }
}

fn job_id(n: u8) -> String {
    format!("00000000-0000-7000-8000-0000000000{n:02x}")
}

fn question(asked: u32, job: u8, state: &str) -> Value {
    let id = format!("00000000-0000-7000-9000-{asked:012x}");
    let at = format!("2026-11-21T{:02}:{:02}:{:02}.000Z", asked / 3_600 % 24, asked / 60 % 60, asked % 60);
    json!({"id": id, "job": job_id(job), "state": state, "prompt": prompt(asked), "free_text": true, "asked_at": at})
}

fn prompt(asked: u32) -> String {
    format!("question {asked}")
}
