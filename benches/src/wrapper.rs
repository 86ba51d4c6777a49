//! What `doorbell run` costs a command: time to start and end, and output that it moves; and what the queue costs a job.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    os::fd::OwnedFd,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use crate::{
    doorbell::{Doorbell, Place},
    report::Report,
};

const RUNS: usize = 100;
/// Moved through a pipe; through a terminal, which is slower, an eighth of it.
const BYTES: usize = 512 * 1024 * 1024;
const ROUNDS: usize = 5;
const QUEUED: usize = 200;

pub(crate) fn measure(place: &Place, report: &mut Report) -> Result<()> {
    let hub = Doorbell::start(place)?;
    overhead(&hub, report)?;
    let bulk = place.folder.join("bulk");
    output(&hub, &bulk, report)?;
    queue(&hub, report)
}

fn overhead(hub: &Doorbell, report: &mut Report) -> Result<()> {
    let plain = median(RUNS, || timed(&mut Command::new("true")))?;
    let wrapped = median(RUNS, || timed(&mut hub.client(&["run", "--", "true"])))?;
    report.add("`true`, median", millis(plain), "ms");
    report.add_with_aim("`doorbell run -- true`, median, beyond that", millis(wrapped.saturating_sub(plain)), "ms", "at most 10");
    Ok(())
}

fn output(hub: &Doorbell, bulk: &Path, report: &mut Report) -> Result<()> {
    let line = "a line of output as compilers and tests print it, number 12345 of many\n";
    File::create(bulk)?.write_all(line.repeat(BYTES / line.len()).as_bytes())?;
    let file = bulk.to_string_lossy().into_owned();
    let plain = median(ROUNDS, || piped(Command::new("cat").arg(&file)))?;
    let wrapped = median(ROUNDS, || piped(&mut hub.client(&["run", "--", "cat", &file])))?;
    report.add("`cat` through a pipe", megabytes(BYTES, plain), "MB/s");
    report.add_with_aim("`doorbell run -- cat` through a pipe", share(plain, wrapped), "%", "at least 95");
    File::options().write(true).open(bulk)?.set_len(u64::try_from(BYTES / 8)?)?;
    let plain = median(ROUNDS, || on_a_terminal(command(Command::new("cat"), &[&file])))?;
    let wrapped = median(ROUNDS, || on_a_terminal(hub.client(&["run", "--", "cat", &file])))?;
    report.add("`cat` on a terminal", megabytes(BYTES / 8, plain), "MB/s");
    report.add_with_aim("`doorbell run -- cat` on a terminal", share(plain, wrapped), "%", "at least 80");
    Ok(fs::remove_file(bulk)?)
}

/// From the first call that queues a job to the end of the last one, on the hub's own two slots.
fn queue(hub: &Doorbell, report: &mut Report) -> Result<()> {
    let mut caller = hub.caller()?;
    let start = Instant::now();
    for _ in 0..QUEUED {
        caller.call(&hub.request("POST", "/v1/jobs", r#"{"name":"true","command":["true"]}"#))?;
    }
    loop {
        let stats = hub.stats()?;
        let counts = |name: &str| stats["counts"][name].as_u64().unwrap_or(0);
        if counts("queued") + counts("running") == 0 {
            break;
        }
        ensure!(start.elapsed() < Duration::from_secs(60), "the queue does not get empty: {stats}");
        std::thread::sleep(Duration::from_millis(5));
    }
    report.add_with_aim(format!("{QUEUED} queued `true` on two slots"), start.elapsed().as_secs_f64(), "s", "at most 2");
    Ok(())
}

fn timed(command: &mut Command) -> Result<Duration> {
    let start = Instant::now();
    ensure!(command.stdin(Stdio::null()).stdout(Stdio::null()).status()?.success(), "{command:?} failed");
    Ok(start.elapsed())
}

fn piped(command: &mut Command) -> Result<Duration> {
    let start = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    drain(&mut child.stdout.take().context("no output")?);
    ensure!(child.wait()?.success(), "{command:?} failed");
    Ok(start.elapsed())
}

fn on_a_terminal(command: Command) -> Result<Duration> {
    let (pty, theirs) = pty_process::blocking::open()?;
    let mut ours = File::from(OwnedFd::from(pty));
    let start = Instant::now();
    let mut child = pty_process::blocking::Command::from(command).spawn(theirs)?;
    drain(&mut ours);
    ensure!(child.wait()?.success(), "a command on a terminal failed");
    Ok(start.elapsed())
}

/// Reads to the end. A terminal whose other side is closed gives an error instead of an end.
fn drain(from: &mut impl Read) {
    let mut block = vec![0; 64 * 1024];
    loop {
        match from.read(&mut block) {
            Ok(0) => return,
            Err(e) if e.kind() != io::ErrorKind::Interrupted => return,
            Ok(_) | Err(_) => {}
        }
    }
}

fn command(mut command: Command, args: &[&str]) -> Command {
    command.args(args);
    command
}

fn median(runs: usize, mut run: impl FnMut() -> Result<Duration>) -> Result<Duration> {
    let mut times = (0..runs).map(|_| run()).collect::<Result<Vec<_>>>()?;
    times.sort_unstable();
    Ok(times[runs / 2])
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn share(plain: Duration, wrapped: Duration) -> f64 {
    100.0 * plain.as_secs_f64() / wrapped.as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn megabytes(bytes: usize, time: Duration) -> f64 {
    bytes as f64 / 1e6 / time.as_secs_f64()
}
