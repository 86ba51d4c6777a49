//! Sockets: who can reach the hub, and how many at once.
//!
//! # Layout
//! - `server`: the accept loop with its bounds · `connection`: calls over hyper until one becomes a stream · `tls` · `exposure`: which addresses
//!   and names · `descriptors`: how many connections fit · `strangers`: how many of them may be without a token

pub(crate) mod connection;
pub(crate) mod descriptors;
pub(crate) mod exposure;
pub(crate) mod server;
pub(crate) mod strangers;
pub(crate) mod tls;
