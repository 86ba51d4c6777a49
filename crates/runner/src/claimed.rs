//! Runs a claimed job in this process: what `doorbell runner` does.

use std::io::{self, Read};

use doorbell_client::DiscoverError;
use tokio::sync::watch;

use crate::{
    assignment::Assignment,
    command,
    ending::{Ending, Exit},
    job_control::RunningCommand,
    not_started,
    output::{Latest, OutputSink, UnsentLog, Words},
    redact::Redactor,
    reporter::{Opening, ReportedJob, Reporter},
    stdio,
    surroundings::Surroundings,
};

/// Largest input that is read. A worker's JSON is much smaller.
const ASSIGNMENT_BYTES: u64 = 1024 * 1024;

/// There is no job to run.
#[derive(Debug, thiserror::Error)]
pub enum ClaimedError {
    /// Standard input could not be read.
    #[error("Cannot read the claim from standard input: {0}. Workers start this command; use `doorbell run` instead.")]
    Read(#[from] io::Error),
    /// It holds no claim.
    #[error("Standard input holds no claim: {0}. Workers start this command; use `doorbell run` instead.")]
    Claim(#[from] serde_json::Error),
    /// The hub that it names cannot be one.
    #[error(transparent)]
    Hub(#[from] DiscoverError),
}

/// Reads a claim from `input`, runs its job without input and with its output going nowhere but to its log,
/// and gives the exit code of the command.
///
/// # Errors
/// There is no claim to run.
pub fn run_claimed(input: impl Read) -> Result<i32, ClaimedError> {
    leave_session();
    let mut json = Vec::new();
    input.take(ASSIGNMENT_BYTES).read_to_end(&mut json)?;
    let assignment: Assignment = serde_json::from_slice(&json)?;
    let source = assignment.source()?;
    let id = assignment.claim.job.id;
    let (latest, progress) = watch::channel(Latest::default());
    let log = UnsentLog::default();
    let task = &assignment.claim.task;
    let of_the_task = task.env.iter().map(|(name, value)| (name.into(), value.into()));
    let secret = &assignment.secret;
    let redactor = Redactor::new(std::env::vars_os().chain(of_the_task).chain([secret.variable()]), &[]);
    let output = OutputSink { redactor: redactor.clone(), latest, words: Words::Sent(log.clone()) };
    let surroundings = Surroundings::of(task, assignment.open_files);
    let started = command::queued(task, id, secret).and_then(|process| {
        let program = process.get_program().to_owned();
        RunningCommand::start(process, |process| stdio::attach_claimed(process, &surroundings, output))
            .map_err(|e| not_started::exit(&program, &e))
    });
    let stopper = started.as_ref().ok().map(RunningCommand::stopper);
    let job = ReportedJob { id, progress, log: Some(log), redactor, stopper };
    let reporter = Reporter::start(source, Opening::Claimed(assignment.claim.lease), job);
    let ending = started.map_or_else(|exit: Exit| Ending::of(&exit, &[], None), |started| started.wait().0);
    let code = ending.exit_code;
    reporter.finish(ending);
    Ok(code)
}

/// Puts this process into a session of its own. The keys and the end of the worker's terminal then do not
/// concern the job, and a command that asks that terminal for a password fails at once instead of waiting for
/// ever.
fn leave_session() {
    #[cfg(unix)]
    if let Err(e) = rustix::process::setsid() {
        tracing::debug!("stays in the worker's session: {e}");
    }
}
