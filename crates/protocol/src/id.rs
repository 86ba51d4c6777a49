//! Identifiers on the wire.

use std::{fmt, str::FromStr, sync::Mutex};

use serde::{Deserialize, Serialize};
use uuid::{ContextV7, Uuid};

use crate::Timestamp;

/// A new UUIDv7 of this moment; one before 1970 counts as 1970. Those of one process are in the order in which they were made.
///
/// `Uuid::now_v7` would panic where a machine's clock is before 1970, as one without a battery may be.
#[must_use]
pub fn fresh(now: Timestamp) -> Uuid {
    static ORDER: Mutex<ContextV7> = Mutex::new(ContextV7::new());
    let since_1970 = now.since(Timestamp::EPOCH);
    Uuid::new_v7(uuid::Timestamp::from_unix(&ORDER, since_1970.as_secs(), since_1970.subsec_nanos()))
}

/// Names one run of a job for ever. A UUIDv7, so ids sort by time of creation.
///
/// The hub makes one for each job it creates; a reporter may choose it instead, which makes its
/// `POST /v1/jobs` safe to repeat.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "string"))]
#[serde(transparent)]
pub struct JobId(pub Uuid);

/// Names a registered worker until the hub restarts or the worker leaves.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct WorkerId(pub Uuid);

/// Names one question for ever. A UUIDv7. The hub makes one unless the asker chose it, which makes asking safe to repeat.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct QuestionId(pub Uuid);

/// Names a token, and tells nothing about its secret.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct TokenId(pub Uuid);

/// Names a schedule for ever.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "string"))]
#[serde(transparent)]
pub struct ScheduleId(pub Uuid);

/// Names one ask of a worker for a job. The worker chooses a new one for each, and repeats it until it has an answer.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct ClaimId(pub Uuid);

/// Proof that a reporter holds the lease of a run: a random number from 1 to 2^53 − 1, so that it is exact in every language's JSON.
/// Two fences are the same or not, and nothing else; a report with another one than the lease has is refused as `lease_stale`.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Fence(pub u64);

/// Names one history of sequences: a database. Sequences of different epochs cannot be compared.
/// On the wire 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "string"))]
pub struct Epoch(pub u64);

/// Position of an event on the feed. The first event of an epoch is 1; 0 is the feed before any event.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "number"))]
#[serde(transparent)]
pub struct Sequence(pub u64);

impl Sequence {
    /// The sequence that follows this one, without a gap.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// The SSE id of a feed event: `<epoch>-<sequence>`, as in `00f3a1b2c4d5e6f7-42`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct EventId {
    /// The history that the sequence counts in.
    pub epoch: Epoch,
    /// The position in it.
    pub seq: Sequence,
}

/// The text is not an id of the expected form.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not {0}")]
pub struct ParseIdError(&'static str);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for JobId {
    type Err = ParseIdError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        s.parse().map(Self).map_err(|_| ParseIdError("a job id (a UUID such as 0192f0c1-7a3b-7c4d-8e5f-0123456789ab)"))
    }
}

impl fmt::Display for QuestionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for QuestionId {
    type Err = ParseIdError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        s.parse().map(Self).map_err(|_| ParseIdError("a question id (a UUID such as 0192f0c1-7a3b-7c4d-8e5f-0123456789ab)"))
    }
}

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for WorkerId {
    type Err = ParseIdError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        s.parse().map(Self).map_err(|_| ParseIdError("a worker's id (a UUID)"))
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for TokenId {
    type Err = ParseIdError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        s.parse().map(Self).map_err(|_| ParseIdError("a token id (a UUID such as 0192f0c1-7a3b-7c4d-8e5f-0123456789ab)"))
    }
}

impl fmt::Display for ScheduleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ScheduleId {
    type Err = ParseIdError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        s.parse().map(Self).map_err(|_| ParseIdError("a schedule's id (a UUID)"))
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Epoch {
    type Err = ParseIdError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let exact = s.len() == 16 && s.bytes().all(|b| b.is_ascii_hexdigit());
        u64::from_str_radix(s, 16).ok().filter(|_| exact).map(Self).ok_or(ParseIdError("an epoch (16 hexadecimal digits)"))
    }
}

impl Serialize for Epoch {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Epoch {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.seq.0)
    }
}

impl FromStr for EventId {
    type Err = ParseIdError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        const FORM: ParseIdError = ParseIdError("an event id (<epoch>-<sequence>)");
        let (epoch, seq) = s.split_once('-').ok_or(FORM)?;
        let digits = !seq.is_empty() && seq.bytes().all(|b| b.is_ascii_digit());
        let seq = seq.parse().ok().filter(|_| digits).ok_or(FORM)?;
        Ok(Self { epoch: epoch.parse().map_err(|_| FORM)?, seq: Sequence(seq) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_id_reads_back_as_written() {
        let id = EventId { epoch: Epoch(0xf3), seq: Sequence(42) };
        assert_eq!(id.to_string(), "00000000000000f3-42");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn garbage_is_not_an_event_id() {
        for text in ["", "-", "42", "f3-42", "00000000000000f3-", "00000000000000f3-+1", "00000000000000f3-1-1", "+0000000000000f3-1"] {
            assert!(text.parse::<EventId>().is_err(), "{text:?}");
        }
    }
}
