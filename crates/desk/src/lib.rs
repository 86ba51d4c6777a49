//! The functional core of the desktop app: what the badge, the menu, the notifications and the panel say, and when.
//!
//! # Layout
//! - [`state`]: [`State::apply`] takes what happened and says what to do
//! - [`tray`]: badge and menu · [`notification`]: what rings · `missed`: what rings for all that was missed · [`panel`]: what the panel shows · [`words`]: how figures read
//!
//! # Invariants
//! - No I/O, no clock, no toolkit: everything comes in as an [`Input`] and goes out as an [`Effect`].
//! - Every view is derived from the one [`State`], never stored beside it.
//! - A job rings when it starts, when it asks and when it ends. A snapshot never rings: it tells what is, not what happened.
//!   What happened while the feed was down rings once, for all of it.

mod missed;
pub mod notification;
pub mod panel;
#[cfg(test)]
mod samples;
pub mod state;
pub mod tray;
pub mod words;

pub use notification::{Notification, Tone};
pub use panel::{Connection, PanelView};
pub use state::{Effect, Input, Point, State};
pub use tray::{Action, Badge, MenuEntry, TrayView, Trust};
