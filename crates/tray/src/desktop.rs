//! Every effect on the desktop, behind one trait.

use std::sync::Arc;

use doorbell_client::Feed;
use doorbell_desk::{Input, Notification, Point, TrayView};
use doorbell_protocol::jobs::NewTestJob;
use tauri::{AppHandle, async_runtime};

use crate::{hub::EmbeddedHub, notifier::Notifier, panel::Panel, shell::Shell, tray};

/// What can be done to the desktop. Nothing here waits: what fails comes back as an input.
pub(crate) trait Desktop {
    fn show_tray(&self, view: TrayView);
    fn notify(&self, notification: Notification);
    fn open_panel(&self, near: Option<Point>);
    fn close_panel(&self);
    fn retry_feed(&self);
    fn queue_test_job(&self);
    fn quit(&self);
}

/// The desktop that the app runs on.
pub(crate) struct NativeDesktop {
    pub(crate) app: AppHandle,
    pub(crate) shell: Shell,
    pub(crate) panel: Panel,
    pub(crate) notifier: Notifier,
    pub(crate) feed: Arc<Feed>,
    pub(crate) hub: EmbeddedHub,
}

impl Desktop for NativeDesktop {
    fn show_tray(&self, view: TrayView) {
        let shown = self.app.run_on_main_thread(move || tray::show(&view));
        if let Err(error) = shown {
            tracing::warn!(%error, "could not reach the main thread");
        }
    }

    fn notify(&self, notification: Notification) {
        self.notifier.ring(notification);
    }

    fn open_panel(&self, near: Option<Point>) {
        self.panel.open(near);
    }

    fn close_panel(&self) {
        self.panel.close();
    }

    fn retry_feed(&self) {
        self.feed.retry_now();
    }

    fn queue_test_job(&self) {
        let shell = self.shell.clone();
        async_runtime::spawn(async move {
            if let Err(error) = shell.client().create_test_job(&NewTestJob::default()).await {
                shell.input(Input::TestJobRefused { reason: error.to_string() });
            }
        });
    }

    fn quit(&self) {
        let (hub, app) = (self.hub.clone(), self.app.clone());
        async_runtime::spawn(async move {
            hub.stop().await;
            app.exit(0);
        });
    }
}
