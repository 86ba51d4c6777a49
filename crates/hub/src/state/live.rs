//! What is true now: the jobs that are not over, the questions that are open, the newest events, and the counts.
//!
//! One lock guards all of it, so that a snapshot and the place in the feed where it stands are taken in one step. Only
//! the writer changes it, after the change is committed; nothing awaits and no foreign code runs under the lock.

use std::{
    cmp::Reverse,
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use doorbell_protocol::{
    Counts, Epoch, EventId, FeedMessage, Job, JobId, JobState, Progress, Question, QuestionId, QuestionState, Sequence, Timestamp, limits,
};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use tokio::{sync::watch, time::Instant};

use crate::{
    domain::{job::Record, rights::Actor},
    figures::Count,
    state::ring::Ring,
    state::{
        frame::{Frame, begin, message},
        progress::{ProgressMap, Teller},
    },
    store::{Change, Loaded, StoredEvent},
};

pub(crate) struct Live {
    now: Mutex<Now>,
    /// Whoever waits for a change of jobs or questions waits here.
    wake: watch::Sender<()>,
    /// Claims wait here: a job may have become free, or a slot.
    queue: watch::Sender<()>,
    /// List pages wait here: for the same changes, and for jobs that are deleted.
    lists: watch::Sender<()>,
    /// Subscribers of the feed wait here: for events and keepalives.
    feed: watch::Sender<()>,
}

pub(crate) struct Now {
    pub(crate) epoch: Epoch,
    /// The sequence of the newest event.
    pub(crate) seq: Sequence,
    pub(crate) ring: Ring,
    /// When the newest event was put on the feed, or the hub started.
    pub(crate) told_at: Instant,
    /// Counts the keepalives of the feed.
    pub(crate) keepalives: u64,
    /// Counts commits. It begins at a random number, so that a list of an earlier run of the hub is not taken
    /// for a current one.
    pub(crate) commits: u64,
    /// Could be counted from `active`, but each event carries the counts, and counting all jobs under the
    /// lock for each of them made a start slower with every job that runs: 2,500 starts a second instead of
    /// 8,300. The writer's random test compares them with a count from scratch after every batch.
    pub(crate) counts: Counts,
    /// Every queued and running job.
    pub(crate) active: HashMap<JobId, Record>,
    /// Every open question.
    pub(crate) questions: HashMap<QuestionId, Question>,
    /// Snapshots that were told in place of events that were gone.
    pub(crate) gaps: Count,
    /// What every snapshot says until the next commit, encoded when the first is asked for. A snapshot may
    /// have 3 MiB, and it is encoded under the lock that every change needs: when thousands of subscribers
    /// come back at once, or fall behind, they share one. Measured with 600 running jobs in a debug build:
    /// 148 ms of the lock for each subscriber before, 3 µs after.
    encoded: Option<Frame>,
}

/// The part of a [`Snapshot`](doorbell_protocol::Snapshot) that is the same for all who get it.
#[derive(Serialize)]
struct Shared {
    counts: Counts,
    running: Vec<Box<RawValue>>,
    questions: Vec<Box<RawValue>>,
}

/// The part that differs.
#[derive(Serialize)]
struct Own {
    now: Timestamp,
    gap: bool,
}

impl Live {
    pub(crate) fn new(loaded: Loaded) -> Self {
        let mut ring = Ring::default();
        for event in &loaded.events {
            ring.push(event.seq, encode(loaded.epoch, event));
        }
        let counts = counts(loaded.active.iter());
        let active = loaded.active.into_iter().map(|record| (record.job.id, record)).collect();
        let questions = loaded.questions.into_iter().map(|question| (question.id, question)).collect();
        let commits = rand::random::<u64>() >> 1;
        let now = Now {
            epoch: loaded.epoch,
            seq: loaded.seq,
            ring,
            told_at: Instant::now(),
            keepalives: 0,
            commits,
            counts,
            active,
            questions,
            gaps: Count::default(),
            encoded: None,
        };
        let [wake, queue, lists, feed] = Default::default();
        Self { now: Mutex::new(now), wake, queue, lists, feed }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Now> {
        // Nothing under the lock leaves a change half done, so a panic elsewhere spoils nothing.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells what was committed, in the order of the commits, and wakes whoever waits. They are woken when the lock is free
    /// again, as they will all want it. What is known of the progress of jobs that do not run any more is dropped.
    pub(crate) fn publish(&self, changes: Vec<Change>, progress: &ProgressMap) {
        if changes.is_empty() {
            return;
        }
        let moves_the_queue = changes.iter().any(moves_the_queue);
        let is_told = changes.iter().any(|change| change.event.is_some());
        let mut now = self.lock();
        for change in changes {
            if change.record.job.state != JobState::Running {
                progress.drop_report(change.record.job.id);
            }
            now.apply(change);
        }
        now.commits += 1;
        now.encoded = None;
        drop(now);
        self.wake.send_replace(());
        if moves_the_queue {
            self.queue.send_replace(());
        }
        self.lists.send_replace(());
        if is_told {
            self.feed.send_replace(());
        }
    }

    /// Tells all subscribers of the feed that the hub is there.
    pub(crate) fn keep_alive(&self) {
        self.lock().keepalives += 1;
        self.feed.send_replace(());
    }

    /// Tells list pages that jobs were deleted, which is no news to anybody else.
    pub(crate) fn tell_deleted(&self) {
        self.lists.send_replace(());
    }

    /// Sees every commit that changed jobs or questions from now on.
    pub(crate) fn commits(&self) -> watch::Receiver<()> {
        self.wake.subscribe()
    }

    /// Sees every commit from now on by which a claim may find a job that it did not find before.
    pub(crate) fn queue(&self) -> watch::Receiver<()> {
        self.queue.subscribe()
    }

    /// Sees every event and every keepalive of the feed from now on.
    pub(crate) fn feed(&self) -> watch::Receiver<()> {
        self.feed.subscribe()
    }

    /// Sees every change from now on of what lists of jobs show.
    pub(crate) fn lists(&self) -> watch::Receiver<()> {
        self.lists.subscribe()
    }
}

impl Now {
    pub(crate) fn event_id(&self) -> EventId {
        EventId { epoch: self.epoch, seq: self.seq }
    }

    /// Keeps `progress` of a job that runs, and gives the job. [`ProgressMap`] says which report is kept.
    pub(crate) fn report(&self, known: &ProgressMap, id: JobId, teller: Teller, progress: Progress, at: Timestamp) -> Option<&Job> {
        let job = self.active.get(&id).map(|record| &record.job).filter(|job| job.state == JobState::Running)?;
        known.keep(id, teller, progress, at);
        Some(job)
    }

    /// What `actor` sees. Oldest start first. Of more than [`limits::LIST_BYTES`] hold, those that started last; the counts tell them all.
    pub(crate) fn running(&self, actor: Actor) -> Vec<Job> {
        self.fitting_running(|record| record.is_seen_by(actor)).map(|(job, _)| job.clone()).collect()
    }

    /// How many jobs `actor` sees.
    pub(crate) fn counts_for(&self, actor: Actor) -> Counts {
        match actor.sees_only() {
            None => self.counts,
            Some(_) => counts(self.active.values().filter(|record| record.is_seen_by(actor))),
        }
    }

    /// What `actor` sees, of one job or of all. Oldest first, as many as [`limits::LIST_BYTES`] hold.
    pub(crate) fn open_questions(&self, actor: Actor, of: Option<JobId>) -> Vec<Question> {
        let is_seen = |job: JobId| self.active.get(&job).is_some_and(|record| record.is_seen_by(actor));
        let wanted = |question: &Question| of.is_none_or(|of| question.job == of) && is_seen(question.job);
        self.fitting_questions(wanted).map(|(question, _)| question.clone()).collect()
    }

    /// The state at this place of the feed, as a message in two frames: what all who are told it now share,
    /// and what differs. The hub's clock is in the second one, so it is right to the moment for each
    /// subscriber.
    pub(crate) fn snapshot(&mut self, at: Timestamp, gap: bool) -> [Frame; 2] {
        if gap {
            self.gaps.add_one();
        }
        let shared = match self.encoded.take() {
            Some(encoded) => encoded,
            None => self.encode(),
        };
        self.encoded = Some(shared.clone());
        let own = json(&Own { now: at, gap });
        [shared, Frame::new(&format!(",{}\n\n", own.trim_start_matches('{')))]
    }

    /// The beginning of a [`Snapshot`](doorbell_protocol::Snapshot).
    fn encode(&self) -> Frame {
        let shared = Shared {
            counts: self.counts,
            running: self.fitting_running(|_| true).map(|(_, json)| json).collect(),
            questions: self.fitting_questions(|_| true).map(|(_, json)| json).collect(),
        };
        let data = json(&shared);
        Frame::new(&begin(self.event_id(), FeedMessage::SNAPSHOT, data.strip_suffix('}').unwrap_or(&data)))
    }

    fn fitting_running(&self, is_wanted: impl Fn(&Record) -> bool) -> impl Iterator<Item = (&Job, Box<RawValue>)> {
        let running = self.active.values().filter(|record| record.job.state == JobState::Running && is_wanted(record));
        let mut jobs: Vec<&Job> = running.map(|record| &record.job).collect();
        jobs.sort_by_key(|job| Reverse((job.started_at, job.id)));
        fitting(jobs).into_iter().rev()
    }

    fn fitting_questions(&self, is_wanted: impl Fn(&Question) -> bool) -> impl Iterator<Item = (&Question, Box<RawValue>)> {
        let mut questions: Vec<&Question> = self.questions.values().filter(|question| is_wanted(question)).collect();
        questions.sort_by_key(|question| (question.asked_at, question.id));
        fitting(questions).into_iter()
    }

    fn apply(&mut self, Change { record, question, event }: Change) {
        if let Some(event) = event {
            self.seq = event.seq;
            self.told_at = Instant::now();
            self.ring.push(event.seq, encode(self.epoch, &event));
        }
        if let Some(question) = question {
            if question.state == QuestionState::Open {
                self.questions.insert(question.id, question);
            } else {
                self.questions.remove(&question.id);
            }
        }
        let after = share(&record);
        let before = match record.job.state.is_over() {
            true => self.active.remove(&record.job.id),
            false => self.active.insert(record.job.id, record),
        };
        recount(&mut self.counts, before.as_ref().map(share).unwrap_or_default(), after);
    }
}

/// Whether a job is free for a claim, or one has ended and so has freed a slot and those that wait for it.
fn moves_the_queue(Change { record, question, .. }: &Change) -> bool {
    question.is_none() && record.job.state != JobState::Running
}

fn encode(epoch: Epoch, event: &StoredEvent) -> Frame {
    Frame::new(&message(EventId { epoch, seq: event.seq }, event.kind.as_str(), &event.data))
}

/// The first of `items`, as many as fit [`limits::LIST_BYTES`] of JSON, each with its JSON.
fn fitting<T: Serialize>(items: Vec<&T>) -> Vec<(&T, Box<RawValue>)> {
    let mut left = limits::LIST_BYTES;
    let encoded = items.into_iter().map_while(|item| {
        let json = to_raw_value(item).ok()?;
        left = left.checked_sub(json.get().len() + 1)?;
        Some((item, json))
    });
    encoded.collect()
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("what a hub tells can be written as JSON")
}

/// Counts from scratch; after that, [`recount`] keeps step.
pub(crate) fn counts<'a>(active: impl Iterator<Item = &'a Record>) -> Counts {
    let mut counts = Counts::default();
    for record in active {
        recount(&mut counts, Counts::default(), share(record));
    }
    counts
}

/// What one job adds to the counts.
pub(crate) fn share(record: &Record) -> Counts {
    let mut share = Counts { waiting: record.job.waiting, ..Counts::default() };
    match record.job.state {
        JobState::Running => share.running = 1,
        JobState::Queued => share.queued = 1,
        JobState::Succeeded | JobState::Failed | JobState::Cancelled | JobState::Lost | JobState::Unknown => {}
    }
    share
}

/// Puts `after` in the place of what a job has added so far.
pub(crate) fn recount(counts: &mut Counts, before: Counts, after: Counts) {
    counts.running = counts.running + after.running - before.running;
    counts.queued = counts.queued + after.queued - before.queued;
    counts.waiting = counts.waiting + after.waiting - before.waiting;
}

#[cfg(test)]
pub(crate) mod tests;
