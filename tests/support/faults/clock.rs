//! A wall clock that somebody sets. The monotonic clock goes on, as it does on a real machine.

use std::{fs, path::PathBuf, process::Command};

use super::shim;
use crate::{Home, Hub};

/// The wall clock of a hub.
#[derive(Debug)]
pub struct Clock {
    shim: PathBuf,
    control: PathBuf,
}

#[expect(clippy::expect_used, reason = "a test whose clock cannot be made cannot go on")]
impl Clock {
    /// Builds what stands between the hub and the clock. The clock is right.
    ///
    /// # Panics
    /// There is no C compiler.
    #[must_use]
    pub fn new(home: &Home) -> Self {
        Self { shim: shim(home, "clock", include_str!("clock.c")), control: home.path("clock") }
    }

    /// A hub with this clock.
    #[must_use]
    pub fn hub(&self, home: &Home, args: &[&str]) -> Hub {
        let mut command = home.doorbell(&[&["hub", "--listen", "127.0.0.1:0"], args].concat());
        Hub::start_as(home, self.command(&mut command))
    }

    /// Has `command` run by this clock.
    pub fn command<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("LD_PRELOAD", &self.shim).env("CLOCK", &self.control)
    }

    /// Sets it to so many seconds after the right time.
    ///
    /// # Panics
    /// The real disk fails.
    pub fn set(&self, seconds: i64) {
        let draft = self.control.with_extension("draft");
        fs::write(&draft, seconds.to_string()).expect("the control file");
        fs::rename(draft, &self.control).expect("the control file");
    }
}
