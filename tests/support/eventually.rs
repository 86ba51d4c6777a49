//! Waits for something that another process brings about.

use std::{
    thread,
    time::{Duration, Instant},
};

/// How often the condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Waits until `look` gives something, and gives it.
///
/// # Panics
/// It gave nothing within `deadline`; the message says `what` was waited for.
pub fn eventually<T>(what: &str, deadline: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(start.elapsed() < deadline, "waited {deadline:?} in vain for: {what}");
        thread::sleep(LOOK_EVERY);
    }
}
