//! One resident for a desktop: another start reaches the one that runs, which opens its panel, and ends.
//!
//! # Layout
//! - [`unix`], [`windows`]: how a start finds out whether it is the first, and how another reaches it
//! - here: what they say to each other
//!
//! # Invariants
//! - Only this user is listened to.
//! - Both sides have a deadline. A start that gets no answer says so: two icons would be worse.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::{io, time::Duration};

use doorbell_panel_link::{LinkError, frame};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};

#[cfg(unix)]
pub(crate) use self::unix::{Door, claim};
#[cfg(windows)]
pub(crate) use self::windows::{Door, claim};
use crate::panel::Asker;

/// How long another start waits until it has been heard. The first may be just about to listen.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the first listens to one other start.
const ATTENTION: Duration = Duration::from_secs(2);
/// Longest message of another start, in bytes.
const MESSAGE_BYTES: u32 = 16 * 1024;

/// What a start finds.
pub(crate) enum Start {
    /// It is the first: others come to this door.
    First(Door),
    /// Another runs, and has been told to open its panel.
    Told,
}

/// A start cannot find out, or reach the first.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClaimError {
    /// There is a first, and it does not answer.
    #[error("Doorbell runs already, but does not answer. End it, and start it again.")]
    NoAnswer,
    #[cfg(unix)]
    #[error(transparent)]
    Places(#[from] doorbell_client::PlacesError),
    #[error("{what}: {error}")]
    Io { what: String, error: io::Error },
}

/// Another start was heard.
#[derive(Debug, Deserialize, Serialize)]
struct Heard;

/// Tells the first who asks for the panel, and waits until it has heard.
async fn tell(mut first: impl AsyncRead + AsyncWrite + Unpin, asker: &Asker) -> Result<(), LinkError> {
    frame::send(&mut first, asker).await?;
    frame::receive_at_most::<Heard>(&mut first, MESSAGE_BYTES).await?.map(|Heard| ()).ok_or(LinkError::CutShort)
}

/// Hears another start out, if it speaks in time.
async fn hear(mut other: impl AsyncRead + AsyncWrite + Unpin) -> Option<Asker> {
    let heard = timeout(ATTENTION, async {
        let asker = frame::receive_at_most(&mut other, MESSAGE_BYTES).await?;
        frame::send(&mut other, &Heard).await?;
        Ok::<_, LinkError>(asker)
    });
    match heard.await {
        Ok(Ok(asker)) => asker,
        Ok(Err(error)) => {
            tracing::warn!(%error, "another start could not be understood");
            None
        }
        Err(_) => None,
    }
}
