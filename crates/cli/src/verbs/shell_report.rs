//! `doorbell shell-report`: what the hooks of `shell-init` start when a command has ended.

use std::time::Duration;

use doorbell_client::{Backoff, CallError, Client};
use doorbell_protocol::{
    JobId, Timestamp, id,
    jobs::{FinishReport, NewJob},
    text,
};
use doorbell_runner::{
    Redactor, creation,
    ending::{Ending, Exit},
    origin,
};
use tokio::time::{Instant, sleep};

use crate::{
    context::{Context, Run},
    interactive, moments, name, own_job,
};

/// Longest wait for a hub that is away.
const PATIENCE: Duration = Duration::from_secs(30);
/// The signals that people stop commands with: Ctrl-C and `kill`.
const STOPPED: &[i32] = &[2, 15];

/// Tell of a command that a shell ran. The hooks of `doorbell shell-init` start this.
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub(crate) struct Args {
    /// How long it ran.
    #[arg(long)]
    duration_ms: u64,

    /// As the shell has it.
    #[arg(long, allow_negative_numbers = true)]
    exit_code: i32,

    /// A program that is a person's own time.
    #[arg(long)]
    ignore: Vec<String>,

    /// The command line; empty when it is not to be told.
    line: String,
}

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        // The command ended just before this process was started.
        let finished_at = moments::now();
        if interactive::is_interactive(&self.line, &self.ignore) {
            return Ok(0);
        }
        let started_at = finished_at - Duration::from_millis(self.duration_ms);
        let line = Redactor::of_environment().text(&self.line);
        let job = new_job(&line, started_at);
        context.call(async |client| report(client, &job, self.exit_code, finished_at).await)?;
        Ok(0)
    }
}

fn new_job(line: &str, started_at: Timestamp) -> NewJob {
    let name = text::clean_cut(line, name::CHARS);
    let command = if line.is_empty() { Vec::new() } else { vec![line.to_owned()] };
    NewJob {
        id: Some(JobId(id::fresh(moments::now()))),
        name: if name.is_empty() { "command".to_owned() } else { name },
        origin: Some(origin::here(&command)),
        parent: own_job::id(),
        // It is over, so its start must not ring.
        notify_after_ms: Some(0),
        start: true,
        started_at: Some(started_at),
        ..NewJob::default()
    }
}

async fn report(client: &Client, job: &NewJob, exit_code: i32, finished_at: Timestamp) -> anyhow::Result<()> {
    let Ending { exit_code, outcome, failure } = Ending::of(&Exit::Code(exit_code), STOPPED, None);
    let tell = async || {
        let created = creation::create(client, job).await?;
        let Some(lease) = created.lease else { return Ok(()) };
        let (exit_code, finished_at) = (Some(exit_code), Some(finished_at));
        let end = FinishReport { fence: lease.fence, outcome, exit_code, failure: failure.clone(), finished_at };
        client.finish_job(created.job.id, &end).await.map(drop)
    };
    let deadline = Instant::now() + PATIENCE;
    let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
    loop {
        match tell().await {
            Err(e) if e.is_transient() && Instant::now() < deadline => wait(&e, backoff.after_failure(rand::random())).await,
            result => return Ok(result?),
        }
    }
}

async fn wait(why: &CallError, delay: Duration) {
    tracing::debug!("cannot tell the hub of a command: {why}");
    sleep(delay).await;
}
