//! `doorbell questions`

use std::io::Write;

use doorbell_protocol::question::QuestionList;

use crate::{
    context::{Context, Run},
    duration, job_lookup, moments, open_questions,
    output::OutputMode,
    paint::Paint,
};

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

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        let asked = context.call(async |client| Ok(open_questions::fetch(client).await?))?;
        let list = QuestionList { questions: asked.iter().map(|asked| asked.question.clone()).collect() };
        OutputMode::of(self.quiet, self.json).print(&list, list.questions.iter().map(|question| question.id), |out| {
            if asked.is_empty() {
                writeln!(out, "No job asks anything.")?;
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
                writeln!(out, "        {}", paint.faint(&format!("answer: {}", asked.answers())))?;
            }
            Ok(())
        })?;
        Ok(0)
    }
}
