//! The app under test, the hub inside it, and the `doorbell` command beside it: real programs, as they were built.

use std::{fs, path::PathBuf, process::ExitStatus, time::Duration};

use anyhow::{Context, Result};
use doorbell_protocol::{hub::Stats, place::HubFile};
use rustix::process::Signal;

use super::{
    VirtualDesktop,
    notifications::{Notification, Notifications},
    page::Page,
    process::{Process, Stdout},
    tray::TrayItem,
    wait,
    windows::Window,
};
use crate::http;

/// Title of the panel's window.
pub const PANEL: &str = "Doorbell";

/// What the tray's menu says while nothing runs.
pub const IDLE: &str = "No jobs running";

/// A running `doorbell-tray`, and the hub that it keeps or uses.
#[derive(Debug)]
pub struct App {
    /// What it offers in the tray.
    pub tray: TrayItem,
    hub: HubFile,
    token: String,
    http: reqwest::Client,
    /// Absent when somebody else started it.
    process: Option<Process>,
}

impl App {
    /// Starts it and waits until it is in the tray and its hub answers.
    ///
    /// # Errors
    /// It did not come up: the message has the end of its log.
    pub async fn start(desktop: &VirtualDesktop) -> Result<Self> {
        Self::start_with_env(desktop, &[]).await
    }

    /// [`App::start`] with additions to its environment.
    ///
    /// # Errors
    /// As [`App::start`].
    pub async fn start_with_env(desktop: &VirtualDesktop, env: &[(&str, &str)]) -> Result<Self> {
        let mut command = desktop.session().command(binary("doorbell-tray")?, &[]);
        command.envs(env.iter().copied());
        let process = desktop.session().start(&mut command, Stdout::Logged)?;
        let mut app = Self::of(desktop, process.pid()).await.with_context(|| process.last_words())?;
        app.process = Some(process);
        Ok(app)
    }

    /// Starts it through the web driver, with its panel open.
    ///
    /// # Errors
    /// It did not come up.
    pub async fn start_with_page(desktop: &VirtualDesktop) -> Result<(Self, Page)> {
        let page = Page::open(desktop, &binary("doorbell-tray")?, &["--panel"]).await?;
        // The driver does not say what it started.
        let look = async || Ok(TrayItem::all(&desktop.bus).await?.pop());
        let item = wait::until_some("the app is in the tray", wait::SOON, look).await.with_context(|| page.last_words())?;
        Ok((Self::of(desktop, item.pid).await?, page))
    }

    /// Process id of its hub.
    #[must_use]
    pub fn hub_pid(&self) -> u32 {
        self.hub.pid
    }

    /// Waits until another hub than before is announced, which is its hub from here on.
    ///
    /// # Errors
    /// None was in time.
    pub async fn until_another_hub(&mut self, desktop: &VirtualDesktop) -> Result<()> {
        let before = self.hub.pid;
        (self.hub, self.token) = announced(desktop, |hub| hub.pid != before).await?;
        Ok(())
    }

