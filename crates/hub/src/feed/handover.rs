//! A connection that changes hands: hyper reads the request and writes the head of the answer, then a [`Stream`] has the
//! socket for itself. A stream that is silent needs none of hyper's buffers, which are nine tenths of what it would cost.

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::Frame;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::feed::stream::Stream;

/// Where an answer leaves its stream for the connection that it goes out on. One a connection.
#[derive(Clone, Default)]
pub(crate) struct Handover(Arc<Mutex<Slot>>);

#[derive(Default)]
struct Slot {
    stream: Option<Stream>,
    /// Everything that came before the stream is with the kernel.
    is_flushed: bool,
}

/// The socket as hyper sees it.
pub(crate) struct Watched<S> {
    pub(crate) socket: S,
    pub(crate) handover: Handover,
}

/// The body of an answer that a stream goes on with.
struct Rest {
    stream: Option<Stream>,
    handover: Handover,
}

impl Handover {
    /// A body that leaves `stream` behind as soon as it is asked for content. That happens when the head is in hyper's
    /// buffer, and never for a request without a body in its answer, such as `HEAD`.
    pub(crate) fn body(self, stream: Stream) -> Body {
        Body::new(Rest { stream: Some(stream), handover: self })
    }

    /// The stream, once the socket is free for it.
    pub(crate) fn take(&self) -> Option<Stream> {
        let mut slot = self.lock();
        if slot.is_flushed { slot.stream.take() } else { None }
    }

    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpBody for Rest {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(stream) = self.stream.take() {
            self.handover.lock().stream = Some(stream);
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, buf)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bufs: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    /// Hyper flushes the socket when nothing is left in its own buffer.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.socket).poll_flush(cx);
        if let Poll::Ready(Ok(())) = flushed {
            let mut slot = self.handover.lock();
            slot.is_flushed = slot.stream.is_some();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
