//! Ends of jobs that no hub has taken yet: a file each in the data folder, until a hub takes them.
//!
//! A wrapper that cannot tell its end leaves it here and exits. Whoever comes next delivers it: another wrapper, any other
//! `doorbell`, or the worker that comes up with a hub.
//!
//! # Layout
//! - `entry`: what a file says · `folder`: the files · `deliver`: telling a hub
//!
//! # Invariants
//! - A file is there whole or not at all, and only its owner can read it. It holds no token.
//! - To deliver twice is to tell once: the job's id is the reporter's, and the same end twice changes nothing. So nobody takes
//!   a lock, and whoever is killed in the middle leaves the rest to the next.
//! - An end goes to the hub that it was meant for: the one on this machine, or the one that was named.
//! - Its size is bounded: the oldest ends give way.

mod deliver;
mod entry;
mod folder;

pub(crate) use deliver::deliver;
pub use deliver::{deliver_now, keep_delivering};
pub(crate) use entry::{Entry, Known};
pub(crate) use folder::Spool;
