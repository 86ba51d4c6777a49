//! Ten thousand who listen: what each costs while nothing happens, and how fast and at what price all hear one event.

use std::{
    net::SocketAddr,
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::Result;

use crate::{
    call::{Caller, request},
    crowd::Crowd,
    doorbell::{Doorbell, Place},
    nchan::Nchan,
    process::Processes,
    report::Report,
};

pub(crate) const LISTENERS: usize = 10_000;
/// The servers take turns, so that whatever else the machine does disturbs all of them alike.
const ROUNDS: usize = 2;
/// Events that are published in one round.
const EVENTS: usize = 50;
/// Pause after the listeners have left, in which kernel and server clear away what they held.
const PAUSE: Duration = Duration::from_secs(2);

pub(crate) fn measure(place: &Place, report: &mut Report) -> Result<()> {
    // A lease longer than the measure: a job that is lost would make an event that nobody counts.
    let hub = Doorbell::start_with(place, &["--lease-ttl", "1h"])?;
    let token = hub.token.clone();
    let mut servers = vec![Server {
        name: "doorbell",
        address: hub.address,
        processes: hub.processes(),
        listen: request("GET", "/v1/feed", &token, ""),
        publish: Box::new(move |name| request("POST", "/v1/jobs", &token, &job(name))),
        seen: Seen::default(),
    }];
    let nchan = Nchan::start(&place.folder)?;
    match &nchan {
        None => eprintln!("not measured: nginx with nchan, because libnginx-mod-nchan is not installed"),
        Some(nchan) => servers.push(Server {
            name: "nginx + nchan",
            address: nchan.address,
            processes: nchan.processes()?,
            listen: b"GET /feed HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n".to_vec(),
            publish: Box::new(|name| request("POST", "/publish", "", &event(name))),
            seen: Seen::default(),
        }),
    }
    for round in 0..ROUNDS {
        for server in &mut servers {
            server.round(round)?;
            sleep(PAUSE);
        }
    }
    report.add("audience: listeners", count(LISTENERS), "");
    report.add("audience: events", count(ROUNDS * EVENTS), "");
    for server in &mut servers {
        server.seen.tell(server.name, report);
    }
    Ok(())
}

fn job(name: &str) -> String {
    format!(r#"{{"name":"{name}","start":true,"origin":{{"host":"build-7","cwd":"/home/ada/app"}}}}"#)
}

/// What the other server publishes: as many bytes as the event that the hub makes of [`job`].
fn event(name: &str) -> String {
    format!(
        r#"{{"at":"2026-11-21T10:42:00.000Z","counts":{{"running":1,"queued":0}},"job":{{"id":"0192f0c1-7a3b-7c4d-8e5f-0123456789ab","key":"{name}","name":"{name}","state":"running","origin":{{"host":"build-7","cwd":"/home/ada/app"}},"created_at":"2026-11-21T10:42:00.000Z","started_at":"2026-11-21T10:42:00.000Z","attempt":1}}}}"#
    )
}

/// Makes the request that publishes an event with this name in it.
type Publish = Box<dyn Fn(&str) -> Vec<u8>>;

struct Server {
    name: &'static str,
    address: SocketAddr,
    processes: Processes,
    listen: Vec<u8>,
    publish: Publish,
    seen: Seen,
}

#[derive(Default)]
struct Seen {
    /// Memory before anybody listened, in bytes.
    empty: f64,
    /// Memory a listener, in bytes: before the first event and after the last.
    idle: f64,
    after: f64,
    /// From the call that publishes to each receipt.
    times: Vec<Duration>,
    /// From the first receipt to each: without what publishing itself takes, such as the hub's sync to disk.
    spread: Vec<Duration>,
    cpu: Duration,
}

impl Server {
    fn round(&mut self, round: usize) -> Result<()> {
        if round == 0 {
            self.seen.empty = self.processes.pss()?;
        }
        let mut crowd = Crowd::gather(self.address, LISTENERS, &self.listen)?;
        if round == 0 {
            self.seen.idle = self.grown()?;
        }
        let mut publisher = Caller::connect(self.address)?;
        let before = self.processes.cpu()?;
        for n in 0..EVENTS {
            let name = format!("bench-{round}-{n:03}");
            let start = Instant::now();
            publisher.send(&(self.publish)(&name))?;
            let times = crowd.hear(name.as_bytes(), start)?;
            let first = times.iter().min().copied().unwrap_or_default();
            self.seen.spread.extend(times.iter().map(|time| *time - first));
            self.seen.times.extend(times);
            publisher.answer()?;
        }
        self.seen.cpu += self.processes.cpu()? - before;
        self.seen.after = self.grown()?;
        Ok(())
    }

    /// Memory a listener, in bytes.
    fn grown(&self) -> Result<f64> {
        Ok((self.processes.pss()? - self.seen.empty) / count(LISTENERS))
    }
}

impl Seen {
    fn tell(&mut self, who: &str, report: &mut Report) {
        self.times.sort_unstable();
        self.spread.sort_unstable();
        let percentile = |times: &[Duration], percent: usize| times[times.len() * percent / 100].as_secs_f64() * 1e3;
        let cpu = self.cpu.as_secs_f64() * 1e6 / count(self.times.len());
        let aim = |aim: &str| if who == "doorbell" { aim.to_owned() } else { String::new() };
        let mut add = |what: &str, value: f64, unit: &'static str, of_the_hub: &str| {
            let what = format!("{who}: {what}");
            match aim(of_the_hub).as_str() {
                "" => report.add(what, value, unit),
                aim => report.add_with_aim(what, value, unit, aim),
            }
        };
        add("memory a listener, idle", self.idle / 1024.0, "KB", "at most 11");
        add("memory a listener, after 100 events", self.after / 1024.0, "KB", "at most 11");
        add("publish to receipt, p50", percentile(&self.times, 50), "ms", "");
        add("publish to receipt, p99", percentile(&self.times, 99), "ms", "no more than nchan");
        add("first receipt to receipt, p99", percentile(&self.spread, 99), "ms", "");
        add("processor a delivery", cpu, "µs", "less than nchan");
    }
}

fn count(of: usize) -> f64 {
    u32::try_from(of).map_or(f64::INFINITY, f64::from)
}
