//! The table of routes: every call that a hub answers, once.
//!
//! The hub's router and what it asks of a token, the client's calls, what the tray app passes on for its panel, and
//! `docs/openapi.json` are made of it. What is not in the table does not exist.
//!
//! # Layout
//! - `table`: the calls · `route`: what is said about one · `find`: which call a method and a path make
//! - `document`: the table as OpenAPI · `schema/`: what the types of a call look like

#[cfg(feature = "openapi")]
pub mod document;
mod find;
mod route;
#[cfg(feature = "openapi")]
mod schema;
mod table;
#[cfg(test)]
mod tests;

pub use self::{
    find::find,
    route::{Access, Bytes, Events, ID, Json, Method, PathId, Route, Spec, Storage, Text},
    table::*,
};
