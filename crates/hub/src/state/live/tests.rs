//! Changes in the middle of a subscription, on real threads: nothing is lost and nothing comes twice.
//!
//! Why not `loom` or `shuttle`, which try all or many orders of threads: what could go wrong is between the
//! lock and tokio's `watch`, namely a commit that is seen neither by the look nor by the wait. `watch` builds
//! under neither tool, and a stand-in for it would be what is tested. So the first test lets subscribers come
//! and go thousands of times, and in the second each of 20,000 events is the last one until all have heard
//! it, so that nothing else would wake a sleeper. It was tried: a subscriber that marks what it has seen
//! after it has let go of the lock fails the second test within its first run.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use doorbell_protocol::{EventKind, Fence, jobs::NewJob};
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::*;
use crate::{
    domain::{
        job,
        rights::{Actor, Principal},
    },
    feed::subscriber::{Subscriber, Subscribers},
    state::frame::Framing,
};

const ROUNDS: u64 = 30;
const EVENTS: u64 = 300;
const LISTENERS: u64 = 4;
const WAITS: u64 = 20_000;
/// Nothing that is waited for takes this long.
const LONG: Duration = Duration::from_secs(20);

#[test]
fn a_change_while_somebody_subscribes_is_neither_lost_nor_told_twice() {
    for round in 0..ROUNDS {
        let live = Arc::new(empty());
        let listening = Subscribers::default();
        thread::scope(|scope| {
            for listener in 0..LISTENERS {
                let (live, listening) = (live.clone(), listening.clone());
                scope.spawn(move || listen(&live, &listening, round + listener));
            }
            for seq in 1..=EVENTS {
                live.publish(vec![started(seq)], &ProgressMap::default());
                if (seq + round) % 7 == 0 {
                    thread::yield_now();
                }
            }
        });
        assert_eq!(listening.count(), 0);
    }
}

#[test]
fn a_change_while_somebody_is_about_to_wait_wakes_it() {
    let live = Arc::new(empty());
    let heard: [AtomicU64; 2] = Default::default();
    thread::scope(|scope| {
        for heard in &heard {
            let mut subscriber =
                Subscriber::new(live.clone(), Some(Some(EventId { epoch: Epoch(7), seq: Sequence(0) })), &Subscribers::default());
            scope.spawn(move || {
                let runtime = runtime();
                while heard.load(Ordering::Acquire) < WAITS {
                    match next(&mut subscriber) {
                        None if wait(&runtime, &mut subscriber) => {}
                        None => {
                            // Whoever publishes must not wait for this thread.
                            heard.store(u64::MAX, Ordering::Release);
                            panic!("it was not woken");
                        }
                        Some(text) => {
                            if let Some((_, seq, _)) = read(&text) {
                                heard.store(seq, Ordering::Release);
                            }
                        }
                    }
                }
            });
        }
        // Each event is the last one until everybody has heard it, so nothing else would wake a sleeper.
        for seq in 1..=WAITS {
            live.publish(vec![started(seq)], &ProgressMap::default());
            while heard.iter().any(|heard| heard.load(Ordering::Acquire) < seq) {
                std::hint::spin_loop();
            }
        }
    });
}

#[test]
fn a_storm_shares_one_snapshot_until_the_next_commit() {
    let live = Arc::new(empty());
    let publish = |seqs: std::ops::RangeInclusive<u64>| live.publish(seqs.map(started).collect(), &ProgressMap::default());
    // The large part of what a new subscriber is sent, as it lies in memory.
    let shared = |last| {
        let mut subscriber = Subscriber::new(live.clone(), last, &Subscribers::default());
        subscriber.next().unwrap();
        subscriber.next().unwrap().framed(Framing::Chunked).as_ptr()
    };
    publish(1..=500);
    let first = shared(None);
    // With and without a gap.
    assert_eq!([shared(None), shared(Some(None))], [first, first]);
    // One who has not read it yet keeps it, so that no other can lie in its place.
    let _slow = Subscriber::new(live.clone(), None, &Subscribers::default());
    publish(501..=501);
    assert_ne!(shared(None), first);
}

#[test]
fn a_snapshot_says_what_is_true_when_it_is_told() {
    let live = Arc::new(empty());
    for (jobs, gap) in [(0, false), (1, true), (400, false), (400, true)] {
        let before = live.lock().active.len() as u64;
        live.publish((before + 1..=jobs).map(started).collect(), &ProgressMap::default());
        let told_at = Timestamp::EPOCH + Duration::from_secs(jobs);
        let frames = live.lock().snapshot(told_at, gap);
        let text: String = frames.iter().map(|frame| std::str::from_utf8(frame.framed(Framing::UntilClose)).unwrap()).collect();
        let data = text.strip_suffix("\n\n").unwrap().rsplit_once("\ndata: ").unwrap().1;
        let now = live.lock();
        let (counts, running, questions) = (now.counts, now.running(Actor::OWNER), now.open_questions(Actor::OWNER, None));
        assert_eq!(running.len() as u64, jobs);
        let expected = doorbell_protocol::Snapshot { counts, running, questions, now: told_at, gap };
        assert_eq!(data, serde_json::to_string(&expected).unwrap());
    }
}

