//! The first message of each side: which version it speaks. Both send it without waiting for the other's.

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{LinkError, frame};

/// Of what is said after the greeting. Grows when [`message`](crate::message) changes.
pub const VERSION: u32 = 1;

/// Longest greeting, in bytes. Small, so that what is none is noticed at once.
const GREETING_BYTES: u32 = 64;

/// Its form never changes.
#[derive(Debug, Deserialize, Serialize)]
struct Greeting {
    doorbell_panel: u32,
}

/// Says which version this side speaks.
///
/// # Errors
/// The other side is gone.
pub async fn send(to: &mut (impl AsyncWrite + Unpin)) -> Result<(), LinkError> {
    frame::send(to, &Greeting { doorbell_panel: VERSION }).await
}

/// Waits until the other side has said that it speaks our version.
///
/// # Errors
/// It speaks another, or something else, or ended.
pub async fn receive(from: &mut (impl AsyncRead + Unpin)) -> Result<(), LinkError> {
    let greeting: Option<Greeting> = frame::receive_at_most(from, GREETING_BYTES).await?;
    match greeting.ok_or(LinkError::CutShort)?.doorbell_panel {
        VERSION => Ok(()),
        theirs => Err(LinkError::OtherVersion { theirs, ours: VERSION }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn two_of_one_version_understand_each_other() {
        let mut pipe = Vec::new();
        send(&mut pipe).await.unwrap();
        receive(&mut pipe.as_slice()).await.unwrap();
    }

    #[tokio::test]
    async fn another_version_is_said() {
        let mut pipe = Vec::new();
        frame::send(&mut pipe, &Greeting { doorbell_panel: VERSION + 6 }).await.unwrap();
        let error = receive(&mut pipe.as_slice()).await.unwrap_err();
        assert!(matches!(error, LinkError::OtherVersion { theirs, .. } if theirs == VERSION + 6));
    }

    #[tokio::test]
    async fn who_says_something_else_or_nothing_is_no_partner() {
        let mut pipe = Vec::new();
        frame::send(&mut pipe, &"x".repeat(100)).await.unwrap();
        assert!(matches!(receive(&mut pipe.as_slice()).await, Err(LinkError::TooLong { .. })));
        let mut pipe = Vec::new();
        frame::send(&mut pipe, &"hello").await.unwrap();
        assert!(matches!(receive(&mut pipe.as_slice()).await, Err(LinkError::Garbage(_))));
        assert!(matches!(receive(&mut &[][..]).await, Err(LinkError::CutShort)));
    }
}