    /// What its hub says about itself.
    ///
    /// # Errors
    /// The hub does not answer.
    pub async fn stats(&self) -> Result<Stats> {
        let answer = self.http.get(format!("{}/v1/stats", self.hub.url)).bearer_auth(&self.token).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// Waits until its hub's figures are as wanted, and returns them.
    ///
    /// # Errors
    /// They were not in time.
    pub async fn stats_when(&self, what: &str, limit: Duration, wanted: impl Fn(&Stats) -> bool) -> Result<Stats> {
        wait::until_some(&format!("the hub counts {what}"), limit, async || Ok(Some(self.stats().await?).filter(&wanted))).await
    }

    /// Ends it as a crash would.
    ///
    /// # Errors
    /// It is gone already.
    pub fn crash(&self) -> Result<()> {
        self.process.as_ref().context("somebody else started the app")?.signal(Signal::KILL)
    }

    /// Sends it a signal, and waits until it has ended.
    ///
    /// # Errors
    /// It did not end in time.
    pub async fn ended_by(&mut self, signal: Signal) -> Result<ExitStatus> {
        let process = self.process.as_mut().context("somebody else started the app")?;
        process.signal(signal)?;
        process.ended(wait::SOON).await
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.tray.pid
    }

    /// Waits until the panel, which somebody has opened, is on the screen, has the focus and its page runs.
    ///
    /// # Errors
    /// It did not come in time.
    pub async fn panel(&self, desktop: &VirtualDesktop) -> Result<Window> {
        let panel = desktop.window(PANEL).await?;
        desktop.until_focused(&panel).await?;
        // It polls once its page runs: a key that is pressed before would go nowhere.
        let polls = self.stats().await?.polls;
        self.stats_when("polls of the panel", wait::SOON, |stats| stats.polls >= polls + 2).await?;
        desktop.until_painted(panel.region).await?;
        Ok(panel)
    }

    /// Quits it from its menu and returns every notification of its whole life.
    ///
    /// # Errors
    /// It did not end, ended with an error, or has logged as to a terminal.
    pub async fn quit(mut self, desktop: &VirtualDesktop, mut notifications: Notifications) -> Result<Vec<Notification>> {
        self.tray.choose("Quit Doorbell").await?;
        if let Some(process) = &mut self.process {
            let status = process.ended(wait::SOON).await?;
            anyhow::ensure!(status.success(), "the app ended with {status}; {}", process.last_words());
            let log = process.log();
            anyhow::ensure!(log.contains("INFO") && !log.contains('\u{1b}'), "a log in a file is text: {log:?}");
        }
        notifications.all_of_ended(&desktop.bus, self.tray.pid).await
    }

    async fn of(desktop: &VirtualDesktop, pid: u32) -> Result<Self> {
        let tray = TrayItem::of(&desktop.bus, pid).await?;
        let (hub, token) = announced(desktop, |_| true).await?;
        // Loopback only: a proxy of the machine has no say here; and no connection that the hub may be closing just when it is
        // used again.
        let http = http::builder().pool_max_idle_per_host(0).build()?;
        let app = Self { tray, hub, token, http, process: None };
        app.stats_when("the app's own feed", wait::SOON, |stats| stats.subscribers == 1).await?;
        app.tray.icon_while(IDLE, wait::SOON).await?;
        Ok(app)
    }
}

impl Drop for App {
    /// The test runner shows this when the test fails.
    fn drop(&mut self) {
        if let Some(process) = self.process.as_ref().filter(|process| !process.log().is_empty()) {
            eprintln!("{}", process.last_words());
        }
    }
}

impl VirtualDesktop {
    /// Starts the `doorbell` command on this desktop.
    ///
    /// # Errors
    /// It was not built.
    pub fn doorbell(&self, args: &[impl AsRef<str>]) -> Result<Process> {
        let args: Vec<&str> = args.iter().map(AsRef::as_ref).collect();
        let mut command = self.session().command(binary("doorbell")?, &args);
        self.session().start(&mut command, Stdout::Logged)
    }

    /// Starts a hub outside the app, on a free port, and waits until it is announced.
    ///
    /// # Errors
    /// It did not come up: the message has the end of its log.
    pub async fn hub(&self, args: &[&str]) -> Result<Process> {
        let hub = self.doorbell(&[&["hub", "--listen", "127.0.0.1:0"], args].concat())?;
        announced(self, |file| file.pid == hub.pid()).await.with_context(|| hub.last_words())?;
        Ok(hub)
    }
}

/// The main job: twenty steps in ten seconds.
#[must_use]
pub fn main_job() -> Vec<String> {
    steps(20, "0.5")
}

/// A job that tells its progress `count` times, with a pause (in seconds) after each.
#[must_use]
pub fn steps(count: u32, pause: &str) -> Vec<String> {
    let script = format!(r#"for i in $(seq 1 {count}); do echo "$i/{count}"; sleep {pause}; done"#);
    ["run", "--", "sh", "-c", &script].map(str::to_owned).to_vec()
}

/// A program that was built beside this one.
///
/// # Errors
/// It was not: the message says how.
pub fn binary(name: &str) -> Result<PathBuf> {
    let me = std::env::current_exe()?;
    let found = me.ancestors().skip(1).take(2).map(|folder| folder.join(name)).find(|path| path.is_file());
    found.with_context(|| {
        format!("{name} is not built; run `cargo build -p doorbell-cli -p doorbell-tray -p doorbell-panel`, or `cargo xtask test` for all")
    })
}

/// Waits until a hub as wanted is announced; where it is, and its token.
async fn announced(desktop: &VirtualDesktop, wanted: impl Fn(&HubFile) -> bool) -> Result<(HubFile, String)> {
    let look = async || Ok(hub_file(desktop).filter(&wanted));
    let hub = wait::until_some("the hub says where it is", wait::SOON, look).await?;
    let token = fs::read_to_string(hub.data_dir.join("token")).context("the hub has no token")?.trim().to_owned();
    Ok((hub, token))
}

/// The hub that is announced now, if one is.
#[must_use]
pub fn hub_file(desktop: &VirtualDesktop) -> Option<HubFile> {
    let text = fs::read_to_string(desktop.session().path("run/doorbell/hub.json")).ok()?;
    serde_json::from_str(&text).ok()
}
