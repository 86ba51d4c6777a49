//! What the listener of a feed is told.

use std::time::Duration;

use doorbell_protocol::{EventId, FeedMessage, jobs::RunningList};

/// What the supervisor tells, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum FeedUpdate {
    /// A connection is being opened. Until [`Live`](Self::Live) comes, what is known may be old.
    Connecting,
    /// Everything that was missed has been told. From here on each change is told as it happens.
    Live,
    /// The hub's next message: a snapshot first, or the events that were missed; then what happens.
    Message {
        /// Whether it happens now.
        when: When,
        /// Its place in the feed.
        id: Option<EventId>,
        /// What the hub says.
        message: FeedMessage,
    },
    /// The feed is not live, but the hub answers: every job that runs now, with the place in the feed that this was true at.
    /// `None` when nothing has changed since the last. Comes every 3 s.
    Polled(Option<Box<RunningList>>),
    /// The hub has ceased to answer polls.
    PollFailed {
        /// Why, for people.
        reason: String,
    },
    /// The connection is gone or could not be made.
    Down {
        /// Why, for people.
        reason: String,
        /// How long until the next attempt.
        retry_in: Duration,
    },
    /// As [`Down`](Self::Down), and it has been so for five minutes. One attempt a minute is made.
    Offline {
        /// Why, for people.
        reason: String,
        /// How long until the next attempt.
        retry_in: Duration,
    },
    /// The hub does not take the token, or this client. No attempt is made until the token, the address or somebody changes that.
    Refused {
        /// Why, and what to do, for people.
        reason: String,
    },
}

/// When something happened that the feed tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum When {
    /// Just now; or, for a snapshot, it is so now.
    Now,
    /// While there was no connection.
    Missed,
}
