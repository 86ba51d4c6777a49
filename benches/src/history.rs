//! A long history: what a page, a search and a start of the hub take with 100,000 jobs, against the same with 100.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::{
    callers::answers,
    doorbell::{Doorbell, Place},
    report::Report,
};

const SHORT: u64 = 100;
const LONG: u64 = 100_000;
const WRITERS: usize = 64;
/// How often each call is made. The median of its times is reported.
const CALLS: usize = 200;
const QUERIES: [(&str, &str); 3] = [
    ("the newest page", "/v1/jobs?limit=50"),
    ("a page of one key", "/v1/jobs?key=nightly-7&limit=50"),
    ("a search in names", "/v1/jobs?q=nightly%2042&limit=50"),
];

pub(crate) fn measure(place: &Place, report: &mut Report) -> Result<()> {
    let (short, long) = (Seen::with(place, SHORT)?, Seen::with(place, LONG)?);
    let calls = QUERIES.iter().map(|(name, _)| *name).chain(["starting"]);
    for (name, (short, long)) in calls.zip(short.times.iter().zip(&long.times)) {
        let took = long.as_secs_f64();
        report.add(format!("100,000 jobs: {name}"), took * 1e3, "ms");
        report.add(format!("100,000 jobs: {name}, against 100 jobs"), took / short.as_secs_f64(), "times");
    }
    Ok(())
}

struct Seen {
    /// How long each query took, and last how long a start of the hub took.
    times: Vec<Duration>,
}

impl Seen {
    fn with(place: &Place, jobs: u64) -> Result<Self> {
        let mut hub = Doorbell::start_with(place, &["--keep-jobs", "1000000", "--lease-ttl", "1h"])?;
        fill(&hub, jobs)?;
        let mut caller = hub.caller()?;
        let mut times = Vec::new();
        for (_, path) in QUERIES {
            let query = hub.request("GET", path, "");
            let mut took = Vec::with_capacity(CALLS);
            for _ in 0..CALLS {
                let start = Instant::now();
                caller.call(&query)?;
                took.push(start.elapsed());
            }
            took.sort_unstable();
            times.push(took[CALLS / 2]);
        }
        let start = Instant::now();
        hub.restart()?;
        times.push(start.elapsed());
        Ok(Self { times })
    }
}

/// Of the lease in the answer to a start; 0 where there is none, which ends nothing.
fn fence(answer: &[u8]) -> u64 {
    let body = answer.windows(4).position(|end| end == b"\r\n\r\n").map(|end| &answer[end + 4..]);
    let created: Option<serde_json::Value> = body.and_then(|body| serde_json::from_slice(body).ok());
    created.and_then(|created| created["lease"]["fence"].as_u64()).unwrap_or_default()
}

/// Runs that many jobs, all of which are over in the end.
fn fill(hub: &Doorbell, jobs: u64) -> Result<()> {
    let id = |n: u64| format!("0192f0c1-7a3b-7c4d-8e5f-{n:012x}");
    let mut next = 0;
    let mut running = [None; WRITERS];
    answers(hub.address, WRITERS, |writer, answer| {
        if let Some(n) = running[writer].take() {
            let end = format!(r#"{{"fence":{},"outcome":"succeeded"}}"#, fence(answer));
            return Some(hub.request("POST", &format!("/v1/jobs/{}/finish", id(n)), &end));
        }
        let n = next;
        next += 1;
        running[writer] = (n < jobs).then_some(n);
        let body = format!(r#"{{"id":"{}","name":"nightly {n}","key":"nightly-{}","start":true}}"#, id(n), n % 100);
        (n < jobs).then(|| hub.request("POST", "/v1/jobs", &body))
    })?;
    Ok(())
}
