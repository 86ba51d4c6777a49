//! Whether the panel is open, what a click on the icon means to it, and whether it can be opened at all.

use std::time::Duration;

use doorbell_protocol::Timestamp;

use crate::opening::Opening;

/// A click this soon after the panel lost the focus is the click that took it: it must not open the panel again.
const SAME_CLICK: Duration = Duration::from_millis(200);
/// A panel that dies twice within this time cannot be opened here.
const TWO_DEATHS: Duration = Duration::from_secs(10);

/// The panel, as the app wants it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Panel {
    Open(Opening),
    Closed {
        /// When losing the focus closed it, unless a click has been taken for that one since.
        blurred_at: Option<Timestamp>,
    },
}

/// What a click on the tray icon asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Click {
    Opens,
    Closes,
    /// It has closed the panel already.
    IsDone,
}

impl Panel {
    pub(super) fn is_open(self) -> bool {
        matches!(self, Self::Open(_))
    }

    pub(super) fn click(&mut self, now: Timestamp) -> Click {
        match *self {
            Self::Open(_) => Click::Closes,
            Self::Closed { blurred_at: Some(at) } if now.since(at) < SAME_CLICK => {
                *self = Self::Closed { blurred_at: None };
                Click::IsDone
            }
            Self::Closed { .. } => Click::Opens,
        }
    }
}

/// When the panel last died, unless that was held against it already.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Deaths(Option<Timestamp>);

/// What a death shows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    MayOpen,
    CannotOpen,
}

impl Deaths {
    pub(super) fn another(&mut self, now: Timestamp) -> Verdict {
        match self.0.replace(now) {
            Some(before) if now.since(before) < TWO_DEATHS => {
                self.0 = None;
                Verdict::CannotOpen
            }
            Some(_) | None => Verdict::MayOpen,
        }
    }
}
