//! Runs a command in the place where the caller stands, as one job.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    time::{Duration, SystemTime},
};

use doorbell_client::EndpointSource;
use doorbell_protocol::{JobId, Origin, Timestamp, id, jobs::NewJob, limits, text};
use tokio::sync::watch;

use crate::{
    command,
    ending::Ending,
    exit_as::ExitAs,
    job_control::RunningCommand,
    not_started, origin,
    output::{Latest, OutputSink, UnsentLog, Words},
    redact::Redactor,
    reporter::{Opening, ReportedJob, Reporter},
    run_secret::RunSecret,
    stdio::{self, TerminalChoice},
};

/// What to run, and what to call it.
#[derive(Clone, Debug)]
pub struct RunSpec {
    /// The program, looked for in `PATH`.
    pub program: OsString,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// What people call the job, 1 to 200 characters.
    pub name: String,
    /// Names the runs of one job; made of the name when left out.
    pub key: Option<String>,
    /// The job that it is a part of.
    pub parent: Option<JobId>,
    /// Words to find it by.
    pub labels: BTreeMap<String, String>,
    /// A page about it.
    pub url: Option<String>,
    /// The start of the job does not ring, and its end rings only when it has run for so long.
    pub notify_after: Option<Duration>,
    /// The command is stopped when it has run for so long.
    pub timeout: Option<Duration>,
    /// Of this run. The redactor knows it.
    pub secret: RunSecret,
    /// Finds the secrets, which are not sent.
    pub redactor: Redactor,
    /// Whether what it prints is sent.
    pub prints: Prints,
    /// Whether it gets a terminal.
    pub terminal: TerminalChoice,
    /// Whom to tell.
    pub source: EndpointSource,
}

/// Whether what a command prints may leave this machine.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Prints {
    /// It is sent as the job's log, without its secrets.
    #[default]
    Sent,
    /// Only the figures of its progress are sent.
    Kept,
}

/// Runs the command and returns the code to exit with: the command's own, 127 when there is no such command,
/// 126 when it cannot be run, 124 when its time was up. After a command that died of a signal this process
/// dies of it, too. The hub is told in the background. When the hub knows the job but does not take its end,
/// the return is delayed, by 2 s at most.
///
/// From here on, signals to this process are handed on to the command. Call it once, and exit when it
/// returns.
#[must_use]
pub fn run(spec: RunSpec) -> i32 {
    let id = JobId(id::fresh(SystemTime::now().into()));
    let (latest, progress) = watch::channel(Latest::default());
    let process = command::typed(&spec.program, &spec.args, id, &spec.secret);
    let redactor = spec.redactor.clone();
    let log = (spec.prints == Prints::Sent).then(UnsentLog::default);
    let output = OutputSink { redactor: redactor.clone(), latest, words: log.clone().map_or(Words::Kept, Words::Sent) };
    // The clock is read before the command starts: once it runs, we may not get the processor for a while.
    let started_at = SystemTime::now().into();
    let started = RunningCommand::start(process, |process| stdio::attach_here(process, output, spec.terminal));
    let opening = Opening::Create(Box::new(redacted(new_job(&spec, id, started_at), &redactor)));
    let stopper = started.as_ref().ok().map(RunningCommand::stopper);
    if let (Some(stopper), Some(timeout)) = (&stopper, spec.timeout) {
        stopper.stop_after(timeout);
    }
    let job = ReportedJob { id, progress, log, redactor, stopper };
    let reporter = Reporter::start(spec.source.clone(), opening, job);
    let (ending, exit_as) = match started {
        Ok(started) => started.wait(),
        Err(e) => {
            let exit = not_started::refused(&spec.program, &e);
            (Ending::of(&exit, &[], None), ExitAs::Code(exit.code()))
        }
    };
    reporter.finish(ending);
    exit_as.carry_out()
}

fn new_job(spec: &RunSpec, id: JobId, started_at: Timestamp) -> NewJob {
    let line: Vec<String> = std::iter::once(&spec.program).chain(&spec.args).map(|word| word.to_string_lossy().into_owned()).collect();
    NewJob {
        id: Some(id),
        name: spec.name.clone(),
        key: spec.key.clone(),
        origin: Some(origin::here(&line)),
        start: true,
        started_at: Some(started_at),
        parent: spec.parent,
        labels: spec.labels.clone(),
        url: spec.url.clone(),
        secret_sha256: Some(spec.secret.hash()),
        notify_after_ms: spec.notify_after.map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX).min(limits::COUNT)),
        ..NewJob::default()
    }
}

/// The same job without its secrets: a command line that was typed may hold some, and everybody who sees the
/// job sees it.
fn redacted(new: NewJob, redactor: &Redactor) -> NewJob {
    let clean = |text: String| redactor.text(&text);
    NewJob {
        name: text::clean_cut(&redactor.text(&new.name), limits::NAME_CHARS),
        // What stands for a secret is no part of a word.
        key: new.key.map(|key| text::word(redactor.text(&key))),
        labels: new.labels.into_iter().map(|(name, value)| (name, redactor.text(&value))).collect(),
        url: new.url.map(clean),
        origin: new.origin.map(|origin| Origin {
            cwd: origin.cwd.map(clean),
            command: origin.command.iter().map(|word| redactor.text(word)).collect(),
            ..origin
        }),
        ..new
    }
}
