//! What the app is to do.

use crate::{
    hub_id::HubId,
    opening::Opening,
    request::Request,
    rings::{About, Notification},
    tray::TrayView,
};

/// Something to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Show this in the tray.
    ShowTray(TrayView),
    /// Ring. What rang about the same thing before is replaced.
    Notify(Notification),
    /// Take back what rang about this, wherever it still stands.
    Retract(About),
    /// Create the panel and show it; one that is open comes to the front.
    OpenPanel {
        /// Names the panel in what is said of it.
        opening: Opening,
        /// Where the tray icon is on the screen, if it is known; else beside the pointer.
        near: Option<Point>,
    },
    /// Close the panel and destroy it, if it is there.
    ClosePanel,
    /// Try the hub's feed at once instead of waiting.
    RetryFeed(HubId),
    /// Ask a hub for something. Its refusal comes back as [`HubInput::CallFailed`](crate::HubInput::CallFailed); what it did is told by
    /// its feed.
    Call {
        /// Whom.
        hub: HubId,
        /// For what.
        request: Request,
    },
    /// End the app.
    Quit,
}

/// A place on the screen, in physical pixels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Point {
    /// From the left.
    pub x: i32,
    /// From the top.
    pub y: i32,
}
