//! A desktop of its own for each test: display, session bus, window manager, tray host and notification daemon, all
//! private and all gone when the test ends. What the app does there is observed from the outside only.
//!
//! # Layout
//! - [`VirtualDesktop`]: the whole; [`session`]: its folders, environment and end; [`process`]: one program in it
//! - parts: [`display`], [`bus`], [`tray_host`], [`notification_daemon`]
//! - observers: [`tray`] and [`menu`] and [`pixmap`], [`notifications`], [`windows`], [`picture`], [`webkit`], [`page`]
//! - [`app`]: the app under test, and the hub in it
//! - [`wait`]: the only way to wait
//!
//! # Invariants
//! - Nothing of the machine's own session is seen or touched: the environment is built from nothing.
//! - Nothing is left behind, even when a test panics: see [`session`].

pub mod app;
pub mod bus;
pub mod display;
pub mod menu;
pub mod notification_daemon;
pub mod notifications;
pub mod page;
pub mod picture;
pub mod pixmap;
pub mod process;
pub mod session;
pub mod tray;
pub mod tray_host;
pub mod wait;
pub mod webkit;
pub mod windows;

use anyhow::Result;

pub use self::{
    app::App,
    bus::Bus,
    notifications::{Notification, Notifications},
    page::Page,
    pixmap::IconPixmap,
    process::Process,
    tray::TrayItem,
    windows::{Region, Window},
};
use self::{display::Display, notification_daemon::NotificationDaemon, session::Session, tray_host::TrayHost};

/// A private desktop. Fields are dropped in order: clients first, then what they depend on.
#[derive(Debug)]
pub struct VirtualDesktop {
    notification_daemon: Option<NotificationDaemon>,
    tray_host: Option<TrayHost>,
    /// Its session bus, for looking at what goes over it.
    pub bus: Bus,
    /// Its screen.
    pub display: Display,
    session: Session,
}

impl VirtualDesktop {
    /// Display, bus and window manager with a tray host and a notification daemon: what most people have.
    ///
    /// # Errors
    /// A part did not come up; the message has the end of its log.
    pub async fn start() -> Result<Self> {
        let mut desktop = Self::start_bare().await?;
        desktop.start_tray_host().await?;
        desktop.start_notification_daemon().await?;
        Ok(desktop)
    }

    /// Display, bus and window manager, without a tray host and without a notification daemon.
    ///
    /// # Errors
    /// A part did not come up; the message has the end of its log.
    pub async fn start_bare() -> Result<Self> {
        let mut session = Session::create()?;
        let display = Display::start(&mut session).await?;
        let bus = Bus::start(&mut session).await?;
        Ok(Self { notification_daemon: None, tray_host: None, bus, display, session })
    }

    /// Starts the tray host, which is the panel of Xfce.
    ///
    /// # Errors
    /// It did not come up.
    pub async fn start_tray_host(&mut self) -> Result<()> {
        self.tray_host = Some(TrayHost::start(&self.session, &self.bus).await?);
        Ok(())
    }

    /// Ends the tray host, as a crash would.
    ///
    /// # Errors
    /// It did not leave the bus.
    pub async fn stop_tray_host(&mut self) -> Result<()> {
        drop(self.tray_host.take());
        self.bus.until_nobody_owns(tray_host::WATCHER).await
    }

    /// Starts the notification daemon.
    ///
    /// # Errors
    /// It did not come up.
    pub async fn start_notification_daemon(&mut self) -> Result<()> {
        self.notification_daemon = Some(NotificationDaemon::start(&self.session, &self.bus).await?);
        Ok(())
    }

    /// Folders and environment.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Starts a program on this desktop. It ends with the returned value.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn spawn(&self, program: &str, args: &[&str]) -> Result<Process> {
        self.session.spawn(program, args)
    }
}
