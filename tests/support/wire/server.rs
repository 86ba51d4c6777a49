//! A server that does as it is told with each connection, and counts them.

use std::{
    io,
    mem::MaybeUninit,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use doorbell_client::{BearerToken, Endpoint, EndpointSource};
use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::sleep,
};

use super::script::{Cut, Step};

/// The token that clients of this server have.
pub const TOKEN: &str = "a-secret";

/// What a client asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// Path and query.
    pub path: String,
    /// The head, as it came.
    pub head: String,
}

/// What has come so far.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Connections that asked for the feed.
    pub attempts: usize,
    /// Calls of the running list.
    pub polls: usize,
    /// Most connections of the feed that were open at once, as the kernel knows when the next one asks.
    pub peak: usize,
    /// Most bytes that one connection took, of those that have ended.
    pub taken: usize,
    /// Bytes that all connections took.
    pub sent: usize,
    /// Whatever came, whoever sent it.
    pub requests: Vec<Request>,
    open: Vec<Weak<TcpStream>>,
}

/// Hears how many bytes a client took.
pub(super) type Count<'a> = dyn Fn(usize) + Send + Sync + 'a;
type Play = dyn Fn(&Request, usize) -> Vec<Step> + Send + Sync;

/// The server. It ends when it is dropped.
#[derive(Debug)]
pub struct FaultServer {
    url: String,
    seen: Arc<Mutex<Seen>>,
    task: JoinHandle<()>,
}

#[expect(clippy::expect_used, reason = "a test without its server cannot go on")]
impl FaultServer {
    /// Answers each request as `play` says, which is told how many of its kind came before.
    ///
    /// # Panics
    /// There is no free port.
    pub async fn start(play: impl Fn(&Request, usize) -> Vec<Step> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (play, shared): (Arc<Play>, _) = (Arc::new(play), Arc::clone(&seen));
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (play, seen) = (Arc::clone(&play), Arc::clone(&shared));
                tokio::spawn(async move {
                    // The client may close at any time.
                    let _ = serve(Arc::new(socket), &*play, &seen).await;
                });
            }
        });
        Self { url, seen, task }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where clients find it.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn source(&self) -> EndpointSource {
        EndpointSource::fixed(Endpoint::new(&self.url, BearerToken::new(TOKEN).expect("a token")).expect("an address"))
    }

    /// What has come so far.
    #[must_use]
    pub fn seen(&self) -> Seen {
        lock(&self.seen).clone()
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(socket: Arc<TcpStream>, play: &Play, seen: &Mutex<Seen>) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let request = read_request(&socket).await?;
    let steps = {
        let mut seen = lock(seen);
        let before = if request.path == "/v1/feed" {
            seen.open.retain(|open| open.upgrade().is_some_and(|socket| is_open(&socket)));
            seen.open.push(Arc::downgrade(&socket));
            seen.peak = seen.peak.max(seen.open.len());
            seen.attempts += 1;
            seen.attempts - 1
        } else {
            seen.polls += 1;
            seen.polls - 1
        };
        seen.requests.push(request.clone());
        play(&request, before)
    };
    let taken = AtomicUsize::new(0);
    let count = |size| {
        taken.fetch_add(size, Ordering::Relaxed);
        lock(seen).sent += size;
    };
    let played = play_all(&socket, steps, &count);
    let ended = tokio::select! {
        ended = played => ended,
        () = closed(&socket) => Ok(()),
    };
    let mut seen = lock(seen);
    seen.taken = seen.taken.max(taken.load(Ordering::Relaxed));
    ended
}

async fn play_all(socket: &TcpStream, steps: Vec<Step>, count: &Count<'_>) -> io::Result<()> {
    for step in steps {
        match step {
            Step::Send(bytes) => send(socket, &bytes, count).await?,
            Step::Trickle(bytes) => {
                for byte in bytes {
                    send(socket, &[byte], count).await?;
                    tokio::task::yield_now().await;
                }
            }
            Step::Endless(bytes) => loop {
                send(socket, &bytes, count).await?;
            },
            Step::Every(pause, bytes) => loop {
                sleep(pause).await;
                send(socket, &bytes, count).await?;
            },
            Step::Pause(time) => sleep(time).await,
            Step::Follow(hub, mut cursor) => loop {
                let block = hub.next(&mut cursor).await;
                send(socket, block.as_bytes(), count).await?;
            },
            Step::UntilBroken(steps, mut broken) => {
                tokio::select! {
                    played = Box::pin(play_all(socket, steps, count)) => {
                        played?;
                        continue;
                    }
                    _ = broken.changed() => {}
                }
                let cut = *broken.borrow();
                match cut {
                    Cut::Next => {}
                    Cut::Reset => return reset(socket),
                    Cut::Silence => std::future::pending().await,
                }
            }
            Step::Hold => std::future::pending().await,
            Step::Reset => return reset(socket),
        }
    }
    Ok(())
}

async fn read_request(socket: &TcpStream) -> io::Result<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if read(socket, &mut byte).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    Ok(Request { path: head.split(' ').nth(1).unwrap_or_default().to_owned(), head })
}

fn reset(socket: &TcpStream) -> io::Result<()> {
    SockRef::from(socket).set_linger(Some(Duration::ZERO))
}

/// Reads what has come, as soon as something has. Loses nothing when it is dropped.
pub(super) async fn read(socket: &TcpStream, into: &mut [u8]) -> io::Result<usize> {
    loop {
        socket.readable().await?;
        match socket.try_read(into) {
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
            size => return size,
        }
    }
}

pub(super) async fn send(socket: &TcpStream, bytes: &[u8], count: &Count<'_>) -> io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        socket.writable().await?;
        match socket.try_write(rest) {
            Ok(size) => {
                count(size);
                rest = &rest[size..];
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Returns once the client has closed.
async fn closed(socket: &TcpStream) {
    while socket.readable().await.is_ok() {
        match socket.try_read(&mut [0; 64]) {
            Ok(1..) => {}
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
            Ok(0) | Err(_) => return,
        }
    }
}

/// Whether the kernel has heard nothing of the other end closing.
pub(super) fn is_open(socket: &TcpStream) -> bool {
    match SockRef::from(socket).peek(&mut [MaybeUninit::uninit()]) {
        Ok(size) => size > 0,
        Err(e) => e.kind() == io::ErrorKind::WouldBlock,
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
