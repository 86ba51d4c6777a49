//! The `doorbell` command.
//!
//! # Layout
//! - `args`: what may stand before a verb · `verbs/`: one file a verb: what may follow it, and what it does
//! - `context`: what a verb is given to reach its hub · `output`: for whom it prints · `name`: what a job is
//!   called by default
//! - `job_lookup`: which job is meant · `task`: what a worker is to run · `moments`, `figure`: moments and progress
//!   as people write them · `timezone`: this machine's
//! - `own_job`: what a command says about its own job · `open_questions`: open questions · `interrupt`: being asked to
//!   end
//! - `complete`: what shells complete · `shell/`: their hooks · `interactive`: which commands the hooks leave
//!   out
//! - `listing`: which jobs a list has · `table`, `list_screen`: on paper and on the screen · `bars`: below `watch` ·
//!   `paint`, `duration`, `cells`: how things are shown · `way_in/`: how a browser gets an address that is nobody else's to know · `safe_log`: what of a log a terminal gets
//!
//! # Invariants
//! - `doorbell run` starts its command before anything else: no runtime, no file and no socket comes first.
//! - What goes wrong is told on standard error as `doorbell: what happened, and what to do`. The exit code is
//!   then 1, and 2 for a usage error. `doorbell run` gives the command's own code.
//! - Output that is data goes to standard output, and is JSON when `--json` asks for it.

mod args;
mod bars;
mod cells;
mod closing;
mod complete;
mod context;
mod duration;
mod figure;
mod interactive;
mod interrupt;
mod job_lookup;
mod list_screen;
mod listing;
mod moments;
mod name;
mod open_questions;
mod output;
mod own_job;
mod paint;
mod refusal;
mod safe_log;
mod table;
mod task;
mod timezone;
mod verbs;
mod way_in;

use std::{io, process::exit};

use anyhow::bail;
use clap::{CommandFactory, Parser};
use tracing_subscriber::EnvFilter;

use self::{
    args::Args,
    context::{Context, Run},
    verbs::Verb,
};

fn main() {
    complete::answer_shell(Args::command);
    let Args { verb } = Args::parse();
    if let Err(e) = log_to_stderr(&verb) {
        eprintln!("doorbell: {e:#}");
        exit(2);
    }
    match verb.run(&Context::discovered()) {
        Ok(code) => exit(code),
        // Our output goes to a program that has seen enough, such as `head`: no failure.
        Err(e) if is_broken_pipe(&e) => exit(0),
        Err(e) => {
            eprintln!("doorbell: {}", refusal::told(&e));
            exit(1);
        }
    }
}

/// Logs to standard error, when somebody asked for it or when the log is all there is to see.
fn log_to_stderr(verb: &Verb) -> anyhow::Result<()> {
    let asked = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let Some(filter) = asked("DOORBELL_LOG").or_else(|| verb.serves().then(|| "info".to_owned())) else { return Ok(()) };
    let log = tracing_subscriber::fmt().with_writer(io::stderr).with_env_filter(EnvFilter::new(filter));
    match asked("DOORBELL_LOG_FORMAT").as_deref() {
        None | Some("text") => log.with_ansi(paint::on_stderr()).init(),
        Some("json") => log.json().init(),
        Some(other) => bail!("DOORBELL_LOG_FORMAT is {other:?}; use text or json"),
    }
    Ok(())
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
}
