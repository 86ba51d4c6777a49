//! Ends of jobs that no hub has taken yet: a file each in the data folder, until a hub takes them.
//!
//! A wrapper that cannot report the end of its job leaves it here and exits. Whoever comes next delivers it:
//! another wrapper, any other `doorbell`, or the worker that comes up with a hub.
//!
//! # Layout
//! - `entry`: what a file says · `folder`: the files · `deliver`: telling a hub
//!
//! # Invariants
//! - A file is there whole or not at all, and only its owner can read it. It holds no token.
//! - Delivering the same end twice changes nothing, since the reporter has chosen the job's id. So nobody
//!   takes a lock, and whoever is killed in the middle leaves the rest to the next.
//! - An end goes to the hub that it was meant for: the one on this machine, or the one that was named.
//! - The size of the spool is bounded: the oldest ends are removed.

mod deliver;
mod entry;
mod folder;

pub(crate) use deliver::deliver;
pub use deliver::{deliver_now, keep_delivering};
pub(crate) use entry::{Entry, Known};
pub(crate) use folder::Spool;
