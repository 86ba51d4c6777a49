//! What can go wrong on the way between a client and its hub.
//!
//! - [`server`]: a server that does as it is told, byte by byte, and counts what comes · [`script`]: what it can be told
//! - [`model`]: a hub of twenty lines, which always knows what a client should know
//! - [`proxy`]: a proxy in front of a real hub, which spoils what passes

pub mod model;
pub mod proxy;
pub mod script;
pub mod server;
