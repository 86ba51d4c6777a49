//! One message at a time over a stream of bytes: its length in four bytes, the most significant first, then
//! its JSON.

use serde::{Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::LinkError;

/// Longest message in bytes. The largest answer of a hub that the client reads fits into it, with each of its
/// quotes escaped.
pub const FRAME_BYTES: u32 = 32 * 1024 * 1024;

/// Sends one message.
///
/// # Errors
/// It is longer than [`FRAME_BYTES`], or the other side is gone.
pub async fn send(to: &mut (impl AsyncWrite + Unpin), message: &impl Serialize) -> Result<(), LinkError> {
    let json = serde_json::to_vec(message)?;
    let length = u32::try_from(json.len()).ok().filter(|length| *length <= FRAME_BYTES);
    let length = length.ok_or(LinkError::TooLong { bytes: json.len() as u64, limit: FRAME_BYTES })?;
    to.write_all(&length.to_be_bytes()).await?;
    to.write_all(&json).await?;
    to.flush().await?;
    Ok(())
}

/// Waits for the next message; `None` when the other side has ended after a whole one.
///
/// What was read is lost when the future is dropped: one task reads until the end.
///
/// # Errors
/// What came is no message, or too long, or cut short.
pub async fn receive<T: DeserializeOwned>(from: &mut (impl AsyncRead + Unpin)) -> Result<Option<T>, LinkError> {
    receive_at_most(from, FRAME_BYTES).await
}

/// [`receive`] with a bound of the caller's own, in bytes.
///
/// # Errors
/// As [`receive`].
pub async fn receive_at_most<T: DeserializeOwned>(from: &mut (impl AsyncRead + Unpin), limit: u32) -> Result<Option<T>, LinkError> {
    let mut length = [0; 4];
    // The first byte tells an end between two messages from one within.
    if from.read(&mut length[..1]).await? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut length[1..]).await.map_err(cut_short)?;
    let length = u32::from_be_bytes(length);
    if length > limit {
        return Err(LinkError::TooLong { bytes: length.into(), limit });
    }
    let mut json = Vec::new();
    // Memory grows with what comes, not with what is announced.
    from.take(length.into()).read_to_end(&mut json).await?;
    if json.len() < length as usize {
        return Err(LinkError::CutShort);
    }
    Ok(Some(serde_json::from_slice(&json)?))
}

fn cut_short(error: std::io::Error) -> LinkError {
    if error.kind() == std::io::ErrorKind::UnexpectedEof { LinkError::CutShort } else { error.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn sent(messages: &[&str]) -> Vec<u8> {
        let mut pipe = Vec::new();
        for message in messages {
            send(&mut pipe, message).await.unwrap();
        }
        pipe
    }

    #[tokio::test]
    async fn messages_come_as_they_were_sent_and_then_the_end() {
        let pipe = sent(&["one", "", "three"]).await;
        let mut pipe = pipe.as_slice();
        for wanted in ["one", "", "three"] {
            assert_eq!(receive::<String>(&mut pipe).await.unwrap().as_deref(), Some(wanted));
        }
        assert!(receive::<String>(&mut pipe).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_message_that_is_cut_short_anywhere_is_an_error() {
        let pipe = sent(&["one"]).await;
        for end in 1..pipe.len() {
            let error = receive::<String>(&mut &pipe[..end]).await.unwrap_err();
            assert!(matches!(error, LinkError::CutShort), "{end}: {error}");
        }
    }

    #[tokio::test]
    async fn a_message_that_is_too_long_is_neither_sent_nor_read() {
        let long = "x".repeat(FRAME_BYTES as usize);
        let mut pipe = Vec::new();
        assert!(matches!(send(&mut pipe, &long).await, Err(LinkError::TooLong { .. })));
        assert!(pipe.is_empty());

        let announced = (FRAME_BYTES + 1).to_be_bytes();
        assert!(matches!(receive::<String>(&mut &announced[..]).await, Err(LinkError::TooLong { .. })));
        let pipe = sent(&["four"]).await;
        assert!(matches!(receive_at_most::<String>(&mut &pipe[..], 5).await, Err(LinkError::TooLong { bytes: 6, limit: 5 })));
    }

    #[tokio::test]
    async fn what_is_no_message_is_told() {
        let lines = b"Gtk-WARNING **: something that a library prints\n";
        assert!(matches!(receive::<String>(&mut &lines[..]).await, Err(LinkError::TooLong { .. })));
        let mut no_json = 3_u32.to_be_bytes().to_vec();
        no_json.extend(b"no!");
        assert!(matches!(receive::<String>(&mut no_json.as_slice()).await, Err(LinkError::Garbage(_))));
    }
}
