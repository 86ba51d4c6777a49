//! A subscriber's socket after the head of its answer: frames, and the end.
//!
//! What it holds while nothing happens is all that a listener costs: a cursor, its caller, and its places in two lists of
//! those to be woken. Nothing is encoded or buffered here; a socket that takes no more holds up nobody else.

use std::{io, pin::pin, sync::Arc};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::timeout,
};

use crate::{access::tokens::Caller, bounds::GRACE, feed::subscriber::Subscriber, state::frame::Framing};

pub(crate) struct Stream {
    pub(crate) subscriber: Subscriber,
    pub(crate) framing: Framing,
    pub(crate) caller: Arc<Caller>,
}

impl Stream {
    /// Writes until the reader is gone, the hub goes down, or the reader may listen no longer.
    pub(crate) async fn run(self, mut socket: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
        let Self { mut subscriber, framing, caller } = self;
        let mut over = pin!(caller.over());
        loop {
            let Some(frame) = subscriber.next() else {
                let mut beyond = [0; 32];
                tokio::select! {
                    () = subscriber.woken() => continue,
                    () = &mut over => break,
                    // What comes after the request is passed over; that nothing more can come is the end.
                    read = socket.read(&mut beyond) => match read? {
                        0 => return Ok(()),
                        _ => continue,
                    },
                }
            };
            let write = async {
                socket.write_all(frame.framed(framing)).await?;
                // TLS may hold back what the socket did not take at once.
                socket.flush().await
            };
            tokio::select! {
                biased;
                written = write => written?,
                // A part of a frame may be out; only closing is left.
                () = &mut over => return Ok(()),
            }
        }
        let end = async {
            socket.write_all(framing.end()).await?;
            socket.shutdown().await
        };
        timeout(GRACE, end).await.unwrap_or(Ok(()))
    }
}

#[cfg(test)]
mod tests;
