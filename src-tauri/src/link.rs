//! Calls to the resident and what it says by itself, over the pipe.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use doorbell_panel_link::{Call, FromPanel, LinkError, Refusal, Show, ToPanel, frame, greeting};
use serde_json::Value;
use tokio::{
    fs::File,
    io::BufReader,
    sync::{mpsc, oneshot},
};

use crate::pipe::Pipe;

type Answer = Result<Value, Refusal>;

/// The way to the resident. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Link {
    outbox: mpsc::UnboundedSender<FromPanel>,
    calls: Arc<Calls>,
}

/// Calls that have no answer yet.
#[derive(Default)]
struct Calls {
    made: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Answer>>>,
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

    /// Asks the resident for something.
    pub(crate) async fn call(&self, what: Call) -> Answer {
        let call = self.calls.made.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        self.calls.lock().insert(call, answer);
        self.say(FromPanel::Call { call, what });
        let ended = |_| Refusal { code: "panel_closed".to_owned(), message: "The panel is closed.".to_owned() };
        answered.await.map_err(ended)?
    }
}

impl Inbox {
    /// Waits until the panel is to be on the screen, and hands out answers meanwhile; `None` when the resident wants no panel any more.
    ///
    /// What was read is lost when the future is dropped.
    pub(crate) async fn show(&mut self) -> Result<Option<Show>, LinkError> {
        loop {
            match frame::receive(&mut self.from).await? {
                Some(ToPanel::Show(show)) => return Ok(Some(show)),
                Some(ToPanel::Answer { call, answer }) => {
                    if let Some(waiting) = self.calls.lock().remove(&call) {
                        // The page may have gone meanwhile.
                        let _ = waiting.send(answer);
                    }
                }
                None => return Ok(None),
            }
        }
    }
}

impl Calls {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, oneshot::Sender<Answer>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
