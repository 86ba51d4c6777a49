//! A lease: the right to report for a running job, for a while.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Fence, Timestamp};

/// The right to report for a job until it expires. Every report renews it; a job whose lease ran out is lost.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Lease {
    /// Goes into the body of every report.
    pub fence: Fence,
    /// When it runs out by the hub's clock.
    pub expires_at: Timestamp,
    /// How long each renewal lasts, in milliseconds. Renew when a third of it has passed.
    pub ttl_ms: u64,
}

impl Lease {
    /// How long each renewal lasts.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        Duration::from_millis(self.ttl_ms)
    }
}
