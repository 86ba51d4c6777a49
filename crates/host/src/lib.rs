//! Serves a hub with its worker on this machine: for `doorbell hub`, at once, and for the tray app, while no
//! other hub serves.
//!
//! # Layout
//! - [`host`]: a hub that is open and listens, and serves beside its worker · `listen`: on which address
//! - [`embedded`]: a hub that is kept up for as long as nobody else serves · `takeover`: pure: whether it is
//!   time to open it
//! - `neighbour`: the other hub of this user: whether it serves, and where its data is
//!
//! # Invariants
//! - A hub that is announced and serves keeps its announcement. One with other data beside it is announced in
//!   its own folder.
//! - Whether a hub serves is decided in one place, by one call.
//! - The worker stops after its hub, and only then: alone it would wait for ever.

pub mod embedded;
pub mod host;
mod listen;
mod neighbour;
#[cfg(test)]
mod serving;
mod takeover;

pub use doorbell_hub::{Config, Exposure, TlsFiles};

pub use self::{
    embedded::EmbeddedHub,
    host::{Host, HostError, Setup, Worker},
    listen::ListenError,
};
