//! The desktop that the app runs on.

use std::sync::Arc;

use doorbell_client::Feed;
use doorbell_desk::{About, HubId, HubInput, Notification, Opening, Point, Request, TrayView};
use doorbell_host::EmbeddedHub;
use doorbell_protocol::jobs::NewTestJob;
use tokio_util::sync::CancellationToken;

use crate::{inbox::Inbox, notifier::Notifier, panel::Panel, shell::Desktop, tray::TrayThread};

/// Carries out each effect with the part that can.
pub(crate) struct NativeDesktop {
    pub(crate) tray: TrayThread,
    pub(crate) inbox: Inbox,
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

    fn open_panel(&self, opening: Opening, near: Option<Point>) {
        self.panel.open(opening, near);
    }

    fn close_panel(&self) {
        self.panel.close();
    }

    fn retry_feed(&self, hub: &HubId) {
        if hub == self.inbox.hub() {
            self.feed.retry_now();
        }
    }

    fn call(&self, hub: HubId, request: Request) {
        let inbox = self.inbox.clone();
        if hub != *inbox.hub() {
            return;
        }
        tokio::spawn(async move {
            let answer = match request {
                Request::QueueTestJob => inbox.client().create_test_job(&NewTestJob::default()).await,
            };
            if let Err(error) = answer {
                inbox.hub_input(HubInput::CallFailed { request, reason: error.to_string() });
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
