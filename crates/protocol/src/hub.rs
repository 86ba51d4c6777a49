//! What a hub says about itself.

use serde::{Deserialize, Serialize};

use crate::{Counts, Epoch, Sequence};

/// Answer to `GET /v1/health`, which needs no token.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Health {
    /// `ok` while the hub serves.
    pub status: String,
    /// Of the hub's program.
    pub version: String,
    /// Of its database.
    pub epoch: Epoch,
}

/// Answer to `GET /v1/stats`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Stats {
    /// Of all jobs.
    pub counts: Counts,
    /// Sequence of the newest event: how many events this database has ever told.
    pub seq: Sequence,
    /// Feeds that are open now.
    pub subscribers: u32,
    /// Snapshots sent since the hub started in place of events that were gone.
    pub gaps: u64,
    /// Polls of the running list since the hub started, unchanged ones among them.
    pub polls: u64,
    /// Progress reports taken since the hub started.
    pub progress_reports: u64,
    /// Calls answered since the hub started.
    pub requests: u64,
    /// Those of them that were refused: status 400 to 499.
    pub refused: u64,
    /// Those of them that could not be served: status 500 and above.
    pub failed: u64,
}