#[test]
fn claims_look_only_when_there_may_be_something_for_them() {
    let live = empty();
    let mut queue = live.queue();
    let mut wakes = |change: Change| {
        live.publish(vec![change], &ProgressMap::default());
        queue.has_changed().unwrap().then(|| queue.mark_unchanged()).is_some()
    };
    let running = started(1);
    let moved = |state| {
        let mut change = started(1);
        change.record.job.state = state;
        change
    };
    assert!(!wakes(running));
    assert!(wakes(moved(JobState::Queued)));
    for over in [JobState::Succeeded, JobState::Failed, JobState::Cancelled, JobState::Lost] {
        assert!(wakes(moved(over)), "{over:?}");
    }
}

/// Subscribes again and again, each time from where it was, until it has heard the last event.
fn listen(live: &Arc<Live>, listening: &Subscribers, seed: u64) {
    let runtime = runtime();
    let mut last = None;
    while last != Some(EVENTS) {
        let id = last.map(|seq| Some(EventId { epoch: Epoch(7), seq: Sequence(seq) }));
        let mut subscriber = Subscriber::new(live.clone(), id, listening);
        // Some stay to the end.
        let stay = if seed.is_multiple_of(3) { EVENTS } else { 1 + (seed + last.unwrap_or(0)) % 5 };
        let mut heard = 0;
        while heard < stay && last != Some(EVENTS) {
            let Some(text) = next(&mut subscriber) else {
                assert!(wait(&runtime, &mut subscriber), "it was not woken");
                continue;
            };
            if let Some((kind, seq, running)) = read(&text) {
                match (kind, last) {
                    (FeedMessage::SNAPSHOT, None) => {}
                    (_, Some(last)) => assert_eq!((kind, seq), ("job.started", last + 1)),
                    (_, None) => panic!("{kind} before a snapshot"),
                }
                // Each event starts a job, so the counts belong to this very place of the feed.
                assert_eq!(running, seq);
                last = Some(seq);
                heard += 1;
            }
        }
    }
}

pub(crate) fn empty() -> Live {
    Live::new(Loaded {
        epoch: Epoch(7),
        seq: Sequence(0),
        events: Vec::new(),
        active: Vec::new(),
        schedules: Vec::new(),
        questions: Vec::new(),
    })
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

/// Whether the subscriber was woken.
fn wait(runtime: &Runtime, subscriber: &mut Subscriber) -> bool {
    runtime.block_on(async { tokio::time::timeout(LONG, subscriber.woken()).await }).is_ok()
}

/// The next frame, or all the frames of a message that has several.
fn next(subscriber: &mut Subscriber) -> Option<String> {
    let mut text = String::new();
    loop {
        match subscriber.next() {
            Some(frame) => text += std::str::from_utf8(frame.framed(Framing::UntilClose)).unwrap(),
            None if text.is_empty() => return None,
            None => panic!("half a message: {text:?}"),
        }
        if text.ends_with("\n\n") {
            return Some(text);
        }
    }
}

/// What a message is, where it stands, and how many jobs it says run.
fn read(text: &str) -> Option<(&'static str, u64, u64)> {
    let field = |name| text.lines().find_map(|line: &str| line.strip_prefix(name));
    let kind = if field("event: ")? == FeedMessage::SNAPSHOT { FeedMessage::SNAPSHOT } else { EventKind::JobStarted.as_str() };
    let id: EventId = field("id: ")?.parse().unwrap();
    let data: serde_json::Value = serde_json::from_str(field("data: ")?).unwrap();
    Some((kind, id.seq.0, data["counts"]["running"].as_u64()?))
}

pub(crate) fn started(seq: u64) -> Change {
    let new = NewJob { name: "make".to_owned(), start: true, ..NewJob::default() };
    let record = job::create(JobId(Uuid::from_u128(u128::from(seq))), new, Principal::Owner, Fence(1), Timestamp::EPOCH).record;
    let data = format!(r#"{{"counts":{{"running":{seq}}}}}"#);
    Change { record, question: None, event: Some(StoredEvent { seq: Sequence(seq), kind: EventKind::JobStarted, data }) }
}
