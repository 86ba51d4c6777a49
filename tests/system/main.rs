//! Whole-system tests over real processes and sockets: the command line, the runner, the worker and the feed, against a real
//! hub. Everything runs in a home of its own, so the tests run at the same time.

#![cfg(unix)]

mod cancel;
mod claims;
mod cli;
mod cli_inside;
mod cli_json;
mod cli_list;
mod cli_more;
mod cli_queue;
mod cli_words;
#[cfg(target_os = "linux")]
mod clock;
mod completions;
#[cfg(target_os = "linux")]
mod container;
#[cfg(target_os = "linux")]
mod damaged;
#[cfg(target_os = "linux")]
mod doorbell_py;
mod events;
mod feed;
mod feed_faults;
mod feed_model;
mod hostile;
mod hub_away;
mod job_control;
mod kept_output;
mod kill_loop;
mod killed;
mod options;
mod output;
#[cfg(target_os = "linux")]
mod private_files;
mod progress;
mod rest;
mod run;
mod run_secret;
mod shells;
mod signals;
mod spool;
#[cfg(target_os = "linux")]
mod storage;
mod terminal;
mod tls;
mod tokens;
mod wait;
mod watch;
#[cfg(target_os = "linux")]
mod watch_memory;
#[cfg(target_os = "linux")]
mod way_in;
mod worker;
