//! A proxy in front of a real hub, which spoils what passes, byte by byte.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

use super::server::{is_open, read, send};

/// What the proxy does with connections, those that are open among them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// Passes everything on.
    Open,
    /// Passes everything on, byte by byte.
    Split,
    /// Takes connections and bytes, and passes nothing on: half-open. A connection that was so once stays so.
    Stalled,
    /// Keeps feeds back, as a proxy does that waits for the end of an answer. What ends is passed on.
    Buffered,
    /// Closes every connection (FIN).
    Cut,
    /// Breaks every connection (RST).
    Reset,
    /// Answers by itself, as the login page of a hotel network does.
    Hotel,
}

/// The proxy. It ends when it is dropped.
#[derive(Debug)]
pub struct FaultProxy {
    address: String,
    way: Arc<watch::Sender<Way>>,
    feeds: Arc<Mutex<Feeds>>,
    task: JoinHandle<()>,
}

/// The feeds that came.
#[derive(Debug, Default)]
struct Feeds {
    open: Vec<Weak<TcpStream>>,
    peak: usize,
}

/// One connection, and what is behind it.
struct Passage {
    client: Arc<TcpStream>,
    hub: TcpStream,
    /// What it does now.
    way: Way,
    /// What the client asked for first, once it did.
    asked: Option<Asked>,
    /// What is kept back.
    kept: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Asked {
    Feed,
    Other,
}

/// Whether a connection goes on.
enum Next {
    GoOn,
    Close,
}

#[expect(clippy::expect_used, reason = "a test without its proxy cannot go on")]
impl FaultProxy {
    /// Stands in front of `hub`, an address such as `127.0.0.1:7117`. The way is open.
    ///
    /// # Panics
    /// There is no free port.
    pub async fn start(hub: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address").to_string();
        let (way, feeds) = (Arc::new(watch::Sender::new(Way::Open)), Arc::<Mutex<Feeds>>::default());
        let (hub, ways, seen) = (hub.to_owned(), Arc::clone(&way), Arc::clone(&feeds));
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (hub, ways, seen) = (hub.clone(), ways.subscribe(), Arc::clone(&seen));
                tokio::spawn(async move {
                    // Either end may close at any time.
                    let _ = pass(client, &hub, ways, &seen).await;
                });
            }
        });
        Self { address, way, feeds, task }
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on it does this.
    pub fn set(&self, way: Way) {
        self.way.send_replace(way);
    }

    /// Most feeds that were open at once, as the kernel knows when the next one asks.
    #[must_use]
    pub fn peak(&self) -> usize {
        self.feeds.lock().unwrap_or_else(PoisonError::into_inner).peak
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(client: TcpStream, hub: &str, mut ways: watch::Receiver<Way>, feeds: &Mutex<Feeds>) -> io::Result<()> {
    client.set_nodelay(true)?;
    let hub = TcpStream::connect(hub).await?;
    let way = *ways.borrow_and_update();
    let mut passage = Passage { client: Arc::new(client), hub, way, asked: None, kept: Vec::new() };
    let (mut up, mut down) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
    loop {
        let next = tokio::select! {
            biased;
            changed = ways.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
                let way = *ways.borrow_and_update();
                passage.turn(way).await?
            }
            size = read(&passage.client, &mut up) => passage.up(&up[..size?], feeds).await?,
            size = passage.hub.read(&mut down), if passage.way != Way::Stalled => passage.down(&down[..size?]).await?,
        };
        if matches!(next, Next::Close) {
            return Ok(());
        }
    }
}

impl Passage {
    async fn turn(&mut self, way: Way) -> io::Result<Next> {
        if self.way == Way::Stalled {
            return Ok(Next::GoOn);
        }
        self.way = way;
        match way {
            Way::Open | Way::Split => {
                let kept = std::mem::take(&mut self.kept);
                self.send(&kept).await?;
                Ok(Next::GoOn)
            }
            Way::Stalled | Way::Buffered => Ok(Next::GoOn),
            Way::Cut => Ok(Next::Close),
            // What goes on is none of the page's.
            Way::Hotel if self.asked.is_some() => Ok(Next::Close),
            Way::Hotel => Ok(Next::GoOn),
            Way::Reset => self.reset(),
        }
    }

    /// Takes what the client sent.
    async fn up(&mut self, bytes: &[u8], feeds: &Mutex<Feeds>) -> io::Result<Next> {
        if bytes.is_empty() {
            return Ok(Next::Close);
        }
        if self.asked.is_none() {
            let asked = if bytes.starts_with(b"GET /v1/feed ") { Asked::Feed } else { Asked::Other };
            self.asked = Some(asked);
            if asked == Asked::Feed {
                feeds.lock().unwrap_or_else(PoisonError::into_inner).add(&self.client);
            }
        }
        match self.way {
            Way::Stalled => {}
            Way::Hotel => {
                let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 7\r\nConnection: close\r\n\r\nWelcome";
                self.send(page.as_bytes()).await?;
                return Ok(Next::Close);
            }
            Way::Cut => return Ok(Next::Close),
            Way::Reset => return self.reset(),
            Way::Open | Way::Split | Way::Buffered => self.hub.write_all(bytes).await?,
        }
        Ok(Next::GoOn)
    }

    /// Takes what the hub sent.
    async fn down(&mut self, bytes: &[u8]) -> io::Result<Next> {
        if bytes.is_empty() {
            return Ok(Next::Close);
        }
        match self.way {
            Way::Buffered if self.asked == Some(Asked::Feed) => self.kept.extend_from_slice(bytes),
            Way::Open | Way::Split | Way::Buffered => self.send(bytes).await?,
            Way::Stalled | Way::Cut | Way::Reset | Way::Hotel => {}
        }
        Ok(Next::GoOn)
    }

    async fn send(&self, bytes: &[u8]) -> io::Result<()> {
        let piece = if self.way == Way::Split { 1 } else { bytes.len().max(1) };
        for piece in bytes.chunks(piece) {
            send(&self.client, piece, &|_| {}).await?;
        }
        Ok(())
    }

    fn reset(&self) -> io::Result<Next> {
        SockRef::from(&*self.client).set_linger(Some(Duration::ZERO))?;
        Ok(Next::Close)
    }
}

impl Feeds {
    fn add(&mut self, client: &Arc<TcpStream>) {
        self.open.retain(|open| open.upgrade().is_some_and(|socket| is_open(&socket)));
        self.open.push(Arc::downgrade(client));
        self.peak = self.peak.max(self.open.len());
    }
}
