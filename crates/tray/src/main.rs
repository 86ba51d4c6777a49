//! `doorbell-tray`, the resident: a tray icon that tells how many jobs run, and rings when one starts and
//! ends. It keeps the hub where no other does, and starts the panel, a program of its own, when it is wanted.
//!
//! # Layout
//! - `app`: wires the parts · `inbox`: the way into the loop · `shell`: the loop that owns the state, and
//!   every effect behind one trait · `desktop`: the effects on a real desktop
//! - `tray/`: the icon and its menu, on the thread that they belong to · `badge`, `digits`: what the icon
//!   shows · `notifier/`: what rings
//! - `panel/`: the panel's process, and what it may ask for · `second_start/`: one resident for a desktop,
//!   and how another start reaches it
//! - `programs`: the programs that come with this one · `hub`: the embedded hub and its worker · `waking`:
//!   what the system tells of sleep and network · `tray_host`: whether icons are shown at all
//!
//! # Invariants
//! - Decisions are `doorbell_desk`'s. Here they are carried out.
//! - One feed connection. No poll unless the panel is open, or the feed is down: then the client asks.
//! - Nothing of Tauri, GTK or WebKit is in this program: what draws a page lives and dies with the panel.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod app;
mod badge;
mod desktop;
mod digits;
mod hub;
mod inbox;
mod notifier;
mod panel;
mod programs;
#[cfg(test)]
mod recorder;
mod second_start;
mod shell;
mod tray;
#[cfg(target_os = "linux")]
mod tray_host;
#[cfg(target_os = "linux")]
mod waking;

use std::{io::IsTerminal, process::ExitCode};

/// Threads for everything that waits: one, since two wake each other. The embedded hub has its own for what works on the disk.
const THREADS: usize = 1;

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("DOORBELL_LOG").unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info")),
        )
        .with_writer(std::io::stderr)
        // A log that goes to a file or to the journal is text.
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .init();
    match tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build() {
        Ok(runtime) => tray::run(runtime, app::run),
        Err(error) => {
            tracing::error!(%error, "cannot start");
            ExitCode::FAILURE
        }
    }
}
