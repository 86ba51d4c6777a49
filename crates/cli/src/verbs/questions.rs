//! `doorbell questions`

use std::io::{self, Write};

use doorbell_client::{Client, EndpointSource};
use doorbell_protocol::question::QuestionList;

use super::block_on;
use crate::{asked, duration, paint::Paint, when, which};

/// Show what jobs ask, and what may be answered
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print ids alone
    #[arg(short, long)]
    quiet: bool,

    /// Print the hub's answer: {"questions": [question…]}
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<i32> {
    let client = Client::new(EndpointSource::discovered());
    let asked = block_on(async { Ok(asked::fetch(&client).await?) })?;
    let mut out = io::stdout().lock();
    if args.json {
        let questions = asked.into_iter().map(|asked| asked.question).collect();
        writeln!(out, "{}", serde_json::to_string(&QuestionList { questions })?)?;
        return Ok(0);
    }
    if args.quiet {
        for asked in asked {
            writeln!(out, "{}", asked.question.id)?;
        }
        return Ok(0);
    }
    if asked.is_empty() {
        writeln!(out, "No job asks anything.")?;
    }
    let paint = Paint::for_stdout();
    for asked in asked {
        let question = &asked.question;
        let since = duration::ago(when::now().since(question.asked_at));
        writeln!(out, "{}  {}  {} · {since}", paint.faint(&which::short(question.id)), paint.strong(&question.prompt), asked.by)?;
        for line in question.detail.as_deref().unwrap_or_default().lines() {
            writeln!(out, "        {line}")?;
        }
        writeln!(out, "        {}", paint.faint(&format!("answer: {}", asked.answers())))?;
    }
    Ok(0)
}
