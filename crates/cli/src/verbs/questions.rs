//! `doorbell questions`

use std::io::Write;

use doorbell_protocol::question::{QuestionFilter, QuestionList, QuestionQuery};

use crate::{
    closing, complete,
    context::{Context, Run},
    duration, job_lookup, moments, open_questions,
    output::OutputMode,
    paint::Paint,
};

/// Questions that are shown when nothing says how many, of those that are closed.
const RECENT: usize = 50;

/// Show what jobs ask, and what may be or was answered
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(value_name = "JOB", help = "Only what this job asks: its name, its key, or its id", add = complete::jobs())]
    job: Option<String>,

    /// Those that are closed instead, the newest first: who answered what, or why nobody did
    #[arg(long)]
    closed: bool,

    /// Those that are open and those that are closed, the newest first
    #[arg(long, conflicts_with = "closed")]
    all: bool,

    /// How many to show with --closed or --all
    #[arg(long, default_value_t = RECENT, value_name = "N", value_parser = super::ls::positive())]
    recent: usize,

    /// Print ids alone
    #[arg(short, long)]
    quiet: bool,

    /// Print the hub's answer: {"questions": [question…]}
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
}

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        let state = match (self.closed, self.all) {
            (true, _) => QuestionFilter::Closed,
            (false, true) => QuestionFilter::All,
            (false, false) => QuestionFilter::Open,
        };
        let asked = context.call(async |client| {
            let job = match &self.job {
                Some(job) => Some(job_lookup::id(client, job).await?),
                None => None,
            };
            Ok(open_questions::fetch(client, QuestionQuery { state: Some(state), job, ..QuestionQuery::default() }, self.recent).await?)
        })?;
        let list = QuestionList { questions: asked.iter().map(|asked| asked.question.clone()).collect(), next_cursor: None };
        OutputMode::of(self.quiet, self.json).print(&list, list.questions.iter().map(|question| question.id), |out| {
            if asked.is_empty() {
                writeln!(out, "{}", if state == QuestionFilter::Open { "No job asks anything." } else { "No job has asked anything." })?;
            }
            let paint = Paint::for_stdout();
            for asked in &asked {
                let question = &asked.question;
                let since = duration::ago(moments::now().since(question.asked_at));
                writeln!(
                    out,
                    "{}  {}  {} · {since}",
                    paint.faint(&job_lookup::short(question.id)),
                    paint.strong(&question.prompt),
                    asked.by
                )?;
                for line in question.detail.as_deref().unwrap_or_default().lines() {
                    writeln!(out, "        {line}")?;
                }
                let end = closing::words(question).unwrap_or_else(|| format!("answer: {}", asked.answers()));
                writeln!(out, "        {}", paint.faint(&end))?;
            }
            Ok(())
        })?;
        Ok(0)
    }
}
