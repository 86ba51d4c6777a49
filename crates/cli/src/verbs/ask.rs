//! `doorbell ask "Deploy?"`

use std::{
    io::{self, Write},
    pin::pin,
    time::Duration,
};

use anyhow::Context as _;
use doorbell_client::{Backoff, CallError, Client};
use doorbell_protocol::{
    Choice, JobId, Question, QuestionId, QuestionState, id, limits,
    question::{ChoiceStyle, NewQuestion, OneQuestion},
    text,
};
use doorbell_runner::Redactor;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    context::{Context, Run},
    duration,
    interrupt::interrupted,
    moments, own_job,
};

/// Somebody chose, but not the first choice.
const ANOTHER_CHOICE: i32 = 3;
/// Nobody answered: the question expired, was withdrawn, or its job is over.
const NO_ANSWER: i32 = 4;
/// Longest wait for a hub to take the question.
const RESTART: Duration = Duration::from_secs(10);
/// Longest wait for the hub to take a withdrawal.
const WITHDRAWAL: Duration = Duration::from_secs(2);

/// Ask something from inside a job's command, wait for the answer, and print it
///
/// The tray rings, and whoever answers first, there or by `doorbell answer`, decides. A question that is interrupted is withdrawn.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes:
  0   the first choice, or an answer in words
  3   another choice
  4   nobody answered: the time was up, or the question was withdrawn
  1   it could not be asked; 128 + n when signal n interrupted it

Examples:
  doorbell ask 'Deploy to production?' --choice yes --choice no && ./deploy.sh
  tag=$(doorbell ask 'Which tag?' --text --timeout 10m)")]
pub(crate) struct Args {
    /// What is asked, in one line
    prompt: String,

    /// What may be answered: what to show, or ID=WHAT TO SHOW to print ID. Repeat it for up to 8 [default: yes and no]
    #[arg(long = "choice", value_name = "[ID=]CHOICE")]
    choices: Vec<String>,

    /// It may be answered in words
    #[arg(long)]
    text: bool,

    /// What one should know to answer it, in lines
    #[arg(long)]
    detail: Option<String>,

    /// How long it is open, as in 10m [default: as long as the job runs]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_positive)]
    timeout: Option<Duration>,

    /// Another job than the one that this runs in, by its id
    #[arg(long)]
    job: Option<JobId>,

    /// Print the question as it ended: {"question": {…}}
    #[arg(long)]
    json: bool,
}

/// How the wait for an answer ended.
enum End {
    Closed(Box<Question>),
    Interrupted(i32),
}

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        let job = self.job.or_else(own_job::id);
        let job = job.context("This is no job that could ask. Start it with `doorbell run`, or name a job with --job.")?;
        let offered = match (self.choices.as_slice(), self.text) {
            ([], false) => vec!["yes".to_owned(), "no".to_owned()],
            (choices, _) => choices.to_vec(),
        };
        let choices: Vec<(Choice, String)> = offered.iter().enumerate().map(|(n, text)| choice(n, text)).collect();
        let redactor = Redactor::of_environment();
        let shown = |choice: &Choice| Choice { label: redactor.text(&choice.label), ..choice.clone() };
        let question = NewQuestion {
            // Chosen here, so that a call that is repeated asks nothing twice.
            id: Some(QuestionId(id::fresh(moments::now()))),
            fence: None,
            prompt: redactor.text(&self.prompt),
            detail: self.detail.map(|detail| redactor.text(&detail)),
            choices: choices.iter().map(|(choice, _)| shown(choice)).collect(),
            free_text: self.text,
            expires_in_ms: self.timeout.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        };
        let question = match context.call(async |client| ask(client, job, &question).await)? {
            End::Interrupted(code) => return Ok(code),
            End::Closed(question) => question,
        };
        if self.json {
            print(&serde_json::to_string(&OneQuestion { question: *question.clone() })?)?;
        }
        let answer = question.answer.as_ref().filter(|_| question.state == QuestionState::Answered);
        let Some(answer) = answer else {
            eprintln!("doorbell: nobody answered; the question is {}", question.state.as_str());
            return Ok(NO_ANSWER);
        };
        let chosen = answer.choice.as_ref().and_then(|id| choices.iter().position(|(choice, _)| choice.id == *id));
        if !self.json {
            let said = chosen.map(|at| choices[at].1.clone()).or_else(|| answer.text.clone()).unwrap_or_default();
            print(&said)?;
        }
        Ok(if chosen.is_some_and(|at| at > 0) { ANOTHER_CHOICE } else { 0 })
    }
}

