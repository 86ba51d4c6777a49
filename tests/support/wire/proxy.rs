//! A proxy in front of a real hub, which spoils what passes, byte by byte.

use std::{sync::Arc, time::Duration};

use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// What the proxy does with connections, those that are open among them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// Passes everything on.
    Open,
    /// Passes everything on, byte by byte.
    Split,
    /// Takes connections and bytes, and passes nothing on: half-open.
    Stalled,
    /// Passes requests on, and keeps the answers back: a proxy that buffers.
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
    task: JoinHandle<()>,
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
        let way = Arc::new(watch::Sender::new(Way::Open));
        let (hub, ways) = (hub.to_owned(), Arc::clone(&way));
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (hub, way) = (hub.clone(), ways.subscribe());
                tokio::spawn(async move {
                    // Either end may close at any time.
                    let _ = pass(client, &hub, way).await;
                });
            }
        });
        Self { address, way, task }
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
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(mut client: TcpStream, hub: &str, mut way: watch::Receiver<Way>) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let mut hub = TcpStream::connect(hub).await?;
    let (mut up, mut down) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
    loop {
        let now = *way.borrow_and_update();
        match now {
            Way::Cut => return Ok(()),
            Way::Reset => return SockRef::from(&client).set_linger(Some(Duration::ZERO)),
            Way::Open | Way::Split | Way::Stalled | Way::Buffered | Way::Hotel => {}
        }
        tokio::select! {
            biased;
            changed = way.changed() => if changed.is_err() { return Ok(()) },
            size = client.read(&mut up) => match (size?, now) {
                (0, _) => return Ok(()),
                (_, Way::Stalled) => {}
                (_, Way::Hotel) => {
                    let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 7\r\nConnection: close\r\n\r\nWelcome";
                    client.write_all(page.as_bytes()).await?;
                    return client.shutdown().await;
                }
                (size, _) => hub.write_all(&up[..size]).await?,
            },
            size = hub.read(&mut down) => match (size?, now) {
                (0, _) => return Ok(()),
                (_, Way::Stalled | Way::Buffered | Way::Hotel) => {}
                (size, Way::Split) => for byte in &down[..size] {
                    client.write_all(std::slice::from_ref(byte)).await?;
                },
                (size, _) => client.write_all(&down[..size]).await?,
            },
        }
    }
}
