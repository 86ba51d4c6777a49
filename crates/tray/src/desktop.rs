//! Every effect on the desktop, behind one trait.

use std::sync::Arc;

use doorbell_client::Feed;
use doorbell_desk::{About, HubId, HubInput, Notification, Point, Request, TrayView};
use doorbell_host::EmbeddedHub;
use doorbell_protocol::jobs::NewTestJob;
use tokio_util::sync::CancellationToken;

use crate::{notifier::Notifier, panel::Panel, shell::Shell, tray::TrayThread};

/// What can be done to the desktop. Nothing here waits: what fails comes back as an input.
pub(crate) trait Desktop {
    fn show_tray(&self, view: TrayView);
    fn notify(&self, notification: Notification);
    fn retract(&self, about: About);
    fn open_panel(&self, near: Option<Point>);
    fn close_panel(&self);
    fn retry_feed(&self, hub: &HubId);
    fn call(&self, hub: HubId, request: Request);
    fn quit(&self);
}

/// The desktop that the app runs on.
pub(crate) struct NativeDesktop {
    pub(crate) tray: TrayThread,
    pub(crate) shell: Shell,
    pub(crate) panel: Panel,
    pub(crate) notifier: Notifier,
    pub(crate) feed: Arc<Feed>,
    pub(crate) hub: EmbeddedHub,
    /// Cancelled when there is nothing left to do but to end.
    pub(crate) quit: CancellationToken,
}

impl Desktop for NativeDesktop {
    fn show_tray(&self, view: TrayView) {
        self.tray.show(view);
    }

    fn notify(&self, notification: Notification) {
        self.notifier.ring(notification);
    }

    fn retract(&self, about: About) {
        self.notifier.retract(about);
    }

    fn open_panel(&self, near: Option<Point>) {
        self.panel.open(near);
    }

    fn close_panel(&self) {
        self.panel.close();
    }

    fn retry_feed(&self, hub: &HubId) {
        if hub == self.shell.hub() {
            self.feed.retry_now();
        }
    }

    fn call(&self, hub: HubId, request: Request) {
        let shell = self.shell.clone();
        if hub != *shell.hub() {
            return;
        }
        tokio::spawn(async move {
            let answer = match request {
                Request::QueueTestJob => shell.client().create_test_job(&NewTestJob::default()).await,
            };
            if let Err(error) = answer {
                shell.hub_input(HubInput::CallFailed { request, reason: error.to_string() });
            }
        });
    }

    fn quit(&self) {
        let (hub, quit) = (self.hub.clone(), self.quit.clone());
        tokio::spawn(async move {
            hub.stop().await;
            quit.cancel();
        });
    }
}
