//! What the supervisor does next. Pure: time and randomness come in as arguments, and what is to be done goes
//! out.
//!
//! ```text
//!              ┌──────────── until a time ◀────────────┐
//!              ▼                                       │
//!   Connecting ── caught up ──▶ Live ── ended ──▶ Backoff, after 5 minutes Offline
//!       └────────── ended, or 401/403 ─────────────────┴▶ Refused ── new token, or asked ──▶ Connecting
//! ```
//!
//! Beside it, while the feed is not live, the running list is polled for as long as somebody answers. A poll
//! that fails (a time-out, 429, 503, a broken connection) says little, and the next one comes 3 s later.
//! Polls end when an attempt finds nobody there and no poll has been answered since the last failure: to poll
//! for ever where nobody is would be 1,200 calls an hour for nothing. They begin again when an attempt finds
//! somebody, or hangs for 3 s.

use std::time::Duration;

use doorbell_protocol::jobs::RunningList;
use tokio::time::Instant;

use super::{
    attempt::End,
    retry::{Absence, Retry},
    update::FeedUpdate,
};

/// How often the running list is polled while the feed is not live.
const POLL: Duration = Duration::from_secs(3);
/// How often a refused supervisor looks whether the address or the token has changed.
const ENDPOINT_CHECK: Duration = Duration::from_secs(60);
/// When a connection was live for this long, the failures before it are forgotten.
const SETTLED: Duration = doorbell_protocol::limits::KEEPALIVE;
/// Shortest time from one attempt to the next, whatever begins it: a backoff, somebody who asks, or waking
/// up.
const BETWEEN: Duration = Duration::from_secs(1);
/// Shortest time from the end of one attempt to the next. Hyper closes a socket in a task of its own, right
/// after the attempt that it served was dropped; a client that reconnects at once would be there twice for
/// the hub.
const CLOSING: Duration = Duration::from_millis(50);
/// Longest time from one message to the next while what was missed is being told. Comments and parts of a
/// message do not count, since they may go on for ever.
pub(super) const CATCH_UP: Duration = Duration::from_secs(30);
/// After this machine woke up or its network changed, attempts are spread over this time.
const RESUME_SPREAD: Duration = Duration::from_secs(2);

const SLEPT: &str = "this computer was asleep";
const NETWORK: &str = "the network may have changed";
const ANEW: &str = "the attempt is made anew";

/// Something that happened.
#[derive(Debug)]
pub(super) enum Input {
    /// A message was handed on to the listener.
    Told,
    /// Everything that was missed has been told.
    CaughtUp,
    /// The hub asks for this pause before a reconnect.
    PauseAsked(Duration),
    /// The attempt is over.
    Ended(End),
    /// A poll was answered; `None` when nothing has changed since the last.
    Polled(Option<RunningList>),
    /// A poll was not answered.
    PollFailed(String),
    /// The time of [`Machine::wakes_at`] has come.
    Time,
    /// Somebody looks, or the network changed.
    Asked,
    /// This machine slept.
    Resumed,
    /// The address or the token has changed since the hub refused it.
    EndpointChanged,
}

/// Something to do.
#[derive(Debug, PartialEq)]
pub(super) enum Order {
    /// Open the feed.
    Open,
    /// Close it.
    Close,
    /// Poll the running list.
    Poll,
    /// Drop the poll that is under way, and the connection under it.
    DropPoll,
    /// Look whether the endpoint is still the one that was refused.
    CheckEndpoint,
    /// Tell the listener.
    Tell(FeedUpdate),
}

/// The state of the feed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
    Connecting { until: Instant },
    Live { since: Instant },
    Backoff { until: Instant },
    Offline { until: Instant },
    Refused { check_at: Instant },
}

/// The state of the polls.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Polls {
    Off,
    At(Instant),
    Asked,
}

#[derive(Debug)]
pub(super) struct Machine {
    state: State,
    retry: Retry,
    polls: Polls,
    /// No poll is sent before this time.
    next_poll: Instant,
    /// Whether the listener was last told that polls are answered.
    polled: bool,
    /// No attempt opens before this time.
    not_before: Instant,
}

