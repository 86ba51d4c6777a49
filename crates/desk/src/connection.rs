//! How the app stands with a hub, and whether what it knows of it is right.

use doorbell_protocol::Timestamp;
use serde::Serialize;

/// How the app stands with its hub.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Connection {
    /// Has never been live since the app started.
    Connecting,
    /// Every change is told at once.
    Live,
    /// Was live and is not; retries by itself.
    Offline {
        /// Since when, by the hub's clock.
        since: Timestamp,
        /// Why, in one sentence.
        reason: String,
    },
    /// As offline, but the hub answers when it is asked, which happens every few seconds: the figures are right.
    Polled {
        /// Since when, by the hub's clock.
        since: Timestamp,
        /// Why the feed is down, in one sentence.
        reason: String,
    },
    /// The hub does not accept the token; does not retry.
    Refused {
        /// Why and what to do, in one sentence.
        reason: String,
    },
}

/// Whether a figure is known to be right.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Trust {
    /// The feed is live, or the hub is asked every few seconds.
    Live,
    /// It was right once.
    Stale,
}

impl Connection {
    /// Whether what is known of the hub is right now.
    #[must_use]
    pub fn trust(&self) -> Trust {
        match self {
            Self::Live | Self::Polled { .. } => Trust::Live,
            Self::Connecting | Self::Offline { .. } | Self::Refused { .. } => Trust::Stale,
        }
    }
}
