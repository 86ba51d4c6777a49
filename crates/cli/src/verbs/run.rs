//! `doorbell run -- CMD…`

use std::{ffi::OsString, time::Duration};

use anyhow::bail;
use doorbell_protocol::{JobId, jobs, limits};
use doorbell_runner::{Prints, Redactor, RunSecret, RunSpec, Secret, TerminalChoice};

use crate::{
    context::{Context, Run},
    duration, name, own_job,
};

/// Run a command as a job
///
/// The command gets the same input, output, terminal and signals as without doorbell, whether or not a hub is there. The hub is
/// told in the background; when none is there, the end waits on disk until one comes.
///
/// Progress is read from what the command prints: figures such as `[12/345]`, `3/20` or `45%`, and the progress reports that
/// programs send to terminals (OSC 9;4).
///
/// What the command prints is sent as the job's log. Values of environment variables whose names say TOKEN, SECRET, PASSWORD,
/// KEY or PWD are replaced in all that is sent; what the command itself writes is never touched.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes:
  the command's own; after a signal the same signal, which shells show as 128 + n; 127 when there is no such command; 126 when it cannot be run;
  124 when its --timeout was up

Examples:
  doorbell run -- make -j8
  doorbell run --name 'nightly ingest' --key ingest -- sh -c 'fetch | load'
  doorbell run --notify-after 10s -- cargo test")]
pub(crate) struct Args {
    /// What people call the job, up to 200 characters [default: the command line, shortened]
    #[arg(long, value_parser = name::parse)]
    name: Option<String>,

    /// Names the runs of one job, for its history [default: made of the name]
    #[arg(long, value_parser = name::parse_key)]
    key: Option<String>,

    /// A word to find it by; repeat it for several
    #[arg(long = "label", value_parser = label, value_name = "NAME=VALUE")]
    labels: Vec<(String, String)>,

    /// The job that this one is a part of: it counts, but only root jobs ring
    ///
    /// Under a command that is itself run by doorbell, it is that command's job, which DOORBELL_JOB names. An empty one makes this
    /// a root job.
    #[arg(long, value_parser = parent, value_name = "JOB")]
    parent: Option<Parent>,

    /// A page about it, http or https
    #[arg(long, value_parser = page, value_name = "ADDRESS")]
    url: Option<String>,

    /// Do not ring at its start
    #[arg(long)]
    quiet_start: bool,

    /// Ring at its end only when it has run for so long, as in 10s, and not at its start
    #[arg(long, value_parser = duration::parse, value_name = "DURATION")]
    notify_after: Option<Duration>,

    /// Stop it when it has run for so long: SIGTERM, and SIGKILL 10 s later; on Windows it is ended at once
    #[arg(long, value_parser = duration::parse_positive, value_name = "DURATION")]
    timeout: Option<Duration>,

    /// A text that must not be told, or with `re:` before it a regular expression for one; repeat it for several
    #[arg(long, value_name = "SECRET")]
    redact: Vec<Secret>,

    /// Send nothing of what it prints: no log, no last line; only figures of its progress
    #[arg(long)]
    no_output: bool,

    /// Give it a terminal, also when the output goes elsewhere
    #[arg(long, conflicts_with = "no_pty")]
    pty: bool,

    /// Give its output no terminal
    #[arg(long)]
    no_pty: bool,

    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

/// A parent, or that there is none.
#[derive(Clone, Copy, Debug)]
struct Parent(Option<JobId>);

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        if self.labels.len() > limits::LABELS {
            bail!("a job has at most {} labels", limits::LABELS);
        }
        let secret = RunSecret::random();
        let redactor = Redactor::new(std::env::vars_os().chain([secret.variable()]), &self.redact);
        // Secrets go before it is shortened: half of one would stay.
        let name = self.name.unwrap_or_else(|| name::of_command(&redactor.words(&self.command)));
        let mut words = self.command.into_iter();
        // clap refuses an empty command.
        let program = words.next().unwrap_or_default();
        let terminal = match (self.pty, self.no_pty) {
            (true, _) => TerminalChoice::Always,
            (_, true) => TerminalChoice::Never,
            (false, false) => TerminalChoice::LikeOurs,
        };
        let spec = RunSpec {
            program,
            args: words.collect(),
            name,
            key: self.key,
            parent: self.parent.map_or_else(own_job::id, |Parent(parent)| parent),
            labels: self.labels.into_iter().collect(),
            url: self.url,
            notify_after: self.notify_after.or(self.quiet_start.then_some(Duration::ZERO)),
            timeout: self.timeout,
            secret,
            redactor,
            prints: if self.no_output { Prints::Kept } else { Prints::Sent },
            terminal,
            source: context.source(),
        };
        Ok(doorbell_runner::run(spec))
    }
}

fn page(text: &str) -> Result<String, String> {
    jobs::check_url(text).map(|()| text.to_owned()).map_err(|e| e.message)
}

/// A label, as in `branch=main`.
pub(super) fn label(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it like branch=main")?;
    let (name, value) = (doorbell_protocol::text::clean(name), doorbell_protocol::text::clean(value));
    if !(1..=limits::LABEL_NAME_CHARS).contains(&name.chars().count()) || value.chars().count() > limits::LABEL_CHARS {
        return Err(format!("a name has 1 to {} characters, a value at most {}", limits::LABEL_NAME_CHARS, limits::LABEL_CHARS));
    }
    Ok((name, value))
}

fn parent(text: &str) -> Result<Parent, String> {
    if text.is_empty() {
        return Ok(Parent(None));
    }
    text.parse().map(|id| Parent(Some(id))).map_err(|_| "it must be the id of a job, as `doorbell ls --json` shows it".to_owned())
}
