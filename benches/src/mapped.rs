//! The moment at which a window comes onto the screen, as the X server tells it.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use doorbell_tests::desktop::session::Session;
use x11rb::{
    connection::Connection,
    protocol::{
        Event,
        xproto::{ChangeWindowAttributesAux, ConnectionExt, EventMask},
    },
    rust_connection::RustConnection,
};

/// Nothing that is waited for takes this long.
const LONG: Duration = Duration::from_secs(20);
/// Time between two looks: as exact as a figure gets.
const STEP: Duration = Duration::from_millis(1);

/// Watches the screen of a desktop.
pub(crate) struct Mapped(RustConnection);

impl Mapped {
    pub(crate) fn watch(session: &Session) -> Result<Self> {
        let display = session.env().iter().find(|(name, _)| name == "DISPLAY").context("the desktop has no display")?.1.clone();
        let (connection, screen) = RustConnection::connect(display.to_str())?;
        let root = connection.setup().roots.get(screen).context("the display has no screen")?.root;
        let events = ChangeWindowAttributesAux::new().event_mask(EventMask::SUBSTRUCTURE_NOTIFY);
        connection.change_window_attributes(root, &events)?.check()?;
        Ok(Self(connection))
    }

    /// When the next window came onto the screen.
    pub(crate) fn next(&self) -> Result<Instant> {
        let start = Instant::now();
        loop {
            while let Some(event) = self.0.poll_for_event()? {
                if let Event::MapNotify(_) = event {
                    return Ok(Instant::now());
                }
            }
            if start.elapsed() > LONG {
                bail!("no window came onto the screen within {} s", LONG.as_secs());
            }
            sleep(STEP);
        }
    }

    /// Passes over what has happened so far.
    pub(crate) fn forget(&self) -> Result<()> {
        while self.0.poll_for_event()?.is_some() {}
        Ok(())
    }
}
