//! `doorbell open`

use std::{
    env,
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

/// The tray app. Started again, it opens the panel of the one that runs.
const APP: &str = "doorbell-tray";
/// Opens the panel also when the app was not running.
const PANEL: &str = "--panel";
/// An app that cannot start says so within this time.
const FALLS_OVER: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Open the panel, and start the tray app when it does not run
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: Args) -> anyhow::Result<i32> {
    let program = beside_us().unwrap_or_else(|| APP.into());
    let mut command = Command::new(&program);
    command.arg(PANEL).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    // Ctrl-C in this terminal is not meant for the app.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut app = command.spawn().with_context(|| {
        format!("cannot start the tray app ({}). Install it next to this program, or in a folder of PATH", program.display())
    })?;
    let start = Instant::now();
    while start.elapsed() < FALLS_OVER {
        match app.try_wait()? {
            // It has handed over to the one that runs.
            Some(status) if status.success() => return Ok(0),
            Some(_) => bail!("the tray app ended at once. Run {} to see why.", program.display()),
            None => thread::sleep(LOOK_EVERY),
        }
    }
    Ok(0)
}

fn beside_us() -> Option<PathBuf> {
    let app = env::current_exe().ok()?.with_file_name(format!("{APP}{}", env::consts::EXE_SUFFIX));
    app.is_file().then_some(app)
}
