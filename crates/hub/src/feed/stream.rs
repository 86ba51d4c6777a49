//! A subscriber's socket after the head of its answer: frames, keepalives, and the end.
//!
//! What it holds while nothing happens is all that a listener costs: a cursor, a timer, its caller, and its places in two
//! lists of those to be woken. Nothing is encoded or buffered here; a socket that takes no more holds up nobody else.

use std::{io, pin::pin, sync::Arc};

use doorbell_protocol::limits;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Instant, sleep_until, timeout},
};

use crate::{
    access::tokens::Caller,
    bounds::GRACE,
    feed::subscriber::Subscriber,
    state::frame::{Frame, Framing},
};

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
        let mut silent_since = Instant::now();
        // Not set anew with every frame: when it rings early, it is set to what is left.
        let mut alarm = pin!(sleep_until(silent_since + limits::KEEPALIVE));
        loop {
            let frame = match subscriber.next() {
                Some(frame) => frame,
                None => {
                    let mut beyond = [0; 32];
                    tokio::select! {
                        () = subscriber.woken() => continue,
                        () = &mut over => break,
                        // What comes after the request is passed over; that nothing more can come is the end.
                        read = socket.read(&mut beyond) => match read? {
                            0 => return Ok(()),
                            _ => continue,
                        },
                        () = &mut alarm => {}
                    }
                    let now = Instant::now();
                    let due = silent_since + limits::KEEPALIVE;
                    alarm.as_mut().reset(if now < due { due } else { now + limits::KEEPALIVE });
                    if now < due {
                        continue;
                    }
                    Frame::keepalive()
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
            silent_since = Instant::now();
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
