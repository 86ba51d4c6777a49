//! Reports and ends of the same jobs, on real threads: of a job that is over no report is left.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use doorbell_protocol::{JobId, JobState, Progress, Timestamp};
use uuid::Uuid;

use super::*;
use crate::{
    state::{leases::Leases, live, progress::Teller},
    store::Write,
};

const JOBS: u64 = 4_000;
const REPORTERS: usize = 3;

#[test]
fn no_report_of_a_job_that_is_over_is_left() {
    let live = Arc::new(live::tests::empty());
    let published = Published {
        live: live.clone(),
        leases: Arc::new(Leases::new(Duration::from_secs(60))),
        progress: Arc::default(),
        schedules: Arc::default(),
    };
    let (newest, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for reporter in 0..REPORTERS {
            let (published, newest, is_over) = (&published, &newest, &is_over);
            let teller = if reporter == 0 { Teller::Program } else { Teller::Runner };
            scope.spawn(move || {
                while !is_over.load(Ordering::Acquire) {
                    let id = id(newest.load(Ordering::Acquire));
                    let progress = Progress { at: Some(Timestamp::EPOCH), ..Progress::default() };
                    published.live.lock().report(&published.progress, id, teller, progress, Timestamp::EPOCH);
                }
            });
        }
        for seq in 1..=JOBS {
            let started = live::tests::started(seq);
            let mut ended = started.clone();
            ended.record.job.state = JobState::Succeeded;
            ended.event = None;
            published.publish(vec![Write::Job(started)]);
            newest.store(seq, Ordering::Release);
            // Each job is reported on before it ends, and while it does.
            while published.progress.get(id(seq)).is_none() {
                std::hint::spin_loop();
            }
            published.publish(vec![Write::Job(ended)]);
        }
        is_over.store(true, Ordering::Release);
    });
    let left = (1..=JOBS).filter(|seq| published.progress.get(id(*seq)).is_some()).count();
    assert_eq!(left, 0);
}

fn id(seq: u64) -> JobId {
    JobId(Uuid::from_u128(u128::from(seq)))
}
