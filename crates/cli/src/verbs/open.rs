//! `doorbell open`

use std::{
    env,
    io::{self, IsTerminal, Write},
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use doorbell_protocol::{Invalid, Role, browser::NewBrowserSession};

use crate::{
    context::{Context, Run},
    way_in::{self, Outcome},
};

/// The tray app. Started again, it opens the panel of the one that runs.
const APP: &str = "doorbell-tray";
/// Opens the panel also when the app was not running.
const PANEL: &str = "--panel";
/// An app that cannot start says so within this time.
const FALLS_OVER: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Open the panel, and start the tray app when it does not run
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Open it in the browser, from the hub: it needs no tray app
    ///
    /// A browser of yours gets in, once, within a minute; where there is none, the address is shown. The page stays good for 12 hours, as long as its tab is open; `doorbell token ls` shows
    /// it as `browser`, and `doorbell token rm` ends it.
    #[arg(long)]
    browser: bool,

    /// What the page may do: view, answer or admin
    #[arg(long, requires = "browser", default_value = "admin", value_parser = role)]
    role: Role,
}

fn role(text: &str) -> Result<Role, Invalid> {
    let role = text.parse().ok();
    NewBrowserSession { role: Some(role.unwrap_or(Role::Unknown)) }.check().map(|_| role.unwrap_or(Role::Unknown))
}

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        if self.browser { in_browser(context, self.role) } else { in_app() }
    }
}

fn in_browser(context: &Context, role: Role) -> anyhow::Result<i32> {
    let session = NewBrowserSession { role: Some(role) };
    let address = context.call(async |client| Ok(client.create_browser_session(&session).await?))?;
    eprintln!("Opening it in your browser.");
    match context.block_on(way_in::open_in_browser(&address))? {
        Outcome::Opened => Ok(0),
        // Nobody else sees a terminal; who reads what goes anywhere else is not known.
        Outcome::NoBrowser if io::stdout().is_terminal() => {
            writeln!(io::stdout(), "There is no browser to open. This address is good once, within a minute:\n{address}")?;
            Ok(0)
        }
        Outcome::NoBrowser => bail!("There is no browser to open. Run it on a terminal, and it shows the address."),
        Outcome::NobodyCame => bail!("No browser of yours has come for the page within a minute. Run it again when your browser is open."),
    }
}

fn in_app() -> anyhow::Result<i32> {
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
