//! The loop: what happened goes into the state, what is to be done comes out and is carried out. It alone owns the state.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use doorbell_client::{Client, FeedUpdate, When, rest::Running};
use doorbell_desk::{Effect, HubId, HubInput, Input, PanelView, State};
use doorbell_protocol::{FeedMessage, Timestamp};
use tokio::{
    sync::{Mutex, Notify, mpsc, oneshot},
    time::{sleep, timeout},
};

use crate::desktop::Desktop;

/// How long a poll of the panel may take. Less than the page waits for this app, so that it hears which of the two is away.
const PATIENCE: Duration = Duration::from_secs(3);

/// The way in, for everything on the desktop that something can happen to.
#[derive(Clone)]
pub(crate) struct Shell {
    inbox: mpsc::UnboundedSender<Message>,
    /// What the state calls the hub that `client` speaks with.
    hub: HubId,
    client: Client,
    /// Of the newest list that was polled.
    etag: Arc<Mutex<Option<String>>>,
}

pub(crate) enum Message {
    Input(Input),
    /// Asks for the panel's view of a hub; no answer when the panel is closed.
    Look(HubId, oneshot::Sender<PanelView>),
}

/// The panel is closed, and nothing is polled for a panel that nobody sees.
#[derive(Debug)]
pub(crate) struct PanelClosed;

impl Shell {
    /// The way in, and what [`run`] reads. What people and the desktop do comes one by one and fits no bound; the feed,
    /// which strangers fill, has its own bounded way.
    pub(crate) fn new(hub: HubId, client: Client) -> (Self, mpsc::UnboundedReceiver<Message>) {
        let (inbox, messages) = mpsc::unbounded_channel();
        (Self { inbox, hub, client, etag: Arc::default() }, messages)
    }

