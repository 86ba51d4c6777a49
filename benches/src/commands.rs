//! What a person waits for at the prompt: a command that is queued, and the end of a job that somebody waits for.

use std::{
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::{
    doorbell::{Doorbell, Place},
    process::Processes,
    report::Report,
};

const ADDS: usize = 200;
const ENDS: usize = 50;
/// Longest wait for `doorbell wait` to listen.
const LISTENS: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(1);

pub(crate) fn measure(place: &Place, report: &mut Report) -> Result<()> {
    let hub = Doorbell::start(place)?;
    let command = |args: &[&str]| {
        let mut command = Command::new(&place.program);
        command.args(args).env("DOORBELL_URL", format!("http://{}", hub.address)).env("DOORBELL_TOKEN", &hub.token);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    };
    let mut starts = Vec::new();
    let mut adds = Vec::new();
    // The two commands take turns, so that both meet the same machine. The jobs are for tomorrow, so no
    // worker takes them.
    for _ in 0..ADDS {
        starts.push(time(&mut command(&["--version"]))?);
        adds.push(time(&mut command(&["add", "-q", "--at", "24h", "--", "true"]))?);
    }
    let ends = (0..ENDS).map(|_| end(&hub, &command)).collect::<Result<Vec<_>>>()?;
    let (ends, waiting): (Vec<_>, Vec<_>) = ends.into_iter().unzip();
    let running = running(&hub, &command)?;
    report.add("doorbell --version, median", median(starts), "ms");
    report.add_with_aim("doorbell add, median", median(adds), "ms", "at most 4");
    report.add_with_aim("report of a job's end to the exit of doorbell wait, median", median(ends), "ms", "at most 20");
    report.add_with_aim("resident memory of doorbell wait, at most", waiting.into_iter().fold(0.0, f64::max) / 1e6, "MB", "at most 8");
    report.add_with_aim("resident memory of doorbell run", running / 1e6, "MB", "at most 8");
    Ok(())
}

/// The resident memory of a `doorbell run` while its command runs.
fn running(hub: &Doorbell, command: &dyn Fn(&[&str]) -> Command) -> Result<f64> {
    let mut running = command(&["run", "--", "sleep", "60"]).spawn()?;
    let started = Instant::now();
    while hub.stats()?["counts"]["running"] != 1 && started.elapsed() < LISTENS {
        sleep(LOOK_EVERY);
    }
    // Long enough for it to renew its lease a few times, which takes memory, too.
    sleep(Duration::from_secs(6));
    let rss = Processes(vec![running.id()]).rss();
    call_off(&mut running)?;
    rss
}

/// Ends a `doorbell run`: it hands the signal on to its command, and ends with it.
fn call_off(running: &mut Child) -> Result<()> {
    kill_process(Pid::from_child(running), Signal::TERM)?;
    running.wait()?;
    Ok(())
}

/// From the report of an end, which the hub puts on disk, to the exit of a `doorbell wait`; and its resident memory before.
fn end(hub: &Doorbell, command: &dyn Fn(&[&str]) -> Command) -> Result<(Duration, f64)> {
    let made: Value = serde_json::from_slice(&call(hub, "/v1/jobs", r#"{"name":"waited for","start":true}"#)?)?;
    let id = made["job"]["id"].as_str().context("no job")?.to_owned();
    let mut waiting = command(&["wait", "-q", &id]).spawn()?;
    let listening = Instant::now();
    while hub.stats()?["subscribers"] != 1 {
        if listening.elapsed() > LISTENS {
            waiting.kill()?;
            bail!("doorbell wait does not listen");
        }
        sleep(LOOK_EVERY);
    }
    // It listens now, and after that asks once how its jobs stand. That call must not fall into the measure.
    sleep(Duration::from_millis(20));
    let rss = Processes(vec![waiting.id()]).rss()?;
    let reported = Instant::now();
    call(hub, &format!("/v1/jobs/{id}/finish"), &format!(r#"{{"fence":{},"outcome":"succeeded"}}"#, made["lease"]["fence"]))?;
    succeeds(waiting)?;
    let took = reported.elapsed();
    while hub.stats()?["subscribers"] != 0 {
        sleep(LOOK_EVERY);
    }
    Ok((took, rss))
}

fn call(hub: &Doorbell, path: &str, body: &str) -> Result<Vec<u8>> {
    hub.caller()?.call(&hub.request("POST", path, body))
}

fn time(command: &mut Command) -> Result<Duration> {
    let start = Instant::now();
    succeeds(command.spawn()?)?;
    Ok(start.elapsed())
}

fn succeeds(mut process: Child) -> Result<()> {
    let status = process.wait()?;
    if status.success() { Ok(()) } else { bail!("the command ended with {status}") }
}

/// The median, in milliseconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1_000.0
}
