//! A hub that a program keeps up for its user for as long as no other serves.

use std::{sync::Arc, time::Instant};

use doorbell_client::{EndpointSource, Places};
use doorbell_hub::{Config, OpenError};
use tokio::{sync::Notify, time::sleep_until};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Host, HostError, Setup, Worker, neighbour,
    takeover::{Next, Patience, Takeover, When},
};

/// Runs until it is stopped.
#[derive(Clone, Debug)]
pub struct EmbeddedHub {
    shutdown: CancellationToken,
    tasks: TaskTracker,
}

impl EmbeddedHub {
    /// Sees to it that a hub serves this user: another one, or one of its own in the user's data folder,
    /// which it then keeps. Tell `down` each time that no hub answers. `failed` hears why there is none.
    ///
    /// A hub that the user names (`DOORBELL_URL`) is the user's to keep up: then nothing is embedded.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(worker: Worker, down: Arc<Notify>, failed: impl FnOnce(HostError) + Send + 'static) -> Self {
        let hub = Self { shutdown: CancellationToken::new(), tasks: TaskTracker::new() };
        if EndpointSource::discovered().named().is_none() {
            let shutdown = hub.shutdown.clone();
            hub.tasks.spawn(async move {
                if let Err(error) = keep(worker, &down, &shutdown).await {
                    failed(error);
                }
            });
        }
        hub
    }

    /// Ends the hub in order. What it acknowledged is on disk.
    pub async fn stop(&self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

async fn keep(worker: Worker, down: &Notify, shutdown: &CancellationToken) -> Result<(), HostError> {
    let places = Places::find()?;
    let setup = Setup { hub: Config::new(places.data_dir()), listen: None, worker };
    let host = tokio::select! {
        host = open_when_needed(&places, setup, Patience::default(), down) => host?,
        () = shutdown.cancelled() => return Ok(()),
    };
    tracing::info!(data = %places.data_dir().display(), "this app keeps the hub");
    host.serve(shutdown.cancelled()).await
}

/// Waits until no other hub serves, and opens one.
async fn open_when_needed(places: &Places, setup: Setup, patience: Patience, down: &Notify) -> Result<Host, HostError> {
    let mut takeover = Takeover::new(patience);
    loop {
        let seen = neighbour::look(places, &setup.hub.data_dir).await;
        let when = match takeover.after(seen, Instant::now()) {
            Next::LookAgain(when) => when,
            Next::Open => match Host::open(places, setup.clone()).await {
                Err(HostError::Open(OpenError::InUse(_))) => takeover.after_in_use(),
                opened => return opened,
            },
        };
        match when {
            When::Down => down.notified().await,
            When::At(at) => sleep_until(at.into()).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{path::PathBuf, time::Duration};

    use doorbell_client::Client;
    use tokio::{task::JoinHandle, time::timeout};

    use super::*;
    use crate::serving::{SOON, Serving, setup};

    /// Waits for its turn to open `data_dir`.
    fn waiting(places: &Places, data_dir: PathBuf, down: &Arc<Notify>) -> JoinHandle<Result<Host, HostError>> {
        let (places, down) = (places.clone(), Arc::clone(down));
        let moment = Duration::from_millis(50);
        let patience = Patience { same_data: moment, other_data: 2 * moment };
        tokio::spawn(async move { open_when_needed(&places, setup(&data_dir), patience, &down).await })
    }

    /// Counts how often the hub that serves is looked at.
    struct Looks {
        client: Client,
        /// Calls made here.
        own: u64,
    }

    impl Looks {
        fn at(places: &Places) -> Self {
            Self { client: Client::new(EndpointSource::announced(places.clone())), own: 0 }
        }

        async fn reach(&mut self, times: u64) {
            let counted = async {
                loop {
                    // The hub counts a call once it has answered it.
                    let looks = self.client.stats().await.unwrap().requests - self.own;
                    self.own += 1;
                    if looks >= times {
                        break;
                    }
                }
            };
            timeout(SOON, counted).await.expect("the hub is looked at");
        }
    }

    async fn opened(task: JoinHandle<Result<Host, HostError>>) -> Host {
        timeout(SOON, task).await.expect("it opens its own").unwrap().unwrap()
    }

    #[tokio::test]
    async fn ours_is_opened_when_nobody_serves() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::at(folder.path());
        let hub = Serving::of(opened(waiting(&places, folder.path().join("data"), &Arc::default())).await);
        hub.end().await;
    }

    #[tokio::test]
    async fn ours_takes_the_place_of_a_hub_that_stays_away() {
        for data in ["ours", "others"] {
            let folder = tempfile::tempdir().unwrap();
            let (places, down) = (Places::at(folder.path()), Arc::new(Notify::new()));
            let other = Serving::start(&places, &folder.path().join(data)).await;
            let task = waiting(&places, folder.path().join("ours"), &down);
            let mut looks = Looks::at(&places);
            looks.reach(1).await;
            // The feed was down for a moment, and the hub is still there.
            down.notify_one();
            looks.reach(2).await;
            assert!(!task.is_finished(), "{data}");
            other.end().await;
            down.notify_one();
            opened(task).await;
        }
    }

    #[tokio::test]
    async fn a_data_folder_that_is_taken_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let (places, down) = (Places::at(folder.path()), Arc::new(Notify::new()));
        // A hub that is about to be announced.
        let other = Host::open(&places, setup(folder.path())).await.unwrap();
        let task = waiting(&places, folder.path().to_owned(), &down);
        down.notify_one();
        drop(other);
        down.notify_one();
        opened(task).await;
    }
}
