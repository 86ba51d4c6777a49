//! The functional core of the desktop app: what the badge, the menu, the notifications and the panel say, and when.
//!
//! # Layout
//! - [`state`]: [`State::apply`] takes what happened and says what to do, and what the tray shows
//! - `hub`: what is known of one hub · [`total`]: all hubs together
//! - [`input`], [`effect`]: what goes in and what comes out · [`request`]: what the app asks of hubs · `opening`: which panel is meant
//! - [`rings`]: what rings, and what it says
//! - [`connection`], [`waiting`], [`tray`], [`panel`]: what is shown, as plain values · [`words`]: how figures read
//!
//! # Invariants
//! - No I/O, no clock, no toolkit: everything comes in as an [`Input`] and goes out as an [`Effect`]. Time is an input, too: whoever
//!   owns the state wakes it at [`State::wakes_at`], and never while that is `None`.
//! - Every view is derived from the one [`State`], never stored beside it.
//! - Hubs do not know of each other: what one says changes what is known of that one only. Only [`Total`] looks at several.
//! - A job rings when it starts, when it asks and when it ends. A snapshot never rings: it tells what is, not what happened.
//!   What happened while the feed was down rings once, for all of it.

pub mod connection;
pub mod effect;
mod hub;
mod hub_id;
pub mod input;
mod opening;
pub mod panel;
pub mod request;
pub mod rings;
#[cfg(test)]
mod samples;
pub mod state;
pub mod total;
pub mod tray;
pub mod waiting;
pub mod words;

pub use connection::{Connection, Trust};
pub use effect::{Effect, Point};
pub use hub_id::HubId;
pub use input::{HubInput, Input, PanelInput};
pub use opening::Opening;
pub use panel::{Known, Standing};
pub use request::Request;
pub use rings::{About, Notification, Tone};
pub use state::State;
pub use total::{OldestQuestion, Total};
pub use tray::{Action, Badge, MenuEntry, TrayView};
pub use waiting::Waiting;
