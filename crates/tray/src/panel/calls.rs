//! What the panel's page asks for, and what it gets: the resident makes each call, with its own token.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use doorbell_client::{
    CallError,
    rest::{PassedAnswer, PassedCall},
};
use doorbell_desk::HubInput;
use doorbell_panel_link::{Answer, Refusal, Request, Response, ToPanel};
use doorbell_protocol::{ErrorBody, jobs::RunningList};
use serde::Serialize;
use tokio::{
    sync::{Semaphore, mpsc},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{
    gate::{self, Kind},
    pieces::Pieces,
};
use crate::inbox::{Inbox, PanelClosed};

/// Most calls at once, streams included. The page has a few on their way.
const AT_ONCE: usize = 16;
/// How long a poll may take. Less than the page waits for this app, so that it hears which of the two is
/// away.
const PATIENCE: Duration = Duration::from_secs(3);

/// The calls of one process. What is on its way when that ends is given up.
#[derive(Clone)]
pub(super) struct Calls {
    inbox: Inbox,
    answers: mpsc::Sender<ToPanel>,
    given_up: CancellationToken,
    room: Arc<Semaphore>,
    streams: Arc<Mutex<HashMap<u64, CancellationToken>>>,
}

impl Calls {
    pub(super) fn new(inbox: &Inbox, answers: &mpsc::Sender<ToPanel>, given_up: &CancellationToken) -> Self {
        let (room, streams) = (Arc::new(Semaphore::new(AT_ONCE)), Arc::default());
        Self { inbox: inbox.clone(), answers: answers.clone(), given_up: given_up.clone(), room, streams }
    }

    /// Makes a call to the hub.
    pub(super) fn request(&self, call: u64, request: Request) {
        self.answer(call, |calls| async move { calls.pass(request).await.map(Answer::Response) });
    }

    /// Tells how the app stands with its hub.
    pub(super) fn standing(&self, call: u64) {
        self.answer(call, |calls| async move {
            let hub = calls.inbox.hub().clone();
            let standing = calls.inbox.look(move |state, now| state.standing(&hub, now)).await.map_err(closed)?;
            value(standing).map(Answer::Standing)
        });
    }

    /// Tells what is known of a hub that cannot be asked.
    pub(super) fn known(&self, call: u64) {
        self.answer(call, |calls| async move {
            let hub = calls.inbox.hub().clone();
            let known = calls.inbox.look(move |state, _| state.known(&hub)).await.map_err(closed)?;
            value(known).map(Answer::Known)
        });
    }

    /// Passes a stream on, until the hub or the page ends it.
    pub(super) fn subscribe(&self, call: u64, path: String) {
        let (calls, unsubscribed) = (self.clone(), self.given_up.child_token());
        self.streams().insert(call, unsubscribed.clone());
        tokio::spawn(async move {
            let Some(ended) = unsubscribed.run_until_cancelled(calls.stream(call, path)).await else { return };
            calls.streams().remove(&call);
            // The panel may just have ended.
            let _ = calls.answers.send(ToPanel::Ended { call, refusal: ended.err() }).await;
        });
    }

    /// Ends a stream that the page has heard enough of.
    pub(super) fn unsubscribe(&self, call: u64) {
        if let Some(stream) = self.streams().remove(&call) {
            stream.cancel();
        }
    }

    fn streams(&self) -> MutexGuard<'_, HashMap<u64, CancellationToken>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers one, in the background.
    fn answer<F>(&self, call: u64, ask: impl FnOnce(Self) -> F + Send + 'static)
    where
        F: Future<Output = Result<Answer, Refusal>> + Send + 'static,
    {
        let calls = self.clone();
        tokio::spawn(async move {
            if let Some(answer) = calls.given_up.run_until_cancelled(ask(calls.clone())).await {
                // The panel may just have ended.
                let _ = calls.answers.send(ToPanel::Answer { call, answer }).await;
            }
        });
    }

    async fn pass(&self, request: Request) -> Result<Response, Refusal> {
        let _place = self.room.try_acquire().map_err(|_| busy())?;
        let admitted = gate::admit(request)?;
        self.inbox.look(|_, _| ()).await.map_err(closed)?;
        let answer = match admitted.kind {
            Kind::Poll => self.poll(admitted.call).await?,
            Kind::Other => self.inbox.client().pass(admitted.call).await.map_err(away)?,
        };
        let body = String::from_utf8(answer.body).map_err(|_| refusal("hub", "What the hub answered is no text."))?;
        Ok(Response { status: answer.status, headers: answer.headers, body })
    }

    /// Asks what runs. The state hears what came of it, so that badge and panel cannot disagree.
    async fn poll(&self, call: PassedCall) -> Result<PassedAnswer, Refusal> {
        let answer = match timeout(PATIENCE, self.inbox.client().pass(call)).await {
            Ok(answer) => answer.map_err(away),
            Err(_) => Err(refusal("hub", &format!("The hub did not answer within {} s.", PATIENCE.as_secs()))),
        };
        let told = answer.as_ref().map_err(|refusal| refusal.message.clone()).and_then(polled);
        self.inbox.hub_input(match told {
            Ok(list) => HubInput::Polled(list),
            Err(reason) => HubInput::PollFailed { reason },
        });
        answer
    }

    async fn stream(&self, call: u64, path: String) -> Result<(), Refusal> {
        let _place = self.room.try_acquire().map_err(|_| busy())?;
        let admitted = gate::admit(Request { method: "GET".to_owned(), path, ..Request::default() })?;
        self.inbox.look(|_, _| ()).await.map_err(closed)?;
        let mut stream = self.inbox.client().pass_stream(admitted.call.target).await.map_err(away)?;
        let mut pieces = Pieces::default();
        while let Some(bytes) = stream.next().await.map_err(away)? {
            let text = pieces.next(&bytes);
            if self.answers.send(ToPanel::Piece { call, text }).await.is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// What an answer to a poll says: a list, or that nothing has changed; else why it says nothing.
fn polled(answer: &PassedAnswer) -> Result<Option<RunningList>, String> {
    match answer.status {
        200 => serde_json::from_slice(&answer.body).map(Some).map_err(|error| format!("What answers is not a hub: {error}.")),
        304 => Ok(None),
        status => {
            let said = serde_json::from_slice::<ErrorBody>(&answer.body).map(|body| body.error.message);
            Err(said.unwrap_or_else(|_| format!("The hub answered with HTTP status {status}.")))
        }
    }
}

fn value(plain: impl Serialize) -> Result<serde_json::Value, Refusal> {
    serde_json::to_value(plain).map_err(|error| refusal("panel", &error.to_string()))
}

fn closed(PanelClosed: PanelClosed) -> Refusal {
    refusal("panel_closed", "The panel is closed.")
}

#[expect(clippy::needless_pass_by_value, reason = "as map_err gives it")]
fn away(error: CallError) -> Refusal {
    refusal("hub", &error.to_string())
}

fn busy() -> Refusal {
    refusal("busy", "The panel asks for too much at once.")
}

fn refusal(code: &str, message: &str) -> Refusal {
    Refusal { code: code.to_owned(), message: message.to_owned() }
}

#[cfg(test)]
mod tests;
