//! What listeners are sent.
//!
//! # Layout
//! - `subscriber`: which events, in which order · `handover`, `stream`: from an answer of hyper's to a socket of the stream's own ·
//!   `list_changes`: what tells list pages that a list is old

pub(crate) mod handover;
pub(crate) mod list_changes;
pub(crate) mod stream;
pub(crate) mod subscriber;
