//! The screen: an X server without hardware, a window manager, and something to look at behind the windows.

use std::io::{BufRead, BufReader};

use anyhow::{Context, Result};

use super::{
    process::{Process, Stdout},
    session::Session,
    wait,
};

/// Width and height in pixels.
pub const SIZE: (u32, u32) = (1280, 800);

/// A running X server with its window manager.
#[derive(Debug)]
pub struct Display {
    _window_manager: Process,
    _server: Process,
}

impl Display {
    /// Starts server and window manager, and puts `DISPLAY` into the session's environment.
    ///
    /// # Errors
    /// One of them did not come up.
    pub async fn start(session: &mut Session) -> Result<Self> {
        let screen = format!("{}x{}x24", SIZE.0, SIZE.1);
        // The server picks a free number itself and says it once it is ready: no race, no retry.
        let args = ["-displayfd", "1", "-screen", "0", &screen, "-nolisten", "tcp", "-noreset"];
        let mut server = session.start(&mut session.dependent_command("Xvfb", &args), Stdout::Piped)?;
        let stdout = server.take_stdout().context("a piped program has a pipe")?;
        let mut number = String::new();
        BufReader::new(stdout).read_line(&mut number)?;
        anyhow::ensure!(!number.trim().is_empty(), "no display; {}", server.last_words());
        session.set_env("DISPLAY", format!(":{}", number.trim()));

        session.write("config/gtk-3.0/settings.ini", include_str!("config/gtk-settings.ini"))?;
        session.write("config/fontconfig/fonts.conf", include_str!("config/fonts.conf"))?;
        let window_manager = session.spawn("openbox", &["--sm-disable"])?;
        wait::until("there is a window manager", wait::SOON, async || {
            Ok(session.run("xprop", &["-root", "_NET_SUPPORTING_WM_CHECK"])?.contains("window id"))
        })
        .await
        .with_context(|| window_manager.last_words())?;
        session.run("hsetroot", &["-add", "#3b5b84", "-add", "#16202f", "-gradient", "180"])?;
        Ok(Self { _window_manager: window_manager, _server: server })
    }
}
