//! `doorbell-panel`: a window with live progress. `doorbell-tray` starts it when somebody wants to look, and
//! ends it when it is closed.
//!
//! # Layout
//! - `pipe`: the way to the resident, which is this process's standard input and output · `link`: calls and
//!   answers over it
//! - `app`: builds Tauri and wires the parts · `window`, `placement`: the window · `commands`: what the page
//!   may call
//!
//! # Invariants
//! - The resident decides and makes every call to the hub. Here is what it takes to draw: no address and no
//!   token of a hub.
//! - The end of the pipe ends this process, whatever it is doing.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod app;
mod commands;
mod link;
mod pipe;
mod placement;
mod window;

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
};

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("DOORBELL_LOG").unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info")),
        )
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .init();
    if io::stdin().is_terminal() {
        eprintln!("doorbell-panel is a part of doorbell-tray, which starts it. `doorbell open` opens the panel.");
        return ExitCode::from(2);
    }
    match app::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the panel cannot be shown");
            ExitCode::FAILURE
        }
    }
}
