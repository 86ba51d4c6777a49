//! The hub over real sockets and a real database file.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod after;
#[cfg(target_os = "linux")]
mod alone;
mod blocks;
#[cfg(target_os = "linux")]
mod browser;
#[cfg(target_os = "linux")]
mod cable;
mod cancel;
mod changes;
#[cfg(target_os = "linux")]
mod descriptors;
mod door;
mod exposure;
mod feed;
mod figures;
mod fuzz;
mod history;
mod jobs;
mod last_event_id;
mod leases;
mod logs;
mod ownership;
mod people;
mod questions;
mod queue;
mod raw;
mod restart;
mod retry;
mod roles;
mod schedules;
mod slow_reader;
mod sockets;
mod storm;
mod support;
mod tokens;
mod two_runners;
mod workers;
