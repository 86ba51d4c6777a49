//! Talks to a Doorbell hub: by single calls, and by a feed that is kept open whatever happens to the hub or
//! the network.
//!
//! # Layout
//! - [`places`]: the folders of this user · [`endpoint`]: which hub, with which token, found anew at each
//!   attempt
//! - [`rest`]: [`Client`], which has a typed method for each call; [`CallError`]; a job's log as it grows
//! - [`feed`]: [`Feed`], the supervisor of one connection to the hub's feed · `event_stream`: server-sent
//!   events on one connection
//! - `http`: the HTTP clients under all of it · `wire_text`: what a hub says, without what no terminal should get
//! - [`backoff`]: how long to wait after a failure
//!
//! # Invariants
//! - A hub that restarts may be on another port: nothing here keeps an address longer than one attempt.
//! - The token goes to the hub's own address only: redirects are refused, and no proxy stands before
//!   loopback. It is never printed.
//! - Everything that a hub sends is bounded: answers, pages, blocks of the feed, time to the first byte, time of
//!   silence. Its text is cleaned before it is read.

pub mod backoff;
pub mod endpoint;
mod event_stream;
pub mod feed;
mod http;
pub mod places;
pub mod rest;
mod wire_text;

pub use backoff::Backoff;
pub use endpoint::{BearerToken, DiscoverError, Endpoint, EndpointSource, announced};
pub use feed::{Feed, FeedUpdate, When};
pub use places::{Places, PlacesError};
pub use rest::{CallError, Client};
