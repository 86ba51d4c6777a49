//! Everybody comes back at once.

use doorbell_protocol::FeedMessage;
use futures_util::future::join_all;

use crate::{
    raw::Raw,
    support::{LONG, TestHub},
};

const CLIENTS: usize = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_who_come_back_at_once_are_all_told_right_and_leave_nothing_behind() {
    let hub = TestHub::start().await;
    let (start, _) = hub.feed(None).await.snapshot().await;
    let storm = join_all((0..CLIENTS).map(async |client| {
        let mut raw = Raw::connect(hub.address).await;
        let knows = client % 2 == 0;
        raw.listen(&hub, &if knows { format!("Last-Event-ID: {start}\r\n") } else { String::new() }).await;
        // Who knows the start hears every event; who does not starts from a snapshot and hears what comes after it.
        let mut seq = start.seq.0;
        let mut running = 0;
        while seq < 20 {
            let (id, message) = raw.next().await;
            match message {
                FeedMessage::Snapshot(snapshot) => {
                    assert!(!knows && !snapshot.gap && seq == start.seq.0);
                    running = snapshot.counts.running;
                }
                FeedMessage::Event(event) => {
                    assert_eq!(id.seq.0, seq + 1);
                    running = event.data().counts.running;
                }
            }
            seq = id.seq.0;
        }
        assert_eq!((seq, running), (20, 0));
        // Half of them hang up rudely.
        if client % 4 < 2 {
            raw.reset();
        }
    }));
    let jobs = async {
        for n in 0..10 {
            let job = hub.started(&n.to_string()).await.job;
            hub.finish(job.id, "succeeded").await;
        }
    };
    tokio::join!(storm, jobs);
    hub.until_listeners_are(0, LONG).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_whom_a_restart_throws_out_come_back_and_have_missed_nothing() {
    let hub = TestHub::start().await;
    let (start, _) = hub.feed(None).await.snapshot().await;
    let mut thrown_out = Vec::new();
    for _ in 0..CLIENTS {
        let mut raw = Raw::connect(hub.address).await;
        raw.listen(&hub, &format!("Last-Event-ID: {start}\r\n")).await;
        thrown_out.push(raw);
    }
    let first = hub.started("first").await.job;
    let first_event = thrown_out[0].next().await.0;
    let hub = hub.restart().await;
    // Some were thrown out before they heard of the first job. Each comes back with what it has.
    let mut heard = Vec::new();
    for (client, mut raw) in thrown_out.into_iter().enumerate() {
        let has_heard = client == 0 || raw.rest().await.contains(&format!("id: {first_event}\n"));
        heard.push(if has_heard { first_event } else { start });
    }

    let storm = join_all(heard.into_iter().map(async |last| {
        let mut raw = Raw::connect(hub.address).await;
        raw.listen(&hub, &format!("Last-Event-ID: {last}\r\n")).await;
        for seq in last.seq.0 + 1..=21 {
            let (id, message) = raw.next().await;
            assert!(matches!(message, FeedMessage::Event(_)));
            assert_eq!((id.epoch, id.seq.0), (start.epoch, seq));
        }
    }));
    let jobs = async {
        for n in 0..10 {
            let job = hub.started(&n.to_string()).await.job;
            hub.finish(job.id, "succeeded").await;
        }
    };
    tokio::join!(storm, jobs);
    assert_eq!(hub.running().await.jobs.iter().map(|job| job.id).collect::<Vec<_>>(), [first.id]);
    hub.until_listeners_are(0, LONG).await;
}
