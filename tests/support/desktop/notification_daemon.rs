//! The notification daemon: dunst, which draws the bubbles.

use anyhow::{Context, Result};

use super::{bus::Bus, process::Process, session::Session};

/// A running notification daemon. Dropping it ends it.
#[derive(Debug)]
pub struct NotificationDaemon {
    _dunst: Process,
}

impl NotificationDaemon {
    /// Starts it and waits until it takes notifications.
    ///
    /// # Errors
    /// It did not come up.
    pub async fn start(session: &Session, bus: &Bus) -> Result<Self> {
        let config = session.write("config/dunst/dunstrc", include_str!("config/dunstrc"))?;
        let dunst = session.spawn("dunst", &["-config", &config.to_string_lossy()])?;
        bus.until_somebody_owns("org.freedesktop.Notifications").await.with_context(|| dunst.last_words())?;
        Ok(Self { _dunst: dunst })
    }
}
