//! What only the app knows of a hub, as plain values for the panel's page. The rest it reads from the hub
//! itself.

use doorbell_protocol::{Counts, Job, Timestamp};
use serde::Serialize;

use crate::connection::Connection;

/// How the app stands with a hub, and what the user should know.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct Standing {
    /// Whether the figures can be trusted.
    pub connection: Connection,
    /// The hub's clock, as well as this machine knows it.
    pub now: Timestamp,
    /// The hub's clock when the figures were true. Absent before the first ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// Something the user should know once, as in `This desktop shows no notifications.`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// What is to be typed for `doorbell`. Absent where that works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// What is known of a hub that cannot be asked.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Known {
    /// How many jobs there are, as in the badge.
    pub counts: Counts,
    /// The running jobs, oldest start first, with the progress that was last seen. Of thousands, only those
    /// that started last.
    pub jobs: Vec<Job>,
}
