//! `doorbell answer [QUESTION] ANSWER`

use std::io::Write;

use anyhow::bail;
use doorbell_protocol::question::{NewAnswer, OneQuestion, QuestionQuery};
use doorbell_runner::origin;

use crate::{
    context::{Context, Run},
    job_lookup,
    open_questions::{self, OpenQuestion},
    output::{NO_IDS, OutputMode},
};

/// Answer what a job asks
///
/// The first answer wins. `doorbell questions` shows what is asked.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  doorbell answer yes
  doorbell answer deploy 'Stop here'")]
pub(crate) struct Args {
    /// The question, by its id or its job, and the answer: one of its choices, or words where it takes them. With one question open
    /// the answer alone is enough
    #[arg(value_name = "[QUESTION] ANSWER", required = true, num_args = 1..=2)]
    words: Vec<String>,

    /// Print nothing
    #[arg(short, long)]
    quiet: bool,

    /// Print the hub's answer: {"question": {…}}
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
}

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        let (asked, words) = match self.words.as_slice() {
            [asked, words] => (Some(asked.as_str()), words.as_str()),
            [words] => (None, words.as_str()),
            // Never happens: clap takes one or two.
            _ => bail!("name a question and its answer"),
        };
        let question = context.call(async |client| {
            let OpenQuestion { question, .. } = the_one(asked, open_questions::fetch(client, QuestionQuery::default(), usize::MAX).await?)?;
            let Some(answer) = open_questions::answer(&question, words) else {
                let answers = OpenQuestion { question: question.clone(), by: String::new() }.answers();
                bail!("{words:?} does not answer {:?}. Its answers are: {answers}.", question.prompt);
            };
            let from = origin::host().map(|host| format!("doorbell on {host}"));
            Ok(client.answer_question(question.id, &NewAnswer { from, ..answer }).await?)
        })?;
        let closed = OneQuestion { question };
        OutputMode::of(self.quiet, self.json)
            .print(&closed, NO_IDS, |out| writeln!(out, "Answered {:?} with {words:?}.", closed.question.prompt))?;
        Ok(0)
    }
}

fn the_one(text: Option<&str>, mut open: Vec<OpenQuestion>) -> anyhow::Result<OpenQuestion> {
    if let Some(text) = text {
        open.retain(|asked| asked.is_meant_by(text));
    }
    match (open.len(), text) {
        (0, None) => bail!("No job asks anything."),
        (0, Some(text)) => bail!("No open question is {text:?}. `doorbell questions` shows them."),
        (1, _) => Ok(open.remove(0)),
        (_, text) => {
            let fitting: Vec<_> = open.iter().map(|asked| (asked.question.id.0, asked.question.prompt.as_str())).collect();
            Err(job_lookup::unclear(text.unwrap_or("this"), "questions", &fitting))
        }
    }
}
