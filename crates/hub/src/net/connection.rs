//! One connection: calls over hyper until one is answered by a stream, which then has the socket.

use std::{future, pin::Pin, sync::Arc, task::Poll};

use axum::{Router, extract::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::OwnedSemaphorePermit,
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service;

use super::strangers::Stranger;
use crate::{
    bounds::GRACE,
    feed::{
        handover::{Handover, Watched},
        stream::Stream,
    },
};

pub(crate) struct Connection {
    /// Held as long as the socket is open.
    pub(crate) place: OwnedSemaphorePermit,
    pub(crate) stranger: Arc<Stranger>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Connection {
    pub(crate) async fn serve<S>(self, socket: S, http: http1::Builder, router: Router)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let handover = Handover::default();
        let io = TokioIo::new(Watched { socket, handover: handover.clone() });
        let service = service_fn({
            let (handover, stranger) = (handover.clone(), self.stranger.clone());
            move |request: hyper::Request<Incoming>| {
                let mut request = request.map(axum::body::Body::new);
                request.extensions_mut().insert(handover.clone());
                request.extensions_mut().insert(stranger.clone());
                router.clone().call(request as Request)
            }
        });
        let mut connection = http.serve_connection(io, service);
        let calls = future::poll_fn(|cx| match Pin::new(&mut connection).poll(cx) {
            Poll::Ready(ended) => Poll::Ready(Calls::Ended(ended)),
            Poll::Pending => handover.take().map_or(Poll::Pending, |stream| Poll::Ready(Calls::Became(stream))),
        });
        let ended = tokio::select! {
            ended = calls => Some(ended),
            () = self.stranger.shown_out() => return tracing::debug!("a connection without a token made room for others"),
            () = self.shutdown.cancelled() => None,
        };
        match ended {
            Some(Calls::Became(stream)) => {
                let Watched { socket, .. } = connection.into_parts().io.into_inner();
                // A task of its own, so that what hyper needed is freed.
                self.tasks.spawn(run(stream, socket, self.place));
            }
            Some(Calls::Ended(Err(error))) => tracing::debug!(%error, "a connection broke"),
            Some(Calls::Ended(Ok(()))) => {}
            None => {
                Pin::new(&mut connection).graceful_shutdown();
                tokio::select! {
                    _ = &mut connection => {}
                    () = sleep(GRACE) => {}
                }
            }
        }
    }
}

async fn run(stream: Stream, socket: impl AsyncRead + AsyncWrite + Unpin, place: OwnedSemaphorePermit) {
    if let Err(error) = stream.run(socket).await {
        tracing::debug!(%error, "a listener is gone");
    }
    drop(place);
}

/// How the calls on a connection came to an end.
enum Calls {
    Ended(hyper::Result<()>),
    Became(Stream),
}
