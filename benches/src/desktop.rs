//! What the app costs on a desktop: memory and wake-ups while nobody looks, and how soon its panel is there.
//!
//! On a virtual desktop of Xfce, with the hub, its worker and the feed inside the app. A bare Tauri program with a window of the same
//! size, in the same run, says what the toolkit alone costs.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use doorbell_tests::desktop::{
    App, Process, VirtualDesktop,
    app::{PANEL, binary},
    wait,
};
use rustix::process::Signal;

use crate::{
    doorbell::Place,
    mapped::Mapped,
    process::{Processes, family},
    report::Report,
};

/// How often the panel is opened and closed.
const OPENINGS: usize = 60;
/// How often the bare window is.
const BARE: usize = 20;
/// How many minutes context switches are counted. What happens twice a minute may happen once or three times in one of them.
const MINUTES: u32 = 3;
const MINUTE: Duration = Duration::from_secs(60);
/// What a start or an end still has to do is over by then.
const REST: Duration = Duration::from_secs(5);

pub(crate) fn measure(_: &Place, report: &mut Report) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(report))
}

async fn run(report: &mut Report) -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let mapped = Mapped::watch(desktop.session())?;
    let app = App::start(&desktop).await?;
    idle(&app, report, "never opened")?;

    let mut times = Vec::new();
    let mut open = 0.0;
    for n in 0..OPENINGS {
        let clicked = Instant::now();
        app.tray.click().await?;
        times.push(mapped.next()?.duration_since(clicked));
        app.panel(&desktop).await?;
        if n == 0 {
            sleep(REST);
            open = Processes(family(app.pid())?).pss()?;
        }
        desktop.press("Escape")?;
        desktop.until_no_window(PANEL).await?;
        wait::until("no process of the panel is left", wait::SOON, async || Ok(family(app.pid())? == [app.pid()])).await?;
        mapped.forget()?;
    }
    report.add("panel open, with all its processes: PSS", open / MB, "MB");
    idle(&app, report, &format!("after {OPENINGS} openings"))?;
    drop(app);

    let mut bare = Vec::new();
    let mut bare_open = 0.0;
    for n in 0..BARE {
        mapped.forget()?;
        let started = Instant::now();
        let program = bare_window(&desktop)?;
        bare.push(mapped.next().with_context(|| program.last_words())?.duration_since(started));
        if n == 0 {
            sleep(REST);
            bare_open = Processes(family(program.pid())?).pss()?;
        }
        program.signal(Signal::TERM)?;
        drop(program);
        desktop.until_no_window("Bare window").await?;
    }
    report.add("a bare Tauri window, with all its processes: PSS", bare_open / MB, "MB");
    let (panel, bare) = (median(times)?, median(bare)?);
    report.add("click to panel, median", panel * 1_000.0, "ms");
    report.add("start to bare Tauri window, median", bare * 1_000.0, "ms");
    report.add_with_aim("click to panel, of start to bare window", panel / bare, "times", "at most 1.3");
    Ok(())
}

const MB: f64 = 1_048_576.0;

fn idle(app: &App, report: &mut Report, when: &str) -> Result<()> {
    sleep(REST);
    let resident = Processes(family(app.pid())?);
    ensure!(resident.0 == [app.pid()], "more than the resident runs: {:?}", resident.0);
    report.add_with_aim(format!("resident, {when}: PSS"), resident.pss()? / MB, "MB", "at most 12");
    let before = resident.context_switches()?;
    sleep(MINUTES * MINUTE);
    let switches = u32::try_from(resident.context_switches()? - before)?;
    report.add_with_aim(format!("resident, {when}: context switches"), f64::from(switches) / f64::from(MINUTES), "a minute", "at most 6");
    Ok(())
}

fn bare_window(desktop: &VirtualDesktop) -> Result<Process> {
    let program = binary("doorbell-bare-window")?;
    desktop.spawn(&program.to_string_lossy(), &[])
}

fn median(mut times: Vec<Duration>) -> Result<f64> {
    times.sort();
    Ok(times.get(times.len() / 2).context("nothing was measured")?.as_secs_f64())
}
