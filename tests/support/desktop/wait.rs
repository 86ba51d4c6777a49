//! The only way to wait: for a condition, with a deadline. How long a wait takes is never what makes a test pass.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Deadline where nothing slow is expected. Generous, because the machine may be busy; a passing test never uses it up.
pub const SOON: Duration = Duration::from_secs(20);

/// Time between two looks.
const STEP: Duration = Duration::from_millis(20);

/// Looks until there is something to see, and returns that.
///
/// # Errors
/// The look failed, or the deadline passed: the message says what was waited for and for how long.
pub async fn until_some<T>(what: &str, limit: Duration, mut look: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(seen) = look().await? {
            return Ok(seen);
        }
        if start.elapsed() > limit {
            bail!("waited {} s in vain until {what}", limit.as_secs());
        }
        tokio::time::sleep(STEP).await;
    }
}

/// Looks until the condition holds.
///
/// # Errors
/// As [`until_some`].
pub async fn until(what: &str, limit: Duration, mut holds: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
    until_some(what, limit, async || Ok(holds().await?.then_some(()))).await
}
