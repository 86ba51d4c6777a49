//! The app on a real desktop, observed from the outside: what a person would see, hear and pay for.
//!
//! Each test has a desktop of its own, so that they can run side by side.
#![cfg(target_os = "linux")]

mod browser;
mod hub;
mod lonely;
mod looking;
mod lost;
mod main_job;
mod panel;
mod question;
mod second_start;
mod test_job;
mod tray_host;
