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
    /// The hub's next message. First comes a snapshot, or the events that were missed; then each event as it
    /// happens.
    Message {
        /// Whether it happens now.
        when: When,
        /// Its place in the feed.
        id: Option<EventId>,
        /// What the hub says.
        message: FeedMessage,
    },
    /// The feed is not live, but the hub answers polls. Every job that runs now, with the place in the feed
    /// at which this was true; `None` when nothing has changed since the last poll. Comes every 3 s.
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
    /// As [`Down`](Self::Down), for five minutes already. One attempt a minute is made.
    Offline {
        /// Why, for people.
        reason: String,
        /// How long until the next attempt.
        retry_in: Duration,
    },
    /// The hub refuses the token, or this client. No attempt is made until the token or the address changes,
    /// or somebody asks for one.
    Refused {
        /// Why, and what to do, for people.
        reason: String,
    },
}

/// When something happened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum When {
    /// It happens now. For a snapshot: it is true now.
    Now,
    /// It happened while there was no connection.
    Missed,
}
