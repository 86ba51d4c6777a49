//! The loop: what happened goes into the state, what is to be done comes out and is carried out. It alone
//! owns the state.

use std::{sync::Arc, time::SystemTime};

use doorbell_client::{FeedUpdate, When};
use doorbell_desk::{About, Effect, HubId, HubInput, Input, Notification, Opening, Point, Request, State, TrayView};
use doorbell_protocol::{FeedMessage, Timestamp};
use tokio::{
    sync::{Notify, mpsc},
    time::sleep,
};

use crate::inbox::Message;

/// What can be done to the desktop. Nothing here waits: what fails comes back as an input.
pub(crate) trait Desktop {
    fn show_tray(&self, view: TrayView);
    fn notify(&self, notification: Notification);
    fn retract(&self, about: About);
    fn open_panel(&self, opening: Opening, near: Option<Point>);
    fn close_panel(&self);
    fn retry_feed(&self, hub: &HubId);
    fn call(&self, hub: HubId, request: Request);
    fn quit(&self);
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
pub(crate) async fn run(mut state: State, mut messages: mpsc::UnboundedReceiver<Message>, mut feed: HubFeed, desktop: &impl Desktop) {
    loop {
        let wakes_at = state.wakes_at();
        let input = tokio::select! {
            Some(message) = messages.recv() => match message {
                Message::Input(input) => input,
                Message::Look(look) => {
                    if state.panel_is_open() {
                        look(&state, now());
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
        Effect::OpenPanel { opening, near } => desktop.open_panel(opening, near),
        Effect::ClosePanel => desktop.close_panel(),
        Effect::RetryFeed(hub) => desktop.retry_feed(&hub),
        Effect::Call { hub, request } => desktop.call(hub, request),
        Effect::Quit => desktop.quit(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use doorbell_client::{BearerToken, Client, Endpoint, EndpointSource};
    use doorbell_desk::Action;
    use doorbell_protocol::{Counts, Snapshot};

    use super::*;
    use crate::{inbox::Inbox, recorder::Recorder};

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
        let (inbox, messages) = Inbox::new(HubId::discovered(), nowhere());
        let (feed, listener) = mpsc::channel(8);
        for update in updates {
            feed.send(update).await.unwrap();
        }
        for input in inputs {
            inbox.input(input);
        }
        drop((inbox, feed));
        let recorder = Recorder::default();
        run(app(), messages, feed_of(listener), &recorder).await;
        recorder.done()
    }

    #[tokio::test]
    async fn what_the_state_says_is_done_in_order() {
        let inputs = vec![
            Input::Chosen(Action::OpenPanel),
            Input::TrayClicked { at: None },
            Input::Chosen(Action::RunTestJob),
            Input::Chosen(Action::Quit),
        ];
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
    async fn nobody_looks_at_the_state_for_a_panel_that_is_closed() {
        let (inbox, messages) = Inbox::new(HubId::discovered(), nowhere());
        let (_feed, listener) = mpsc::channel(1);
        let recorder = Recorder::default();
        let look = async {
            assert!(inbox.look(|_, _| ()).await.is_err());
            inbox.input(Input::Chosen(Action::OpenPanel));
            assert!(inbox.look(|state, _| state.panel_is_open()).await.unwrap());
            inbox.input(Input::TrayClicked { at: None });
            assert!(inbox.look(|_, _| ()).await.is_err());
        };
        tokio::select! {
            () = run(app(), messages, feed_of(listener), &recorder) => panic!("the loop ended"),
            () = look => {}
        }
    }
}