    pub(crate) fn hub(&self) -> &HubId {
        &self.hub
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Says what happened. Nobody listens any more while the app ends.
    pub(crate) fn input(&self, input: Input) {
        let _ = self.inbox.send(Message::Input(input));
    }

    /// Says what happened about the hub.
    pub(crate) fn hub_input(&self, input: HubInput) {
        self.input(Input::Hub(self.hub.clone(), input));
    }

    /// Asks the hub what runs, and gives the panel what it shows.
    pub(crate) async fn poll(&self) -> Result<PanelView, PanelClosed> {
        self.look().await?;
        let mut etag = self.etag.lock().await;
        let answer = match timeout(PATIENCE, self.client.running(etag.as_deref())).await {
            Ok(answer) => answer.map_err(|error| error.to_string()),
            Err(_) => Err(format!("The hub did not answer within {} s.", PATIENCE.as_secs())),
        };
        let polled = match answer {
            Ok(Running::Unchanged) => HubInput::Polled(None),
            Ok(Running::List { list, etag: new }) => {
                *etag = new;
                HubInput::Polled(Some(list))
            }
            Err(reason) => {
                // Another hub may stand there next time.
                *etag = None;
                HubInput::PollFailed { reason }
            }
        };
        drop(etag);
        self.hub_input(polled);
        self.look().await
    }

    async fn look(&self) -> Result<PanelView, PanelClosed> {
        let (answer, view) = oneshot::channel();
        self.inbox.send(Message::Look(self.hub.clone(), answer)).map_err(|_| PanelClosed)?;
        view.await.map_err(|_| PanelClosed)
    }
}

/// The feed of a hub.
pub(crate) struct HubFeed {
    /// What the state calls the hub.
    pub(crate) hub: HubId,
    pub(crate) updates: mpsc::Receiver<FeedUpdate>,
    /// Told when the feed is down, so that an embedded hub can take over.
    pub(crate) down: Arc<Notify>,
}

/// Runs until the feed and everybody else are gone, and nothing is left to wake for.
pub(crate) async fn run(mut state: State, mut inbox: mpsc::UnboundedReceiver<Message>, mut feed: HubFeed, desktop: &impl Desktop) {
    loop {
        let wakes_at = state.wakes_at();
        let input = tokio::select! {
            Some(message) = inbox.recv() => match message {
                Message::Input(input) => input,
                Message::Look(hub, answer) => {
                    if state.panel_is_open()
                        && let Some(view) = state.panel(&hub, now())
                    {
                        // The page that asked may be gone.
                        let _ = answer.send(view);
                    }
                    continue;
                }
            },
            Some(update) = feed.updates.recv() => match hub_input(update) {
                Some(input) => {
                    if let HubInput::Down { .. } = input {
                        feed.down.notify_one();
                    }
                    Input::Hub(feed.hub.clone(), input)
                }
                None => continue,
            },
            Some(()) = until(wakes_at), if wakes_at.is_some() => Input::Time,
            else => return,
        };
        for effect in state.apply(input, now()) {
            carry_out(effect, desktop);
        }
    }
}

/// This machine's clock.
fn now() -> Timestamp {
    SystemTime::now().into()
}

/// Waits until this machine's clock says `at`, if it ever should.
async fn until(at: Option<Timestamp>) -> Option<()> {
    sleep(at?.since(now())).await;
    Some(())
}

/// What an update of a hub's feed means for the state.
fn hub_input(update: FeedUpdate) -> Option<HubInput> {
    Some(match update {
        FeedUpdate::Connecting => return None,
        FeedUpdate::Message { when: When::Missed, id, message: FeedMessage::Event(event) } => HubInput::Missed(id, event),
        FeedUpdate::Message { id, message, .. } => HubInput::Told(id, message),
        FeedUpdate::Live => HubInput::Live,
        FeedUpdate::Polled(list) => HubInput::Polled(list.map(|list| *list)),
        FeedUpdate::PollFailed { reason } => HubInput::PollFailed { reason },
        FeedUpdate::Down { reason, .. } | FeedUpdate::Offline { reason, .. } => HubInput::Down { reason },
        FeedUpdate::Refused { reason } => HubInput::Refused { reason },
    })
}

fn carry_out(effect: Effect, desktop: &impl Desktop) {
    match effect {
        Effect::ShowTray(view) => desktop.show_tray(view),
        Effect::Notify(notification) => desktop.notify(notification),
        Effect::Retract(about) => desktop.retract(about),
        Effect::OpenPanel { near } => desktop.open_panel(near),
        Effect::ClosePanel => desktop.close_panel(),
        Effect::RetryFeed(hub) => desktop.retry_feed(&hub),
        Effect::Call { hub, request } => desktop.call(hub, request),
        Effect::Quit => desktop.quit(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use doorbell_client::{BearerToken, Endpoint, EndpointSource};
    use doorbell_desk::{About, Action, Connection, Notification, Point, Request, TrayView};
    use doorbell_protocol::{Counts, Snapshot};

    use super::*;

    /// Writes down what it is told to do.
    #[derive(Default)]
    struct Recorder(Mutex<Vec<&'static str>>);

    impl Recorder {
        fn record(&self, effect: &'static str) {
            self.0.lock().unwrap().push(effect);
        }
    }

    impl Desktop for Recorder {
        fn show_tray(&self, _view: TrayView) {
            self.record("tray");
        }
        fn notify(&self, _notification: Notification) {
            self.record("ring");
        }
        fn retract(&self, _about: About) {
            self.record("retract");
        }
        fn open_panel(&self, _near: Option<Point>) {
            self.record("open");
        }
        fn close_panel(&self) {
            self.record("close");
        }
        fn retry_feed(&self, _hub: &HubId) {
            self.record("retry");
        }
        fn call(&self, _hub: HubId, request: Request) {
            self.record(match request {
                Request::QueueTestJob => "test job",
            });
        }
        fn quit(&self) {
            self.record("quit");
        }
    }

    fn nowhere() -> Client {
        let token = BearerToken::new("secret").unwrap();
        Client::new(EndpointSource::fixed(Endpoint::new("http://127.0.0.1:9", token).unwrap()))
    }

    fn app() -> State {
        State::new(HubId::discovered(), [])
    }

    fn feed_of(updates: mpsc::Receiver<FeedUpdate>) -> HubFeed {
        HubFeed { hub: HubId::discovered(), updates, down: Arc::default() }
    }

    /// Runs the loop on what `inputs` and `updates` say, and returns what was done.
    async fn run_on(inputs: Vec<Input>, updates: Vec<FeedUpdate>) -> Vec<&'static str> {
        let (shell, inbox) = Shell::new(HubId::discovered(), nowhere());
        let (feed, listener) = mpsc::channel(8);
        for update in updates {
            feed.send(update).await.unwrap();
        }
        for input in inputs {
            shell.input(input);
        }
        drop((shell, feed));
        let recorder = Recorder::default();
        run(app(), inbox, feed_of(listener), &recorder).await;
        recorder.0.into_inner().unwrap()
    }

    #[tokio::test]
    async fn what_the_state_says_is_done_in_order() {
        let inputs =
            vec![Input::Chosen(Action::OpenPanel), Input::PanelDismissed, Input::Chosen(Action::RunTestJob), Input::Chosen(Action::Quit)];
        assert_eq!(run_on(inputs, Vec::new()).await, ["open", "retry", "close", "test job", "quit"]);
    }

    #[tokio::test]
    async fn a_message_of_the_feed_reaches_the_tray() {
        let snapshot = Snapshot {
            counts: Counts { running: 2, ..Counts::default() },
            running: Vec::new(),
            questions: Vec::new(),
            now: Timestamp::EPOCH,
            gap: false,
        };
        let message = FeedUpdate::Message { when: When::Now, id: None, message: FeedMessage::Snapshot(snapshot) };
        let updates = vec![FeedUpdate::Connecting, message, FeedUpdate::Live];
        assert_eq!(run_on(Vec::new(), updates).await, ["tray", "tray"]);
    }

    #[tokio::test]
    async fn the_state_is_woken_when_it_asks_to_be() {
        let expires_at = now() + Duration::from_millis(50);
        let asked = include_str!("../../../tests/fixtures/protocol/v1/event-question.json");
        let asked = asked.replace("2026-11-21T11:46:00.000Z", &expires_at.to_string());
        let message = FeedMessage::decode("question.asked", &asked).unwrap().unwrap();
        let down = FeedUpdate::Down { reason: "gone".to_owned(), retry_in: Duration::from_secs(1) };
        let updates = vec![FeedUpdate::Message { when: When::Now, id: None, message }, down];
        // The loop ends when nothing is left to wake for.
        assert_eq!(run_on(Vec::new(), updates).await, ["ring", "tray", "tray", "retract"]);
        assert!(now() >= expires_at);
    }

    #[tokio::test]
    async fn nothing_is_polled_for_a_panel_that_is_closed() {
        let (shell, inbox) = Shell::new(HubId::discovered(), nowhere());
        let (_feed, listener) = mpsc::channel(1);
        let recorder = Recorder::default();
        let look = async {
            assert!(shell.poll().await.is_err());
            shell.input(Input::Chosen(Action::OpenPanel));
            // Nobody listens on that port, and the panel is told so.
            let view = shell.poll().await.unwrap();
            assert_eq!(view.connection, Connection::Connecting);
        };
        tokio::select! {
            () = run(app(), inbox, feed_of(listener), &recorder) => panic!("the loop ended"),
            () = look => {}
        }
    }
}
