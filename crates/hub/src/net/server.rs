//! The accept loop: connections in, with bounds on their number, their buffers and their silence.

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::TokioTimer;
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    connection::Connection,
    descriptors,
    strangers::{Stranger, Strangers},
};
use crate::{bounds::GRACE, clock};

/// Most connections at once, where the process may have as many; more wait in the kernel's queue.
const CONNECTIONS: usize = 16_384;
/// Connections that the kernel may keep until they are accepted. Tokio's 1,024 overflow when thousands come back at once, and
/// those beyond try again a second later, or two, or four.
const BACKLOG: i32 = 4_096;
/// Read buffer of a connection, in bytes.
const BUFFER: usize = 16 * 1024;
/// Most headers of a request; more are refused with 431, as are headers that do not fit the buffer.
const MOST_HEADERS: usize = 64;
/// A TLS handshake must be done by then.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Most of an answer that may wait in the kernel for a peer that does not read; the kernel doubles it for its own needs.
/// Left to itself, it would keep megabytes for each.
const UNREAD: usize = 64 * 1024;
/// A request's headers must be there by then.
const HEADERS: Duration = Duration::from_secs(10);
/// A connection that was idle for so long is probed.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// Then every so often, until it answers.
const PROBE: Duration = Duration::from_secs(15);
/// One that answers none of so many is gone: 60 s after it was heard of last.
#[cfg(any(target_os = "linux", target_os = "macos", target_os = "freebsd", windows))]
const PROBES: u32 = 2;
/// What was sent must be acknowledged by then, or the peer is gone. Other systems have no such option: there, the system decides
/// how often it sends again what nobody acknowledges.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// Serves until `shutdown`, then lets calls that are under way end within [`GRACE`].
pub(crate) async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, router: Router, shutdown: CancellationToken) {
    if let Err(error) = SockRef::from(&listener).listen(BACKLOG) {
        tracing::debug!(%error, "could not make the queue of new connections longer");
    }
    let room = descriptors::make_room(CONNECTIONS);
    let (free, strangers) = (Arc::new(Semaphore::new(room)), Strangers::of(room));
    let connections = TaskTracker::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(BUFFER).max_headers(MOST_HEADERS);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &free, &strangers) => accepted,
            () = shutdown.cancelled() => break,
        };
        if let Err(error) = clock::check() {
            tracing::warn!(%error, "refused a connection");
            sleep(Duration::from_millis(100)).await;
            continue;
        }
        let (stream, place, stranger) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: give others time to end.
                tracing::warn!(%error, "could not accept a connection");
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        if let Err(error) = watch_over(&stream) {
            tracing::debug!(%error, "could not set the options of a connection");
        }
        let connection = Connection { place, stranger: Arc::new(stranger), shutdown: shutdown.clone(), tasks: connections.clone() };
        let (http, router) = (http.clone(), router.clone());
        match tls.clone() {
            None => connections.spawn(connection.serve(stream, http, router)),
            Some(tls) => connections.spawn(encrypted(tls, stream, connection, http, router)),
        };
    }
    drop(listener);
    connections.close();
    if timeout(GRACE, connections.wait()).await.is_err() {
        tracing::warn!("some calls did not end in time");
    }
}

/// [`Connection::serve`], behind TLS.
async fn encrypted(tls: TlsAcceptor, stream: TcpStream, connection: Connection, http: http1::Builder, router: Router) {
    let shaken = tokio::select! {
        shaken = timeout(HANDSHAKE, tls.accept(stream)) => shaken.map_err(io::Error::from).flatten(),
        () = connection.stranger.shown_out() => return,
        () = connection.shutdown.cancelled() => return,
    };
    match shaken {
        Ok(stream) => connection.serve(stream, http, router).await,
        Err(error) => tracing::debug!(%error, "a connection broke"),
    }
}

async fn accept(
    listener: &TcpListener,
    free: &Arc<Semaphore>,
    strangers: &Arc<Strangers>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit, Stranger)> {
    let place = free.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, place, strangers.enter().await))
}

/// Has the kernel find out when the peer is gone without a word, and keep little for one that stands still.
fn watch_over(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_send_buffer_size(UNREAD)?;
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(PROBE);
    #[cfg(any(target_os = "linux", target_os = "macos", target_os = "freebsd", windows))]
    let keepalive = keepalive.with_retries(PROBES);
    socket.set_tcp_keepalive(&keepalive)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED))?;
    Ok(())
}
