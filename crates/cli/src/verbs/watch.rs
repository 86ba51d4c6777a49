//! `doorbell watch`

use std::io::{self, IsTerminal, Write};

use anyhow::bail;
use doorbell_client::{Client, Feed, FeedUpdate, When};
use doorbell_protocol::{Event, EventId, EventKind, FeedMessage, Job, JobState, QuestionState, text};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

use crate::{
    bars::Bars,
    closing,
    context::{Context, Run},
    job_lookup, moments,
    paint::Paint,
    table,
};

/// Widest word for what happened.
const WORD: usize = 9;

/// Show what happens as it happens: starts, ends and questions
///
/// First come the jobs that run now. What happens while the hub is away is shown when it is back. On a terminal the jobs that run
/// have a line with a bar below. Ends with Ctrl-C.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print one JSON object a line: {"event": "snapshot" | "job.started" | "job.finished" | "question.asked" | "question.closed",
    /// "id"?, "missed"?, "data": {…}} or {"event": "connection", "state": "connecting" | "live" | "down" | "offline", "reason"?}
    #[arg(long)]
    json: bool,
}

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        context.call(async |client| {
            let (_feed, updates) = Feed::open(context.source());
            if self.json {
                print_objects(updates).await
            } else if io::stdout().is_terminal() {
                show_with_bars(updates, client).await
            } else {
                print_lines(updates).await
            }
        })
    }
}

async fn print_objects(mut updates: mpsc::Receiver<FeedUpdate>) -> anyhow::Result<i32> {
    while let Some(update) = updates.recv().await {
        if let FeedUpdate::Refused { reason } = &update {
            bail!("{reason}");
        }
        if let Some(line) = object(update) {
            writeln!(io::stdout(), "{line}")?;
        }
    }
    bail!("the feed ended")
}

async fn print_lines(mut updates: mpsc::Receiver<FeedUpdate>) -> anyhow::Result<i32> {
    let mut away = Away::default();
    while let Some(update) = updates.recv().await {
        away.hears(&update).map_or(Ok(()), |words| writeln!(io::stderr(), "{words}"))?;
        match update {
            FeedUpdate::Message { message, .. } => {
                lines(message, Paint::Plain).iter().try_for_each(|line| writeln!(io::stdout(), "{line}"))?;
            }
            FeedUpdate::Refused { reason } => bail!("{reason}"),
            FeedUpdate::Connecting
            | FeedUpdate::Live
            | FeedUpdate::Down { .. }
            | FeedUpdate::Offline { .. }
            | FeedUpdate::Polled(_)
            | FeedUpdate::PollFailed { .. } => {}
        }
    }
    bail!("the feed ended")
}

async fn show_with_bars(mut updates: mpsc::Receiver<FeedUpdate>, client: &Client) -> anyhow::Result<i32> {
    let paint = Paint::for_stdout();
    let mut bars = Bars::on_terminal(paint);
    let mut away = Away::default();
    loop {
        let update = tokio::select! {
            biased;
            update = updates.recv() => update,
            () = bars.due() => {
                bars.refresh(client).await;
                continue;
            }
        };
        let Some(update) = update else { bail!("the feed ended") };
        away.hears(&update).map_or(Ok(()), |words| bars.print(&words))?;
        match update {
            FeedUpdate::Message { message, .. } => {
                bars.counted(message.counts());
                lines(message, paint).iter().try_for_each(|line| bars.print(line))?;
            }
            FeedUpdate::Refused { reason } => {
                bars.put_away();
                bail!("{reason}");
            }
            FeedUpdate::Down { .. } | FeedUpdate::Offline { .. } => bars.put_away(),
            FeedUpdate::Connecting | FeedUpdate::Live | FeedUpdate::Polled(_) | FeedUpdate::PollFailed { .. } => {}
        }
    }
}

/// Whether the hub is away, which is said once.
#[derive(Default)]
struct Away(bool);

