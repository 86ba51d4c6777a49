//! The hub's clock. Decisions take the time as an argument; only the edges ask here.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use doorbell_protocol::Timestamp;

/// From 1970 to the year 10,000.
const DATES: Duration = Duration::from_secs(253_402_300_800);

/// The clock says what no answer can have as its date, and hyper panics when it tries to write one.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the clock of this machine says {0}: set it to the right time")]
pub struct ClockError(Timestamp);

pub(crate) fn now() -> Timestamp {
    SystemTime::now().into()
}

/// Whether the time can be written as a date.
pub(crate) fn check() -> Result<(), ClockError> {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) if since < DATES => Ok(()),
        Ok(_) | Err(_) => Err(ClockError(now())),
    }
}
