//! What the panel shows of a hub, as a plain value.

use doorbell_protocol::{Job, Timestamp};
use serde::Serialize;

use crate::Trust;

/// Everything that the panel draws. Durations are worked out by the page from the timestamps and `now`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct PanelView {
    /// Whether the figures can be trusted.
    pub connection: Connection,
    /// The hub's clock, as well as this machine knows it.
    pub now: Timestamp,
    /// The hub's clock when the figures were true. Absent before the first ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// How many jobs run, as in the badge.
    pub running: u32,
    /// The running jobs, oldest start first, with their progress. Of thousands, only those that started last.
    pub jobs: Vec<Job>,
    /// How many jobs wait for a worker.
    pub queued: u32,
    /// Something the user should know once, as in `This desktop shows no notifications.`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
}

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
