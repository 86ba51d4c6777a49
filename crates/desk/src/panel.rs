//! What the panel shows of a hub, as a plain value.

use doorbell_protocol::{Job, Timestamp};
use serde::Serialize;

use crate::connection::Connection;

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