impl Machine {
    /// Starts with an attempt.
    pub(super) fn new(now: Instant) -> (Self, Vec<Order>) {
        let (state, retry, polls) = (State::Connecting { until: now }, Retry::new(), Polls::Off);
        let mut machine = Self { state, retry, polls, next_poll: now, polled: false, not_before: now };
        let orders = machine.open(now);
        (machine, orders)
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    /// When [`Input::Time`] is due. `None` while nothing but the connection is waited for.
    pub(super) fn wakes_at(&self) -> Option<Instant> {
        let own = match self.state {
            State::Live { .. } => None,
            State::Connecting { until } | State::Backoff { until } | State::Offline { until } | State::Refused { check_at: until } => {
                Some(until)
            }
        };
        let poll = if let Polls::At(at) = self.polls { Some(at) } else { None };
        own.into_iter().chain(poll).min()
    }

    /// Takes in what happened at `now`, and says what to do, in order. `random` lies between 0 and 1.
    pub(super) fn decide(&mut self, input: Input, now: Instant, random: f64) -> Vec<Order> {
        match input {
            Input::Told => {
                if let State::Connecting { until } = &mut self.state {
                    *until = now + CATCH_UP;
                }
                Vec::new()
            }
            Input::CaughtUp => self.caught_up(now),
            Input::PauseAsked(pause) => {
                self.retry.hint(pause);
                Vec::new()
            }
            Input::Ended(End::Refused(reason)) => self.refused(reason, now),
            Input::Ended(End::Unreachable(reason)) => {
                // A hub that has just answered a poll is there, whatever became of the attempt.
                let mut orders = if self.polled { Vec::new() } else { self.stop_polls(&reason) };
                orders.extend(self.down(reason, now, random));
                orders
            }
            Input::Ended(End::Broken(reason)) => self.broken(reason, now, random),
            Input::Polled(list) => self.polled(list, now),
            Input::PollFailed(reason) => {
                let orders = self.stop_polls(&reason);
                self.polls = Polls::At(now + POLL);
                orders
            }
            Input::Time => self.time(now, random),
            Input::Asked => self.asked(now, random),
            Input::Resumed => self.resumed(now, random),
            Input::EndpointChanged => self.open(now),
        }
    }

    fn open(&mut self, now: Instant) -> Vec<Order> {
        self.state = State::Connecting { until: now + CATCH_UP };
        self.not_before = now + BETWEEN;
        if self.polls == Polls::Off {
            // An attempt may hang for long while the hub answers other calls.
            self.polls = Polls::At(now + POLL);
        }
        vec![Order::Tell(FeedUpdate::Connecting), Order::Open]
    }

    fn caught_up(&mut self, now: Instant) -> Vec<Order> {
        if !matches!(self.state, State::Connecting { .. }) {
            return Vec::new();
        }
        self.state = State::Live { since: now };
        self.polls = Polls::Off;
        self.polled = false;
        vec![Order::DropPoll, Order::Tell(FeedUpdate::Live)]
    }

    fn broken(&mut self, reason: String, now: Instant, random: f64) -> Vec<Order> {
        if self.polls == Polls::Off {
            self.polls = Polls::At(self.next_poll.max(now + POLL.mul_f64(random)));
        }
        self.down(reason, now, random)
    }

    fn down(&mut self, reason: String, now: Instant, random: f64) -> Vec<Order> {
        self.judge_connection(now);
        let (absence, retry_in) = self.retry.after_failure(now, random);
        let (until, retry_in) = self.closed(now, retry_in);
        let update = match absence {
            Absence::Short => {
                self.state = State::Backoff { until };
                FeedUpdate::Down { reason, retry_in }
            }
            Absence::Long => {
                self.state = State::Offline { until };
                FeedUpdate::Offline { reason, retry_in }
            }
        };
        vec![Order::Close, Order::Tell(update)]
    }

    /// The connection is closed. Returns when the next one opens, if possible in `retry_in`, and how long
    /// that is from now.
    fn closed(&mut self, now: Instant, retry_in: Duration) -> (Instant, Duration) {
        self.not_before = self.not_before.max(now + CLOSING);
        let until = self.not_before.max(now + retry_in);
        (until, until - now)
    }

    fn refused(&mut self, reason: String, now: Instant) -> Vec<Order> {
        self.closed(now, Duration::ZERO);
        self.state = State::Refused { check_at: now + ENDPOINT_CHECK };
        self.polls = Polls::Off;
        self.polled = false;
        vec![Order::Close, Order::DropPoll, Order::Tell(FeedUpdate::Refused { reason })]
    }

    fn polled(&mut self, list: Option<RunningList>, now: Instant) -> Vec<Order> {
        self.polls = Polls::At(now + POLL);
        self.polled = true;
        vec![Order::Tell(FeedUpdate::Polled(list.map(Box::new)))]
    }

    /// Ends the polls, and says that their last answer may be old. They begin again when an attempt has found
    /// somebody.
    fn stop_polls(&mut self, reason: &str) -> Vec<Order> {
        self.polls = Polls::Off;
        let mut orders = vec![Order::DropPoll];
        if std::mem::take(&mut self.polled) {
            orders.push(Order::Tell(FeedUpdate::PollFailed { reason: reason.to_owned() }));
        }
        orders
    }

    fn time(&mut self, now: Instant, random: f64) -> Vec<Order> {
        let mut orders = Vec::new();
        if matches!(self.polls, Polls::At(at) if now >= at) {
            self.polls = Polls::Asked;
            self.next_poll = now + POLL;
            orders.push(Order::Poll);
        }
        match self.state {
            State::Connecting { until } if now >= until => {
                let reason = format!("the hub did not say what runs within {} s", CATCH_UP.as_secs());
                orders.extend(self.broken(reason, now, random));
            }
            State::Backoff { until } | State::Offline { until } if now >= until => orders.extend(self.open(now)),
            State::Refused { check_at } if now >= check_at => {
                self.state = State::Refused { check_at: now + ENDPOINT_CHECK };
                orders.push(Order::CheckEndpoint);
            }
            State::Connecting { .. } | State::Live { .. } | State::Backoff { .. } | State::Offline { .. } | State::Refused { .. } => {}
        }
        orders
    }

    fn asked(&mut self, now: Instant, random: f64) -> Vec<Order> {
        match self.state {
            // The attempt was opened just now, on the network as it is now.
            State::Connecting { .. } | State::Live { .. } if now < self.not_before => Vec::new(),
            // The attempt hangs, and so may the poll beside it. The last answer of a poll stays true.
            State::Connecting { .. } => {
                if self.polls != Polls::Off {
                    self.polls = Polls::At(self.next_poll.max(now));
                }
                let mut orders = vec![Order::DropPoll];
                orders.extend(self.reopen(ANEW, Duration::ZERO, now));
                orders
            }
            // Other clients that the same change has cut off come back at the same time.
            State::Live { .. } => {
                self.judge_connection(now);
                self.reopen(NETWORK, RESUME_SPREAD.mul_f64(random), now)
            }
            State::Backoff { .. } | State::Offline { .. } | State::Refused { .. } if now >= self.not_before => self.open(now),
            State::Backoff { until } => {
                self.state = State::Backoff { until: until.min(self.not_before) };
                Vec::new()
            }
            State::Offline { until } => {
                self.state = State::Offline { until: until.min(self.not_before) };
                Vec::new()
            }
            // An attempt would come too early, and is made as soon as it may be. The hub is not known to be
            // away.
            State::Refused { .. } => {
                self.state = State::Backoff { until: self.not_before };
                Vec::new()
            }
        }
    }

    fn resumed(&mut self, now: Instant, random: f64) -> Vec<Order> {
        self.retry.start_over();
        let mut orders = self.stop_polls(SLEPT);
        orders.extend(self.reopen(SLEPT, RESUME_SPREAD.mul_f64(random), now));
        orders
    }

    /// Gives up a connection that may be dead without knowing it. The hub then counts as unknown rather than
    /// as away.
    fn reopen(&mut self, reason: &str, retry_in: Duration, now: Instant) -> Vec<Order> {
        let (until, retry_in) = self.closed(now, retry_in);
        self.state = State::Backoff { until };
        vec![Order::Close, Order::Tell(FeedUpdate::Down { reason: reason.to_owned(), retry_in })]
    }

    /// Forgets past failures when the connection was live for long.
    fn judge_connection(&mut self, now: Instant) {
        if let State::Live { since } = self.state
            && now.duration_since(since) >= SETTLED
        {
            self.retry.start_over();
        }
    }
}

#[cfg(test)]
mod tests;
