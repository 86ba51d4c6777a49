//! Calls to the resident and what it says by itself, over the pipe.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use doorbell_panel_link::{Answer, FromPanel, LinkError, Refusal, Request, Response, Show, ToPanel, frame, greeting};
use serde::Serialize;
use serde_json::Value;
use tokio::{
    fs::File,
    io::BufReader,
    sync::{mpsc, oneshot},
};

use crate::pipe::Pipe;

/// The way to the resident. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Link {
    outbox: mpsc::UnboundedSender<FromPanel>,
    calls: Arc<Calls>,
}

/// Calls that have no answer yet, and streams that are not over.
#[derive(Default)]
struct Calls {
    made: AtomicU64,
    waiting: Mutex<HashMap<u64, Waiting>>,
}

/// Who waits.
enum Waiting {
    Answer(oneshot::Sender<Result<Answer, Refusal>>),
    Stream(Box<dyn Fn(Piece) + Send>),
}

/// What a stream brings to the page.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Piece {
    /// Of its text, cut anywhere.
    Text(String),
    /// Its end, and why it is that, unless the hub ended it in order.
    End(Option<Refusal>),
}

/// What the resident says by itself.
pub(crate) struct Inbox {
    from: BufReader<File>,
    calls: Arc<Calls>,
}

/// Greets the resident, and returns once it has said where the panel is to be.
pub(crate) async fn open(pipe: Pipe) -> Result<(Link, Inbox, Show), LinkError> {
    let (mut from, mut to) = (BufReader::new(File::from_std(pipe.from_resident)), File::from_std(pipe.to_resident));
    greeting::send(&mut to).await?;
    greeting::receive(&mut from).await?;
    let (outbox, mut waiting) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(message) = waiting.recv().await {
            if let Err(error) = frame::send(&mut to, &message).await {
                // Its end is heard by who reads.
                tracing::debug!(%error, "the resident does not listen any more");
                return;
            }
        }
    });
    let calls = Arc::new(Calls::default());
    let link = Link { outbox, calls: Arc::clone(&calls) };
    let mut inbox = Inbox { from, calls };
    let show = inbox.show().await?.ok_or(LinkError::CutShort)?;
    Ok((link, inbox, show))
}

impl Link {
    /// Says something that needs no answer.
    pub(crate) fn say(&self, message: FromPanel) {
        // Nobody hears it while this process ends.
        let _ = self.outbox.send(message);
    }

    /// Makes a call to the hub.
    pub(crate) async fn request(&self, request: Request) -> Result<Response, Refusal> {
        match self.ask(|call| FromPanel::Request { call, request }).await? {
            Answer::Response(response) => Ok(response),
            Answer::Standing(_) | Answer::Known(_) => Err(closed()),
        }
    }

    /// What only the resident knows.
    pub(crate) async fn standing(&self) -> Result<Value, Refusal> {
        match self.ask(|call| FromPanel::Standing { call }).await? {
            Answer::Standing(standing) => Ok(standing),
            Answer::Response(_) | Answer::Known(_) => Err(closed()),
        }
    }

    /// What is known of a hub that cannot be asked.
    pub(crate) async fn known(&self) -> Result<Value, Refusal> {
        match self.ask(|call| FromPanel::Known { call }).await? {
            Answer::Known(known) => Ok(known),
            Answer::Response(_) | Answer::Standing(_) => Err(closed()),
        }
    }

    /// Listens to a stream of the hub. The number ends it.
    pub(crate) fn subscribe(&self, path: String, heard: impl Fn(Piece) + Send + 'static) -> u64 {
        let call = self.calls.put(Waiting::Stream(Box::new(heard)));
        self.say(FromPanel::Subscribe { call, path });
        call
    }

    /// Listens no longer.
    pub(crate) fn unsubscribe(&self, call: u64) {
        if self.calls.lock().remove(&call).is_some() {
            self.say(FromPanel::Unsubscribe { call });
        }
    }

    async fn ask(&self, message: impl FnOnce(u64) -> FromPanel) -> Result<Answer, Refusal> {
        let (answer, answered) = oneshot::channel();
        let call = self.calls.put(Waiting::Answer(answer));
        self.say(message(call));
        answered.await.map_err(|_| closed())?
    }
}

fn closed() -> Refusal {
    Refusal { code: "panel_closed".to_owned(), message: "The panel is closed.".to_owned() }
}

impl Inbox {
    /// Waits until the panel is to be on the screen, and hands out answers meanwhile; `None` when the
    /// resident wants no panel any more.
    ///
    /// What was read is lost when the future is dropped.
    pub(crate) async fn show(&mut self) -> Result<Option<Show>, LinkError> {
        loop {
            match frame::receive(&mut self.from).await? {
                Some(ToPanel::Show(show)) => return Ok(Some(show)),
                Some(ToPanel::Answer { call, answer }) => self.calls.answer(call, answer),
                Some(ToPanel::Piece { call, text }) => self.calls.hear(call, text),
                Some(ToPanel::Ended { call, refusal }) => self.calls.end(call, refusal),
                None => return Ok(None),
            }
        }
    }
}

impl Calls {
    fn put(&self, waiting: Waiting) -> u64 {
        let call = self.made.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(call, waiting);
        call
    }

    fn answer(&self, call: u64, answer: Result<Answer, Refusal>) {
        if let Some(Waiting::Answer(waiting)) = self.lock().remove(&call) {
            // The page may have gone meanwhile.
            let _ = waiting.send(answer);
        }
    }

    fn hear(&self, call: u64, text: String) {
        if let Some(Waiting::Stream(hear)) = self.lock().get(&call) {
            hear(Piece::Text(text));
        }
    }

    fn end(&self, call: u64, refusal: Option<Refusal>) {
        if let Some(Waiting::Stream(hear)) = self.lock().remove(&call) {
            hear(Piece::End(refusal));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
