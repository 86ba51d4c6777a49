//! The embedded hub: serves when no other hub does, with a worker of its own.
//!
//! A hub that is announced to this user is used, whatever its data folder. When it stays away, this app takes over.

use std::{path::PathBuf, sync::Arc, time::Duration};

use doorbell_client::{CallError, Client, DiscoverError, EndpointSource, Places};
use doorbell_desk::Input;
use doorbell_hub::{Config, Hub, OpenError};
use doorbell_protocol::place::{DEFAULT_PORT, HubFile};
use doorbell_runner::worker::WorkerConfig;
use tokio::{net::TcpListener, sync::Notify};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::shell::Shell;

/// Jobs that the embedded worker runs at once.
const SLOTS: u32 = 2;
/// How long a hub that was used may be away before this app takes over. A service that restarts its hub is back by then, and
/// would find the data folder taken.
const ABSENCE: Duration = Duration::from_secs(5);
/// The same for a hub with data of its own. Its jobs are unknown here, so its runners would be sent away.
const ABSENCE_ELSEWHERE: Duration = Duration::from_secs(60);

/// A hub that runs until it is stopped.
#[derive(Clone)]
pub(crate) struct EmbeddedHub {
    shutdown: CancellationToken,
    tasks: TaskTracker,
}

impl EmbeddedHub {
    /// Ends the hub in order. What it acknowledged is on disk.
    pub(crate) async fn stop(&self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Keeps a hub up: another one that runs already, or one of its own. Tell the second value when no hub answers.
pub(crate) fn keep(shell: Shell) -> (EmbeddedHub, Arc<Notify>) {
    let hub = EmbeddedHub { shutdown: CancellationToken::new(), tasks: TaskTracker::new() };
    let down = Arc::new(Notify::new());
    // A hub that the user names is the user's to keep up.
    if std::env::var_os("DOORBELL_URL").is_none_or(|url| url.is_empty()) {
        let (shutdown, down) = (hub.shutdown.clone(), down.clone());
        tokio::spawn(hub.tasks.track_future(async move {
            if let Err(error) = serve(shell.client(), &shutdown, &down).await {
                tracing::error!(%error, "cannot embed a hub");
                shell.input(Input::Notice(format!("Doorbell cannot keep jobs: {error}")));
            }
        }));
    }
    (hub, down)
}

#[derive(Debug, thiserror::Error)]
enum EmbedError {
    #[error(transparent)]
    Places(#[from] doorbell_client::PlacesError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("cannot listen on 127.0.0.1: {0}")]
    Listen(#[from] std::io::Error),
    #[error(transparent)]
    Serve(#[from] doorbell_hub::ServeError),
}

async fn serve(client: &Client, shutdown: &CancellationToken, down: &Notify) -> Result<(), EmbedError> {
    let places = Places::find()?;
    let hub = tokio::select! {
        hub = open_when_needed(client, &places, down) => hub?,
        () = shutdown.cancelled() => return Ok(()),
    };
    tracing::info!(data = %places.data_dir().display(), "this app keeps the hub");
    let listener = match TcpListener::bind(("127.0.0.1", DEFAULT_PORT)).await {
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => TcpListener::bind(("127.0.0.1", 0)).await?,
        bound => bound?,
    };
    let config = WorkerConfig { source: EndpointSource::discovered(), name: "tray".to_owned(), slots: SLOTS, program: runner_program() };
    let working = shutdown.child_token();
    let serving = async {
        let served = hub.serve(listener, shutdown.cancelled()).await;
        // A worker without its hub would wait for ever.
        working.cancel();
        served
    };
    let (served, ()) = tokio::join!(serving, doorbell_runner::worker::work(config, working.cancelled()));
    Ok(served?)
}

/// Waits until no other hub serves, and opens one.
async fn open_when_needed(client: &Client, places: &Places, down: &Notify) -> Result<Hub, OpenError> {
    // At the start there is nobody who could come back.
    let mut patience = Duration::ZERO;
    loop {
        if another_serves(client).await {
            patience = if is_elsewhere(places) { ABSENCE_ELSEWHERE } else { ABSENCE };
        } else {
            tokio::time::sleep(patience).await;
            if another_serves(client).await {
                continue;
            }
            let mut config = Config::new(places.data_dir());
            config.hub_file = Some(places.hub_file());
            match Hub::open(config) {
                // It is about to be announced, or on its way out.
                Err(OpenError::InUse(_)) => patience = ABSENCE,
                opened => return opened,
            }
        }
        down.notified().await;
    }
}

/// Whether the hub that is announced keeps its data in another folder than ours would.
fn is_elsewhere(places: &Places) -> bool {
    let announced = std::fs::read(places.hub_file()).ok().and_then(|json| serde_json::from_slice::<HubFile>(&json).ok());
    announced.is_some_and(|hub| hub.data_dir != places.data_dir())
}

/// Whether a hub is announced, and something there speaks as one.
async fn another_serves(client: &Client) -> bool {
    match client.health().await {
        // A hub that refuses us, or is slow, or whose token cannot be read, is still one: its announcement must stay.
        Ok(_) | Err(CallError::TimedOut { .. } | CallError::Unauthorized { .. } | CallError::Refused(_)) => true,
        Err(CallError::NoHub(error)) => matches!(error, DiscoverError::Token { .. }),
        Err(CallError::Unreachable { .. } | CallError::Malformed { .. }) => false,
    }
}

/// The `doorbell` command: the one beside this program, as a build puts it, else the one that `PATH` has. Bundles carry none.
fn runner_program() -> PathBuf {
    let name = format!("doorbell{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe().ok().map(|program| program.with_file_name(&name)).filter(|program| program.is_file());
    beside.unwrap_or_else(|| name.into())
}
