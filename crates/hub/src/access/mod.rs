//! Who may call.
//!
//! # Layout
//! - `tokens`: who has which token · `owner_token`: the one of the data folder · `secret`: known by its hash alone · `links`: how a browser comes
//!   to a token · `rate_limit`: how often a token may call

pub(crate) mod links;
pub(crate) mod owner_token;
pub(crate) mod rate_limit;
pub(crate) mod secret;
pub(crate) mod tokens;
