//! What happens because time passes: each waits for the first moment at which it has something to do.
//!
//! # Layout
//! - `leases`: a job whose runner is silent is lost · `questions`: one whose time is up expires · `schedules`: jobs that are queued by the clock ·
//!   `retention`: what is old is deleted · `keepalives`: listeners are told that the hub is there

pub(crate) mod keepalives;
pub(crate) mod leases;
pub(crate) mod questions;
pub(crate) mod retention;
pub(crate) mod schedules;
