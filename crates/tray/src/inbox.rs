//! The way into the loop, for everything on the desktop that something can happen to.

use doorbell_client::Client;
use doorbell_desk::{HubId, HubInput, Input, State};
use doorbell_protocol::Timestamp;
use tokio::sync::{mpsc, oneshot};

/// Held by whoever has something to say. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Inbox {
    messages: mpsc::UnboundedSender<Message>,
    /// What the state calls the hub that `client` speaks with.
    hub: HubId,
    client: Client,
}

/// What the loop is told.
pub(crate) enum Message {
    Input(Input),
    /// The panel's page looks at the state. Dropped while the panel is closed.
    Look(Look),
}

/// A look at the state, at a time by this machine's clock.
pub(crate) type Look = Box<dyn FnOnce(&State, Timestamp) + Send>;

/// The panel is closed, and nothing is done for a panel that nobody sees.
#[derive(Debug)]
pub(crate) struct PanelClosed;

impl Inbox {
    /// The way in, and what the loop reads. What people and the desktop do comes one by one and fits no
    /// bound; the feed, which strangers fill, has its own bounded way.
    pub(crate) fn new(hub: HubId, client: Client) -> (Self, mpsc::UnboundedReceiver<Message>) {
        let (messages, waiting) = mpsc::unbounded_channel();
        (Self { messages, hub, client }, waiting)
    }

    pub(crate) fn hub(&self) -> &HubId {
        &self.hub
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Says what happened. Nobody listens any more while the app ends.
    pub(crate) fn input(&self, input: Input) {
        let _ = self.messages.send(Message::Input(input));
    }

    /// Says what happened about the hub.
    pub(crate) fn hub_input(&self, input: HubInput) {
        self.input(Input::Hub(self.hub.clone(), input));
    }

    /// Looks at the state for the panel, once everything is in it that was said before. The time is this
    /// machine's.
    pub(crate) async fn look<T: Send + 'static>(&self, at: impl FnOnce(&State, Timestamp) -> T + Send + 'static) -> Result<T, PanelClosed> {
        let (answer, seen) = oneshot::channel();
        let look = Box::new(move |state: &State, now: Timestamp| {
            // The page that asked may be gone.
            let _ = answer.send(at(state, now));
        });
        self.messages.send(Message::Look(look)).map_err(|_| PanelClosed)?;
        seen.await.map_err(|_| PanelClosed)
    }
}
