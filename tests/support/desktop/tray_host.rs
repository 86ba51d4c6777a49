//! The tray host: a panel of Xfce, the program that draws the tray's icons.

use std::fs;

use anyhow::{Context, Result};
use zbus::proxy::CacheProperties;

use super::{
    bus::Bus,
    process::{Process, Stdout},
    session::Session,
    wait,
};

/// Who items register with.
pub const WATCHER: &str = "org.kde.StatusNotifierWatcher";

/// How the bus of a whole Xfce starts the service that the panel reads its settings from.
const XFCONF: &str = "/usr/share/dbus-1/services/org.xfce.Xfconf.service";

/// A running tray host. Dropping it ends it, as a crash would.
#[derive(Debug)]
pub struct TrayHost {
    _panel: Process,
    _settings: Process,
}

impl TrayHost {
    /// Starts it and waits until it draws items.
    ///
    /// # Errors
    /// It did not come up.
    pub async fn start(session: &Session, bus: &Bus) -> Result<Self> {
        session.write("config/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml", include_str!("config/xfce4-panel.xml"))?;
        let settings = session.start(&mut session.dependent_command(&xfconfd()?, &[]), Stdout::Logged)?;
        bus.until_somebody_owns("org.xfce.Xfconf").await.with_context(|| settings.last_words())?;
        let panel = session.spawn("xfce4-panel", &["--disable-wm-check"])?;
        let ready = async {
            bus.until_somebody_owns(WATCHER).await?;
            let watcher: zbus::Proxy<'_> = zbus::proxy::Builder::new(bus.connection())
                .destination(WATCHER)?
                .path("/StatusNotifierWatcher")?
                .interface(WATCHER)?
                .cache_properties(CacheProperties::No)
                .build()
                .await?;
            let registered = async || Ok(watcher.get_property("IsStatusNotifierHostRegistered").await?);
            wait::until("the tray host draws items", wait::SOON, registered).await
        };
        ready.await.with_context(|| panel.last_words())?;
        Ok(Self { _panel: panel, _settings: settings })
    }
}

/// The settings service is in no `PATH`.
fn xfconfd() -> Result<String> {
    let service = fs::read_to_string(XFCONF).context("xfconf is not installed; `cargo xtask test` installs it")?;
    let program = service.lines().find_map(|line| line.strip_prefix("Exec="));
    Ok(program.with_context(|| format!("{XFCONF} does not say what to start"))?.trim().to_owned())
}
