//! Carries out what the [`machine`](super::machine) decides, and tells it what happened.

use std::{future::pending, pin::Pin, sync::Arc, time::Duration};

use doorbell_protocol::{EventId, FeedMessage};
use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, sleep_until},
};

use super::{
    attempt::{Attempt, End, Happened},
    machine::{Input, Machine, Order, State},
    slept::{Clocks, Jumps, Sleep},
    update::FeedUpdate,
};
use crate::{
    CallError, Client, DiscoverError, Endpoint, EndpointSource,
    http::{Http, Reuse, with_causes},
    rest::Running,
};

/// When somebody tells us that this machine slept, and we have noticed a sleep within this time, it was the
/// same one.
const SAME_SLEEP: Duration = Duration::from_secs(5);

/// What others may tell the supervisor. Each is kept until it is heard; told twice before that, it is heard
/// once.
#[derive(Debug, Default)]
pub(super) struct Wakes {
    /// Somebody looks, or the network changed.
    pub(super) asked: Notify,
    /// This machine slept.
    pub(super) resumed: Notify,
}

/// Nobody takes updates any more.
struct Unheard;

type Answer = Result<Running, CallError>;

/// What the supervisor works with: connections, polls and the listener.
struct Hands {
    http: Http,
    source: EndpointSource,
    updates: mpsc::Sender<FeedUpdate>,
    attempt: Option<Attempt>,
    /// The endpoint of the newest attempt.
    tried: Option<Endpoint>,
    /// The newest message that was handed on.
    last: Option<EventId>,
    poller: Option<Client>,
    poll: Option<Pin<Box<dyn Future<Output = Answer> + Send>>>,
    etag: Option<String>,
    /// What the order that was just carried out has led to, which the machine must hear.
    found: Option<Input>,
}

/// Runs until nobody listens any more. `random` gives numbers between 0 and 1.
pub(super) async fn run(
    source: EndpointSource,
    updates: mpsc::Sender<FeedUpdate>,
    wakes: Arc<Wakes>,
    mut random: impl FnMut() -> f64 + Send,
) {
    let http = Http::new(Reuse::Never);
    let mut hands = Hands::new(http, source, updates);
    let (mut machine, mut orders) = Machine::new(Instant::now());
    let mut clocks = Clocks::now();
    let jumps = Jumps::watch();
    let mut noticed: Option<Instant> = None;
    loop {
        for order in orders {
            if hands.carry_out(order).await.is_err() {
                return;
            }
        }
        let Ok(mut input) = hands.input(&machine, &wakes, &jumps).await else { return };
        // The reason why this task was woken may be that the whole machine woke up.
        if clocks.compare(Clocks::now()) == Sleep::Slept {
            input = Some(Input::Resumed);
            noticed = Some(Instant::now());
        } else if matches!(input, Some(Input::Resumed)) && noticed.take().is_some_and(|at| at.elapsed() < SAME_SLEEP) {
            input = None;
        }
        let before = machine.state();
        orders = input.map(|input| machine.decide(input, Instant::now(), random())).unwrap_or_default();
        if machine.state() != before {
            tracing::debug!(from = ?before, to = ?machine.state(), "feed");
        }
    }
}

impl Hands {
    fn new(http: Http, source: EndpointSource, updates: mpsc::Sender<FeedUpdate>) -> Self {
        let (attempt, tried, last, poller, poll, etag, found) = Default::default();
        Self { http, source, updates, attempt, tried, last, poller, poll, etag, found }
    }

    async fn carry_out(&mut self, order: Order) -> Result<(), Unheard> {
        match order {
            Order::Open => match self.open() {
                Ok(attempt) => self.attempt = Some(attempt),
                Err(end) => self.found = Some(Input::Ended(end)),
            },
            Order::Close => {
                if self.attempt.take().is_some_and(|attempt| attempt.is_unproven()) {
                    self.last = None;
                }
            }
            Order::Poll => {
                let (client, etag) = (self.poller.get_or_insert_with(|| Client::new(self.source.clone())).clone(), self.etag.clone());
                self.poll = Some(Box::pin(async move { client.running(etag.as_deref()).await }));
            }
            Order::DropPoll => (self.poll, self.poller, self.etag) = (None, None, None),
            Order::CheckEndpoint => {
                if self.source.resolve().ok() != self.tried {
                    self.found = Some(Input::EndpointChanged);
                }
            }
            Order::Tell(update) => self.tell(update).await?,
        }
        Ok(())
    }

