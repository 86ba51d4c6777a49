//! The panel's processes, and those that web pages cost, found from the outside: whoever has started them,
//! and whether or not that one still runs.

use std::fs;

use anyhow::Result;
use rustix::process::{Pid, Signal, kill_process};

use super::{VirtualDesktop, wait};

/// The kernel cuts names to 15 characters.
const WEB_PROCESS: &str = "WebKitWebProces";
const WEB_DRIVER: &str = "WebKitWebDriver";
const PANEL: &str = "doorbell-panel";

impl VirtualDesktop {
    /// Processes that render web pages.
    #[must_use]
    pub fn web_processes(&self) -> Vec<Pid> {
        self.processes(|name| name == WEB_PROCESS)
    }

    /// The panel's own process.
    ///
    /// # Errors
    /// There was none in time.
    pub async fn panel_process(&self) -> Result<Pid> {
        wait::until_some("the panel's process runs", wait::SOON, async || Ok(self.processes(|name| name == PANEL).pop())).await
    }

    /// Waits until nothing of the panel is left: not its process, and nothing of WebKit.
    ///
    /// # Errors
    /// Something still was there at the deadline.
    pub async fn until_no_panel_process(&self) -> Result<()> {
        let is_panels = |name: &str| name == PANEL || (name.starts_with("WebKit") && name != WEB_DRIVER);
        wait::until("no process of the panel is left", wait::SOON, async || Ok(self.processes(is_panels).is_empty())).await
    }

    /// Kills a process of this desktop.
    ///
    /// # Errors
    /// It is gone.
    pub fn kill(&self, process: Pid) -> Result<()> {
        Ok(kill_process(process, Signal::KILL)?)
    }

    fn processes(&self, wanted: impl Fn(&str) -> bool) -> Vec<Pid> {
        let name = |process: &Pid| fs::read_to_string(format!("/proc/{}/comm", process.as_raw_pid())).unwrap_or_default();
        self.session().marked_processes().into_iter().filter(|process| wanted(name(process).trim_end())).collect()
    }
}
