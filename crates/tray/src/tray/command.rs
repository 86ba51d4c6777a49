//! What the thread of the tray is told, and the way to it.

use doorbell_desk::TrayView;

use super::clicks::Clicks;
use crate::{inbox::Inbox, panel::Panel};

/// What the thread of the tray is told.
pub(super) enum Command {
    /// Show the icon for the first time, and send what is clicked there.
    Create(TrayView, Clicks),
    /// Change what differs.
    Show(TrayView),
    /// Take the icon away and end.
    #[cfg(any(windows, target_os = "macos"))]
    End(std::process::ExitCode),
}

/// The way to the icon. On Linux the icon goes when this is dropped.
pub(crate) struct TrayThread(Box<dyn Fn(Command) -> bool + Send>);

impl TrayThread {
    /// `send` says whether the thread still listens.
    pub(super) fn new(send: impl Fn(Command) -> bool + Send + 'static) -> Self {
        Self(Box::new(send))
    }

    /// Shows the icon for the first time, and sends what is clicked there.
    pub(crate) fn create(&self, view: TrayView, inbox: Inbox, panel: Panel) {
        self.tell(Command::Create(view, Clicks { inbox, panel }));
    }

    /// Changes what differs from what is shown.
    pub(crate) fn show(&self, view: TrayView) {
        self.tell(Command::Show(view));
    }

    fn tell(&self, command: Command) {
        if !(self.0)(command) {
            tracing::warn!("the thread of the tray is gone");
        }
    }
}