    fn open(&mut self) -> Result<Attempt, End> {
        self.tried = None;
        let endpoint = self.source.resolve().map_err(unresolved)?;
        let endpoint = self.tried.insert(endpoint);
        let http = self.http.to(endpoint).map_err(|e| End::Unreachable(with_causes(&e)))?;
        Attempt::new(http, endpoint, self.last)
    }

    /// Waits for the next thing that happens. `None` is nothing that the machine must know.
    async fn input(&mut self, machine: &Machine, wakes: &Wakes, jumps: &Jumps) -> Result<Option<Input>, Unheard> {
        if let Some(input) = self.found.take() {
            return Ok(Some(input));
        }
        if matches!(machine.state(), State::Connecting { .. }) && self.attempt.as_ref().is_some_and(Attempt::is_caught_up) {
            return Ok(Some(Input::CaughtUp));
        }
        tokio::select! {
            biased;
            () = self.updates.closed() => Err(Unheard),
            () = wakes.resumed.notified() => Ok(Some(Input::Resumed)),
            () = wakes.asked.notified() => Ok(Some(Input::Asked)),
            happened = happened(&mut self.attempt) => self.take_in(happened).await,
            answer = answer(&mut self.poll) => {
                self.poll = None;
                Ok(Some(self.polled(answer)))
            }
            () = time(machine.wakes_at()) => Ok(Some(Input::Time)),
            () = jumps.next() => Ok(None),
        }
    }

    async fn take_in(&mut self, happened: Happened) -> Result<Option<Input>, Unheard> {
        match happened {
            Happened::Heard => Ok(None),
            Happened::PauseAsked(pause) => Ok(Some(Input::PauseAsked(pause))),
            Happened::Told(when, id, message) => {
                // A snapshot starts over, even one without an id.
                let before = if matches!(message, FeedMessage::Snapshot(_)) { None } else { self.last };
                self.tell(FeedUpdate::Message { when, id, message }).await?;
                self.last = id.or(before);
                Ok(Some(Input::Told))
            }
            Happened::PassedOver(id) => {
                self.last = id.or(self.last);
                Ok(None)
            }
            // The token may have been replaced after it was read.
            Happened::Ended(End::Refused(reason)) if self.source.resolve().is_ok_and(|endpoint| Some(endpoint) != self.tried) => {
                Ok(Some(Input::Ended(End::Broken(reason))))
            }
            Happened::Ended(end) => Ok(Some(Input::Ended(end))),
        }
    }

    fn polled(&mut self, answer: Answer) -> Input {
        match answer {
            Ok(Running::Unchanged) => Input::Polled(None),
            Ok(Running::List { list, etag }) => {
                self.etag = etag;
                Input::Polled(Some(list))
            }
            Err(e) => Input::PollFailed(e.to_string()),
        }
    }

    async fn tell(&mut self, update: FeedUpdate) -> Result<(), Unheard> {
        self.updates.send(update).await.map_err(|_| Unheard)
    }
}

/// What nothing but another address helps against is a refusal, as the hub's own would be.
fn unresolved(error: DiscoverError) -> End {
    match error {
        DiscoverError::Url { .. } | DiscoverError::InsecureHttp { .. } => End::Refused(error.to_string()),
        DiscoverError::NoHub
        | DiscoverError::Places(_)
        | DiscoverError::HubFile { .. }
        | DiscoverError::Folder { .. }
        | DiscoverError::Token { .. } => End::Unreachable(error.to_string()),
    }
}

async fn happened(attempt: &mut Option<Attempt>) -> Happened {
    match attempt {
        Some(attempt) => attempt.happened().await,
        None => pending().await,
    }
}

async fn answer(poll: &mut Option<Pin<Box<dyn Future<Output = Answer> + Send>>>) -> Answer {
    match poll {
        Some(poll) => poll.await,
        None => pending().await,
    }
}

async fn time(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}
