//! A host that serves in a test, without a worker: that would deliver what waits in the real user's folder.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use doorbell_client::{Places, announced};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{Config, Host, HostError, Setup, Worker};

/// Longest wait for something that takes a moment.
pub(crate) const SOON: Duration = Duration::from_secs(20);

pub(crate) struct Serving {
    stop: CancellationToken,
    task: JoinHandle<Result<(), HostError>>,
}

/// On a free port, with the worker's part to come from the test.
pub(crate) fn setup(data_dir: &Path) -> Setup {
    let worker = Worker { name: "test".to_owned(), program: "doorbell".into() };
    Setup { hub: Config::new(data_dir), listen: Some(([127, 0, 0, 1], 0).into()), worker }
}

impl Serving {
    /// Serves `data_dir` until it is stopped. Returns once it is announced in `places`.
    pub(crate) async fn start(places: &Places, data_dir: &Path) -> Self {
        let host = Host::open(places, setup(data_dir)).await.unwrap();
        let url = host.url().to_owned();
        let serving = Self::of(host);
        until("the hub is announced", || announced(places).is_ok_and(|hub| hub.url == url)).await;
        serving
    }

    pub(crate) fn of(host: Host) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(host.serve_beside(|_, stop| stop.cancelled_owned(), stop.clone().cancelled_owned()));
        Self { stop, task }
    }

    pub(crate) async fn end(self) {
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
    }
}

pub(crate) async fn until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < SOON, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
