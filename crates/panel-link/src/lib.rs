//! What the resident (`doorbell-tray`) and the panel that it starts (`doorbell-panel`) say to each other.
//!
//! They speak over a private pipe: the panel's standard input and output. The end of the pipe ends the panel.
//!
//! # Layout
//! - [`frame`]: one message at a time over a stream of bytes, each with a bound
//! - [`greeting`]: the first message of each side, which says the version
//! - [`message`]: what is said after it
//!
//! # Invariants
//! - Nothing about what the panel shows, or where, is in arguments or in the environment: other programs can
//!   read those.
//! - No message is longer than its bound, and a message that is cut short is an error, never a shorter
//!   message.
//! - The greeting never changes its form, so that two releases can tell each other apart.

mod error;
pub mod frame;
pub mod greeting;
pub mod message;

pub use error::LinkError;
pub use message::{Answer, FromPanel, Point, Refusal, Request, Response, Show, ToPanel};
