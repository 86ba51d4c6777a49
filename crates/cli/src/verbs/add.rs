//! `doorbell add -- CMD…`

use std::io::Write;

use doorbell_protocol::{JobId, JobState, Timestamp, id, jobs::NewJob, limits, text};
use doorbell_runner::{Redactor, origin};

use crate::{
    complete,
    context::{Context, Run},
    job_lookup, moments, name,
    output::OutputMode,
    task::{Place, TaskArgs},
};

/// Queue a command for a worker
///
/// The tray app and `doorbell hub` have a worker; `doorbell worker` adds one. The command gets no input, and what it prints can be
/// read with `doorbell log`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  doorbell add -- make -j8
  doorbell add --after make-j8 --retries 2 -- ./deploy.sh
  doorbell add --at 22:00 --name 'nightly ingest' -- ingest --all
  doorbell add --host gpu-1 --cwd /srv/train -- ./train.sh")]
pub(crate) struct Args {
    /// What people call the job, up to 200 characters [default: the command line, shortened]
    #[arg(long, value_parser = name::parse)]
    name: Option<String>,

    /// Names the runs of one job, for its history [default: made of the name]
    #[arg(long, value_parser = name::parse_key)]
    key: Option<String>,

    /// A label to find it by. Repeat it for several
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = super::run::label)]
    labels: Vec<(String, String)>,

    /// Run it when this job has succeeded; cancel it when that one does not. Its name, key or id. Repeat it for several
    #[arg(long, value_name = "JOB", add = complete::jobs())]
    after: Vec<String>,

    /// Of the jobs that may run, the one with the highest goes first
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    priority: Option<i32>,

    /// Not before this moment, as in 22:00, '2026-11-21 22:00' or 10m
    #[arg(long, value_name = "WHEN", value_parser = moments::parse)]
    at: Option<Timestamp>,

    /// How often it is run again when it fails or is lost
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..i64::from(limits::ATTEMPTS)))]
    retries: Option<u32>,

    /// Only a worker on this host, or with this name, may run it
    #[arg(long)]
    host: Option<String>,

    #[command(flatten)]
    task: TaskArgs,

    /// Print the id alone
    #[arg(short, long)]
    quiet: bool,

    /// Print the hub's answer: {"job": {…}}
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
}

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        let here = self.host.as_deref().is_none_or(|host| origin::host().is_some_and(|own| own.eq_ignore_ascii_case(host)));
        let place = if here { Place::Here } else { Place::Elsewhere };
        // What lists show of the command has no secrets. The command that a worker runs must have them.
        let redactor = Redactor::of_environment();
        let clean = |text: String| redactor.text(&text);
        let words: Vec<String> = self.task.command.iter().map(|word| redactor.text(word)).collect();
        let job = NewJob {
            // Chosen here, so that a call that is repeated queues nothing twice.
            id: Some(JobId(id::fresh(moments::now()))),
            name: self.name.map_or_else(|| name::of_command(&words), clean),
            key: self.key.map(|key| text::word(clean(key))),
            origin: Some(origin::here(&words)),
            labels: self.labels.into_iter().map(|(name, value)| (name, clean(value))).collect(),
            priority: self.priority,
            not_before: self.at,
            attempts: self.retries.map(|retries| retries + 1),
            host: self.host,
            task: self.task.task(place)?,
            ..NewJob::default()
        };
        let created = context.call(async |client| {
            let mut after = Vec::new();
            for asked in &self.after {
                after.push(job_lookup::id(client, asked).await?);
            }
            let created = client.create_job(&NewJob { after, ..job }).await?;
            if let Some(host) = &created.job.host
                && created.job.state == JobState::Queued
                // A token that may not see workers may still queue.
                && let Ok(workers) = client.workers().await
                && !workers.iter().any(|known| known.worker.name == *host || known.worker.host.eq_ignore_ascii_case(host))
            {
                eprintln!(
                    "doorbell: No worker on a host or with the name {host:?} is there. The job waits for one; see `doorbell worker ls`."
                );
            }
            Ok(created)
        })?;
        let job = &created.job;
        OutputMode::of(self.quiet, self.json).print(&created, [job.id], |out| writeln!(out, "Queued {} ({}).", job.name, job.id))?;
        Ok(0)
    }
}
