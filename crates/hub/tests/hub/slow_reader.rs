//! Listeners that stop reading: nobody waits for them, they cost nothing, and they go on from a snapshot.

use std::time::Duration;

use doorbell_hub::bounds;
use doorbell_protocol::FeedMessage;
use futures_util::future::join_all;
use serde_json::json;

use crate::{raw::Raw, support::TestHub};

/// Tells `events` events, an even number, each about `bytes` long.
async fn tell(hub: &TestHub, events: usize, bytes: usize) {
    const CALLERS: usize = 64;
    let command = ["x".repeat(bytes)];
    join_all((0..CALLERS).map(async |caller| {
        for _ in (caller..events / 2).step_by(CALLERS) {
            let new = json!({"name": "make", "start": true, "origin": {"command": command}});
            let created = hub.kept(hub.post("/v1/jobs", new).await.json().await.unwrap());
            assert_eq!(hub.finish(created.job.id, "succeeded").await.status(), 200);
        }
    }))
    .await;
}

async fn narrow_listener(hub: &TestHub) -> Raw {
    let mut raw = Raw::connect_narrow(hub.address).await;
    raw.listen(hub, "").await;
    raw.next().await;
    raw
}

#[tokio::test]
async fn a_reader_that_stands_still_holds_up_nobody_and_goes_on_from_a_snapshot() {
    let hub = TestHub::start().await;
    let mut slow = narrow_listener(&hub).await;
    let mut quick = Raw::connect(hub.address).await;
    quick.listen(&hub, "").await;
    quick.next().await;
    let told = bounds::RING_EVENTS as u64 + 512;
    tokio::join!(tell(&hub, bounds::RING_EVENTS + 512, 1_000), async {
        for seq in 1..=told {
            assert_eq!(quick.next().await.0.seq.0, seq);
        }
    });
    assert_eq!(hub.stats().await.seq.0, told);

    // Now it reads again: what was on its way, in order, then where things stand.
    let mut on_its_way = 0;
    let snapshot = loop {
        match slow.next().await {
            (id, FeedMessage::Event(_)) => {
                on_its_way += 1;
                assert_eq!(id.seq.0, on_its_way);
            }
            (id, FeedMessage::Snapshot(snapshot)) => {
                assert_eq!((id.seq.0, snapshot.gap), (told, true));
                break snapshot;
            }
        }
    };
    assert!(on_its_way < told - bounds::RING_EVENTS as u64, "{on_its_way} events waited outside the ring");
    assert_eq!(snapshot.counts.running, 0);
    hub.started("next").await;
    assert_eq!(slow.next().await.0.seq.0, told + 1);
}

#[tokio::test]
async fn a_reader_that_stands_still_does_not_hold_up_the_hubs_end() {
    let hub = TestHub::start().await;
    let mut slow = narrow_listener(&hub).await;
    tell(&hub, 600, 4_000).await;
    hub.stop().await;
    // The hub's part is over; what was on its way ends in the middle of a block or between two.
    tokio::time::timeout(Duration::from_secs(20), slow.rest()).await.unwrap();
}

#[cfg(target_os = "linux")]
mod memory {
    use super::*;
    use crate::alone;

    const READERS: usize = 32;
    const BYTES: usize = 12_000;
    const MB: u64 = 1_000_000;

    #[test]
    fn readers_that_stand_still_cost_no_memory() {
        alone::run(&[], "slow_reader::memory::of_a_hub_with_readers_that_stand_still").unwrap();
    }

    #[tokio::test]
    #[ignore = "needs a process of its own, which the test above gives it"]
    async fn of_a_hub_with_readers_that_stand_still() {
        let hub = TestHub::start().await;
        let mut readers = Vec::new();
        for _ in 0..READERS {
            readers.push(narrow_listener(&hub).await);
        }
        // By now the ring is full and every reader stuck.
        tell(&hub, bounds::RING_EVENTS + 256, BYTES).await;
        let before = resident();
        tell(&hub, bounds::RING_EVENTS + 256, BYTES).await;
        let grown = resident().saturating_sub(before);
        assert_eq!(hub.stats().await.subscribers as usize, READERS);
        // Each event was told to all; one copy of them all would be 15 MB, one for each reader 490 MB.
        assert!(grown < 10 * MB, "{} MB more", grown / MB);
    }

    /// Resident memory of this process, in bytes.
    fn resident() -> u64 {
        let text = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("Rss:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1_024
    }
}
