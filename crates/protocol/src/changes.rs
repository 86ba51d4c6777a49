//! What `GET /v1/changes` tells: that a list is old, never what changed in it.

/// A list that is old. On the wire the SSE `event` field; the data is `{}`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ListChange {
    /// `jobs-changed`: a job was created, moved or deleted, by hand or for its age, or one of its questions did. Never for progress, a
    /// renewed lease or a schedule.
    Jobs,
    /// `workers-changed`: a worker registered, was drained, or was dropped for its silence. Never for a heartbeat.
    Workers,
}

impl ListChange {
    /// Every change that this version knows.
    pub const ALL: [Self; 2] = [Self::Jobs, Self::Workers];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jobs => "jobs-changed",
            Self::Workers => "workers-changed",
        }
    }
}
