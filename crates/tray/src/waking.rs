//! What the system tells that the feed should know: this machine woke up, or its network changed.
//!
//! logind and NetworkManager tell it over the system bus, where they are. Without them the client notices a
//! sleep by its clocks, and a network that is back at the next attempt.

use std::sync::Arc;

use doorbell_client::Feed;
use futures_util::StreamExt;
use zbus::{Connection, Proxy};

/// State of NetworkManager from which on something can be reached: `NM_STATE_CONNECTED_LOCAL`.
const NETWORK_UP: u32 = 50;

/// What was told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum News {
    /// This machine slept.
    Resumed,
    /// There is a network, and it is another than before.
    Network,
}

/// Tells `feed` for as long as there is a system bus.
pub(crate) async fn watch(feed: Arc<Feed>) {
    let listened = async {
        let bus = Connection::system().await?;
        listen(&bus, |news| match news {
            News::Resumed => feed.resumed(),
            News::Network => feed.retry_now(),
        })
        .await
    };
    if let Err(error) = listened.await {
        tracing::info!(%error, "the system does not tell when it slept");
    }
}

async fn listen(bus: &Connection, tell: impl Fn(News)) -> zbus::Result<()> {
    let logind = Proxy::new(bus, "org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager").await?;
    let network =
        Proxy::new(bus, "org.freedesktop.NetworkManager", "/org/freedesktop/NetworkManager", "org.freedesktop.NetworkManager").await?;
    let mut sleeps = logind.receive_signal("PrepareForSleep").await?;
    let mut networks = network.receive_signal("StateChanged").await?;
    loop {
        let news = tokio::select! {
            Some(signal) = sleeps.next() => (!signal.body().deserialize::<bool>()?).then_some(News::Resumed),
            Some(signal) = networks.next() => (signal.body().deserialize::<u32>()? >= NETWORK_UP).then_some(News::Network),
            else => return Ok(()),
        };
        if let Some(news) = news {
            tracing::debug!(?news, "the system tells");
            tell(news);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader},
        process::{Child, Command, Stdio},
        time::Duration,
    };

    use tokio::sync::mpsc;

    use super::*;

    /// A bus of the test's own, for as long as this lives.
    struct Bus {
        process: Child,
        address: String,
    }

    impl Bus {
        fn start() -> Self {
            let mut process =
                Command::new("dbus-daemon").args(["--session", "--nofork", "--print-address=1"]).stdout(Stdio::piped()).spawn().unwrap();
            let mut address = String::new();
            BufReader::new(process.stdout.take().unwrap()).read_line(&mut address).unwrap();
            Self { process, address: address.trim().to_owned() }
        }

        async fn connect(&self) -> Connection {
            zbus::connection::Builder::address(self.address.as_str()).unwrap().build().await.unwrap()
        }
    }

    impl Drop for Bus {
        fn drop(&mut self) {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }

    #[tokio::test]
    async fn only_waking_up_and_a_network_that_is_there_are_news() {
        let bus = Bus::start();
        let (system, ours) = (bus.connect().await, bus.connect().await);
        for name in ["org.freedesktop.login1", "org.freedesktop.NetworkManager"] {
            system.request_name(name).await.unwrap();
        }
        let (tell, mut told) = mpsc::unbounded_channel();
        let listening = tokio::spawn(async move { listen(&ours, |news| tell.send(news).unwrap()).await });
        let sleeps = async |falls_asleep: bool| {
            let (path, interface) = ("/org/freedesktop/login1", "org.freedesktop.login1.Manager");
            system.emit_signal(None::<()>, path, interface, "PrepareForSleep", &falls_asleep).await.unwrap();
        };
        let network = async |state: u32| {
            let name = "org.freedesktop.NetworkManager";
            system.emit_signal(None::<()>, "/org/freedesktop/NetworkManager", name, "StateChanged", &state).await.unwrap();
        };
        // It listens from some moment on.
        while told.is_empty() {
            network(70).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        sleeps(true).await;
        sleeps(false).await;
        while told.recv().await.unwrap() == News::Network {}
        network(20).await;
        network(70).await;
        assert_eq!(told.recv().await, Some(News::Network));
        assert!(told.is_empty());
        listening.abort();
    }
}
