//! A hub that is open and listens, and serves beside its worker.

use std::{net::SocketAddr, path::PathBuf};

use doorbell_client::{DiscoverError, EndpointSource, Places, PlacesError};
use doorbell_hub::{Config, Hub, OpenError, ServeError};
use doorbell_runner::{Surroundings, WorkerConfig, origin};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    listen::{ListenError, listen},
    neighbour,
};

/// Jobs that the worker runs at once.
const SLOTS: u32 = 2;

/// What is served.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The hub. Where it is announced, and whose it is, is decided here.
    pub hub: Config,
    /// Where it listens; when left out, on the usual port of this machine, or on a free one when that is
    /// taken.
    pub listen: Option<SocketAddr>,
    /// Who runs its jobs.
    pub worker: Worker,
}

/// The worker beside a hub, with two slots.
#[derive(Clone, Debug)]
pub struct Worker {
    /// What people call it, 1 to 200 characters.
    pub name: String,
    /// The `doorbell` executable, which becomes the runner of each job.
    pub program: PathBuf,
}

/// A hub that has its data folder to itself and listens. It answers once it serves.
pub struct Host {
    hub: Hub,
    listener: TcpListener,
    url: String,
    worker: WorkerConfig,
}

/// Why there is no hub.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The user's folders are unknown.
    #[error(transparent)]
    Places(#[from] PlacesError),
    /// The hub cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is no address to listen on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The worker cannot be told how to reach the hub.
    #[error(transparent)]
    Endpoint(#[from] DiscoverError),
    /// The hub is open and cannot serve.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

impl Host {
    /// Takes the data folder and an address.
    ///
    /// # Errors
    /// [`HostError`] says what is in the way and what to do.
    pub async fn open(places: &Places, setup: Setup) -> Result<Self, HostError> {
        let Setup { mut hub, listen: address, worker } = setup;
        let data_dir = hub.data_dir.clone();
        let usual = places.hub_file();
        let other = neighbour::with_other_data(places, &data_dir).await;
        if let Some(url) = &other {
            tracing::warn!("another hub answers at {url}; to reach this one, set DOORBELL_URL and DOORBELL_TOKEN_FILE");
        }
        hub.hub_file = Some(if other.is_some() { data_dir.join("hub.json") } else { usual });
        hub.owner = origin::user().unwrap_or(hub.owner);
        // A hub raises its own to have room for its listeners.
        let open_files = Surroundings::open_files();
        let opened = Hub::open(hub.clone())?;
        let listener = listen(address).await?;
        let url = hub.url(listener.local_addr().map_err(ServeError::Listen)?);
        let source = match other {
            // A runner outlives its hub, and finds the next one on whatever port that is.
            None => EndpointSource::announced(places.clone()),
            Some(_) => EndpointSource::with_data(&url, &data_dir)?,
        };
        let worker = WorkerConfig { source, name: worker.name, slots: SLOTS, program: worker.program, open_files };
        Ok(Self { hub: opened, listener, url, worker })
    }

    /// Where programs of this machine call it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Announces the hub and serves until `shutdown` ends, with a worker beside it. What was acknowledged is
    /// on disk then, and jobs that run go on.
    ///
    /// # Errors
    /// Its address can be reached by more than it is set up for, or cannot be announced.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> Result<(), HostError> {
        self.serve_beside(|worker, stop| doorbell_runner::work(worker, stop.cancelled_owned()), shutdown).await
    }

    /// [`serve`](Self::serve), with the worker that `work` is.
    pub(crate) async fn serve_beside<W: Future<Output = ()>>(
        self,
        work: impl FnOnce(WorkerConfig, CancellationToken) -> W,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), HostError> {
        let stop = CancellationToken::new();
        let worker = work(self.worker, stop.clone());
        let serving = async {
            let served = self.hub.serve(self.listener, shutdown).await;
            stop.cancel();
            served
        };
        let (served, ()) = tokio::join!(serving, worker);
        Ok(served?)
    }
}

#[cfg(test)]
mod tests {
    use doorbell_client::{Client, announced};

    use super::*;
    use crate::serving::{Serving, setup, until};

    #[tokio::test]
    async fn a_hub_is_announced_where_everybody_looks_and_its_runners_look_there_too() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::at(folder.path());
        let host = Host::open(&places, setup(&folder.path().join("data"))).await.unwrap();
        assert!(host.worker.source.is_announced());
        let url = host.url().to_owned();
        let hub = Serving::of(host);
        until("it is announced", || announced(&places).is_ok_and(|hub| hub.url == url)).await;
        Client::new(EndpointSource::announced(places.clone())).stats().await.unwrap();
        hub.end().await;
        assert!(!places.hub_file().exists());
    }

    #[tokio::test]
    async fn a_hub_beside_another_one_leaves_it_its_announcement() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::at(folder.path());
        let first = Serving::start(&places, &folder.path().join("first")).await;
        let announcement = std::fs::read(places.hub_file()).unwrap();
        let data = folder.path().join("second");
        let host = Host::open(&places, setup(&data)).await.unwrap();
        let own = host.worker.source.clone();
        assert_eq!(own.resolve().unwrap().url(), host.url());
        let second = Serving::of(host);
        until("it is announced beside its data", || data.join("hub.json").exists()).await;
        Client::new(own).stats().await.unwrap();
        assert_eq!(std::fs::read(places.hub_file()).unwrap(), announcement);
        second.end().await;
        first.end().await;
    }

    #[tokio::test]
    async fn a_data_folder_is_served_once() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::at(folder.path());
        let hub = Serving::start(&places, folder.path()).await;
        let again = Host::open(&places, setup(folder.path())).await;
        assert!(matches!(again, Err(HostError::Open(OpenError::InUse(_)))));
        hub.end().await;
    }

    #[tokio::test]
    async fn the_worker_stops_after_its_hub() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::at(folder.path());
        let host = Host::open(&places, setup(folder.path())).await.unwrap();
        let shutdown = CancellationToken::new();
        let work = async |_: WorkerConfig, stop: CancellationToken| {
            until("the hub is announced", || places.hub_file().exists()).await;
            shutdown.cancel();
            stop.cancelled().await;
            assert!(!places.hub_file().exists(), "the hub has ended");
        };
        host.serve_beside(work, shutdown.cancelled()).await.unwrap();
    }
}
