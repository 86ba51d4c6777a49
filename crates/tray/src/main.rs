//! `doorbell-tray`: a tray icon that tells how many jobs run, rings when one starts and ends, and shows a panel on demand.
//!
//! # Layout
//! - `app`: wires the parts · `shell`: the loop that owns the state · `desktop`: every effect behind one trait
//! - `tray`, `badge`, `digits`: the icon and its menu · `notifier/`: what rings · `panel`, `placement`: the window
//! - `commands`: what the page may call · `hub`: the embedded hub and its worker · `waking`: what the system tells of sleep and network
//!
//! # Invariants
//! - Decisions are `doorbell_desk`'s. Here they are carried out.
//! - One feed connection. No poll unless the panel is open, or the feed is down: then the client asks.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod app;
mod badge;
mod commands;
mod desktop;
mod digits;
mod hub;
mod notifier;
mod panel;
mod placement;
mod shell;
mod tray;
#[cfg(target_os = "linux")]
mod tray_host;
#[cfg(target_os = "linux")]
mod waking;

fn main() -> std::process::ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("DOORBELL_LOG").unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info")),
        )
        .with_writer(std::io::stderr)
        .init();
    match app::run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "cannot start");
            std::process::ExitCode::FAILURE
        }
    }
}
