//! `doorbell show JOB…`

use std::io::Write;

use doorbell_client::Client;
use doorbell_protocol::{
    Job, JobId, JobState, Question, Timestamp,
    jobs::OneJob,
    question::{QuestionFilter, QuestionQuery},
    text,
};

use crate::{
    closing, complete,
    context::{Context, Run},
    duration, job_lookup, moments,
    output::{NO_IDS, OutputMode},
    paint::Paint,
    table,
};

/// Show everything about jobs
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(value_name = "JOB", required = true, help = job_lookup::HELP, add = complete::jobs())]
    jobs: Vec<String>,

    /// Print the hub's answer, a line for each job: {"job": {…}}
    #[arg(long)]
    json: bool,
}

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        let output = OutputMode::of_json(self.json);
        context.call(async |client| {
            let mut jobs = Vec::new();
            for asked in &self.jobs {
                jobs.push(job_lookup::job(client, asked).await?);
            }
            for (n, job) in jobs.into_iter().enumerate() {
                let asked = if self.json { Vec::new() } else { closed(client, job.id).await? };
                let answer = OneJob { job };
                output.print(&answer, NO_IDS, |out| {
                    if n > 0 {
                        writeln!(out)?;
                    }
                    card(&answer.job, &asked, moments::now(), Paint::for_stdout()).iter().try_for_each(|line| writeln!(out, "{line}"))
                })?;
            }
            Ok(0)
        })
    }
}

/// What the job has asked and is closed by now, oldest first, and how. Of many the newest.
async fn closed(client: &Client, job: JobId) -> anyhow::Result<Vec<String>> {
    let query = QuestionQuery { state: Some(QuestionFilter::Closed), job: Some(job), ..QuestionQuery::default() };
    let page = client.questions(&query).await?.questions;
    let words = |question: &Question| Some(format!("{} {}", question.prompt, closing::words(question)?));
    Ok(page.iter().rev().filter_map(words).collect())
}

fn card(job: &Job, asked: &[String], now: Timestamp, paint: Paint) -> Vec<String> {
    let mut facts = facts(job, now);
    facts.extend(asked.iter().map(|asked| ("asked", asked.clone())));
    let widest = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let title = format!("{}  {}", paint.strong(&text::clean(&job.name)), paint.state(job.state, job.state.as_str()));
    let rows = facts.into_iter().map(|(name, value)| format!("  {}  {}", paint.faint(&format!("{name:<widest$}")), text::clean(&value)));
    std::iter::once(title).chain(rows).collect()
}

/// What there is to tell, in the order in which one asks for it.
fn facts(job: &Job, now: Timestamp) -> Vec<(&'static str, String)> {
    let moment = |at: Timestamp| format!("{} ({})", moments::show(at), duration::ago(now.since(at)));
    let origin = job.origin.clone().unwrap_or_default();
    let waits = (job.state == JobState::Queued).then(|| table::detail(job, now)).filter(|waits| !waits.is_empty());
    let labels: Vec<String> = job.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let by = [origin.user, origin.host].into_iter().flatten().collect::<Vec<_>>().join(" on ");
    [
        ("id", Some(job.id.to_string())),
        ("key", Some(job.key.clone())),
        ("waits", waits),
        ("asks", (job.waiting > 0).then(|| format!("{} open; see `doorbell questions`", job.waiting))),
        ("progress", job.progress.as_ref().map(table::how_far).filter(|far| !far.is_empty())),
        ("exit code", job.exit_code.map(|code| code.to_string())),
        ("failure", job.failure.clone()),
        ("created", Some(moment(job.created_at))),
        ("created by", job.created_by.clone()),
        ("started", job.started_at.map(moment)),
        (if job.state == JobState::Cancelled { "cancelled by" } else { "to be stopped by" }, job.cancelled_by.clone()),
        ("finished", job.finished_at.map(moment)),
        ("took", job.started_at.map(|_| table::time(job, now)).filter(|time| !time.is_empty())),
        ("attempt", (job.attempts > 1).then(|| format!("{} of {}", job.attempt, job.attempts))),
        ("repeats", job.retry_of.map(|id| id.to_string())),
        ("retried by", job.retried_by.clone()),
        ("part of", job.parent.map(|id| id.to_string())),
        ("schedule", job.schedule.map(|id| id.to_string())),
        ("labels", (!labels.is_empty()).then(|| labels.join(" "))),
        ("page", job.url.clone()),
        ("priority", (job.priority != 0).then(|| job.priority.to_string())),
        ("worker", job.worker.clone()),
        ("command", (!origin.command.is_empty()).then(|| crate::name::line(&origin.command))),
        ("folder", origin.cwd),
        ("by", (!by.is_empty()).then_some(by)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}