/// Prints a line. Whether anybody reads it changes nothing about the answer, and so about the exit code.
fn print(line: &str) -> io::Result<()> {
    match writeln!(io::stdout(), "{line}") {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}

async fn ask(client: &Client, job: JobId, question: &NewQuestion) -> anyhow::Result<End> {
    let mut interrupted = pin!(interrupted()?);
    let mut asking = pin!(asked(client, job, question));
    // Whoever is asked should not see a question whose answer nobody waits for.
    let withdraw = async |id| client.withdraw_question(id, None).await;
    let id = tokio::select! {
        asked = &mut asking => asked?.id,
        code = &mut interrupted => {
            // The hub may have the question already, or take it in a moment.
            let _ = timeout(WITHDRAWAL, async { withdraw(asking.await?.id).await }).await;
            return Ok(End::Interrupted(code));
        }
    };
    tokio::select! {
        question = closed(client, id) => Ok(End::Closed(Box::new(question?))),
        code = &mut interrupted => {
            let _ = timeout(WITHDRAWAL, withdraw(id)).await;
            Ok(End::Interrupted(code))
        }
    }
}

/// Asks. When the answer is lost with a hub that restarts, nobody can tell whether the question came through, so it is asked again:
/// its id is ours.
async fn asked(client: &Client, job: JobId, question: &NewQuestion) -> Result<Question, CallError> {
    let deadline = Instant::now() + RESTART;
    let mut backoff = backoff();
    loop {
        match own_job::once_known(async || client.ask_question(job, question).await).await {
            Err(e) if e.is_transient() && Instant::now() < deadline => {
                tracing::debug!("cannot ask: {e}");
                sleep(backoff.after_failure(rand::random())).await;
            }
            result => return result,
        }
    }
}

/// Waits until the question is closed, also through a restart of the hub.
async fn closed(client: &Client, id: QuestionId) -> anyhow::Result<Question> {
    let mut backoff = backoff();
    loop {
        match client.question(id, limits::WAIT).await {
            Ok(question) if question.state == QuestionState::Open => backoff.reset(),
            Ok(question) => return Ok(question),
            Err(e) if e.is_transient() => {
                tracing::debug!("cannot hear of an answer: {e}");
                sleep(backoff.after_failure(rand::random())).await;
            }
            Err(e) => return Err(e.into()),
        }
    }
}

fn backoff() -> Backoff {
    Backoff::new(Duration::from_millis(200), Duration::from_secs(5))
}

/// The `n`th choice, and what is printed for it.
fn choice(n: usize, offered: &str) -> (Choice, String) {
    let fits = |id: &str| {
        !id.is_empty() && id.len() <= limits::CHOICE_ID_CHARS && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let (id, label) = match offered.split_once('=') {
        Some((id, label)) if fits(id) => (id.to_owned(), label),
        _ => (text::slug(offered), offered),
    };
    let said = if label == offered { offered.to_owned() } else { id.clone() };
    let id = if fits(&id) { id } else { format!("choice-{}", n + 1) };
    (Choice { id, label: label.to_owned(), style: ChoiceStyle::Plain }, said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_what_is_shown_or_names_what_is_printed() {
        for (offered, id, label, said) in [
            ("yes", "yes", "yes", "yes"),
            ("Deploy now", "deploy-now", "Deploy now", "Deploy now"),
            ("go=Deploy now", "go", "Deploy now", "go"),
            ("1 + 1 = 2", "1-1-2", "1 + 1 = 2", "1 + 1 = 2"),
            ("später", "choice-3", "später", "später"),
        ] {
            let (choice, printed) = choice(2, offered);
            assert_eq!((choice.id.as_str(), choice.label.as_str(), printed.as_str()), (id, label, said));
        }
    }
}