impl Away {
    fn hears(&mut self, update: &FeedUpdate) -> Option<String> {
        match update {
            FeedUpdate::Live => {
                self.0 = false;
                None
            }
            FeedUpdate::Down { reason, .. } | FeedUpdate::Offline { reason, .. } => {
                (!std::mem::replace(&mut self.0, true)).then(|| format!("doorbell: waiting for the hub: {reason}"))
            }
            FeedUpdate::Message { .. }
            | FeedUpdate::Connecting
            | FeedUpdate::Polled(_)
            | FeedUpdate::PollFailed { .. }
            | FeedUpdate::Refused { .. } => None,
        }
    }
}

fn lines(message: FeedMessage, paint: Paint) -> Vec<String> {
    match message {
        FeedMessage::Snapshot(snapshot) => snapshot
            .running
            .iter()
            .map(|job| line(&moments::clock(job.started_at.unwrap_or(job.created_at)), "running", job, "", paint))
            .collect(),
        FeedMessage::Event(event) => {
            let (kind, event) = (event.kind(), event.data());
            let (word, more) = said(kind, event);
            vec![line(&moments::clock(event.at), word, &event.job, &more, paint)]
        }
    }
}

fn line(at: &str, word: &str, job: &Job, more: &str, paint: Paint) -> String {
    let id = paint.faint(&job_lookup::short(job.id));
    let word = paint.state(job.state, &format!("{word:<WORD$}"));
    format!("{}  {id}  {word}  {}  {}", paint.faint(at), text::clean(&job.name), text::clean(more)).trim_end().to_owned()
}

/// The word for what happened, and what one wants to know about it.
fn said(kind: EventKind, event: &Event) -> (&'static str, String) {
    let job = &event.job;
    let question = event.question.as_ref();
    match kind {
        EventKind::JobStarted => ("started", String::new()),
        EventKind::JobFinished => {
            let took = Some(table::time(job, event.at)).filter(|took| !took.is_empty());
            let reason = job.failure.clone().filter(|_| job.state != JobState::Succeeded);
            (job.state.as_str(), [took, table::cancelled_by(job), reason].into_iter().flatten().collect::<Vec<_>>().join("  "))
        }
        EventKind::QuestionAsked => ("asks", question.map(|question| question.prompt.clone()).unwrap_or_default()),
        EventKind::QuestionClosed => match question.map(|question| question.state) {
            Some(QuestionState::Answered) => {
                ("answered", question.map(|question| format!("{}  {}", question.prompt, closing::answer(question))).unwrap_or_default())
            }
            _ => ("closed", question.map(|question| question.prompt.clone()).unwrap_or_default()),
        },
    }
}

/// What `--json` prints.
fn object(update: FeedUpdate) -> Option<Value> {
    let connection = |state: &str, reason: Option<String>| {
        let mut object = Map::from_iter([("event".to_owned(), json!("connection")), ("state".to_owned(), json!(state))]);
        object.extend(reason.map(|reason| ("reason".to_owned(), json!(reason))));
        Some(Value::Object(object))
    };
    match update {
        FeedUpdate::Connecting => connection("connecting", None),
        FeedUpdate::Live => connection("live", None),
        FeedUpdate::Down { reason, .. } => connection("down", Some(reason)),
        FeedUpdate::Offline { reason, .. } => connection("offline", Some(reason)),
        FeedUpdate::Message { when, id, message } => Some(told(when, id, message)),
        FeedUpdate::Polled(_) | FeedUpdate::PollFailed { .. } | FeedUpdate::Refused { .. } => None,
    }
}

fn told(when: When, id: Option<EventId>, message: FeedMessage) -> Value {
    let (event, data) = match message {
        FeedMessage::Snapshot(snapshot) => (FeedMessage::SNAPSHOT, json!(snapshot)),
        FeedMessage::Event(event) => (event.kind().as_str(), json!(event)),
    };
    let mut object = Map::from_iter([("event".to_owned(), json!(event))]);
    object.extend(id.map(|id| ("id".to_owned(), json!(id.to_string()))));
    if when == When::Missed {
        object.insert("missed".to_owned(), json!(true));
    }
    object.insert("data".to_owned(), data);
    Value::Object(object)
}
