//! The embedded hub: serves when no other hub does, with a worker of its own.

use std::{path::PathBuf, sync::Arc};

use doorbell_client::{EndpointSource, Places};
use doorbell_desk::Input;
use doorbell_hub::{Config, Hub, OpenError};
use doorbell_protocol::place::DEFAULT_PORT;
use doorbell_runner::worker::WorkerConfig;
use tauri::async_runtime;
use tokio::{net::TcpListener, sync::Notify};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::shell::Shell;

/// Jobs that the embedded worker runs at once.
const SLOTS: u32 = 2;

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
        async_runtime::spawn(hub.tasks.track_future(async move {
            if let Err(error) = serve(&shutdown, &down).await {
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

async fn serve(shutdown: &CancellationToken, down: &Notify) -> Result<(), EmbedError> {
    let places = Places::find()?;
    let hub = loop {
        let mut config = Config::new(places.data_dir());
        config.hub_file = Some(places.hub_file());
        match Hub::open(config) {
            Err(OpenError::InUse(_)) => tokio::select! {
                () = down.notified() => {}
                () = shutdown.cancelled() => return Ok(()),
            },
            opened => break opened?,
        }
    };
    let listener = match TcpListener::bind(("127.0.0.1", DEFAULT_PORT)).await {
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => TcpListener::bind(("127.0.0.1", 0)).await?,
        bound => bound?,
    };
    let config = WorkerConfig { source: EndpointSource::discovered(), name: "tray".to_owned(), slots: SLOTS, program: runner_program() };
    let worker = doorbell_runner::worker::work(config, shutdown.cancelled());
    let (served, ()) = tokio::join!(hub.serve(listener, shutdown.cancelled()), worker);
    Ok(served?)
}

/// The `doorbell` command, which bundles put beside this program.
fn runner_program() -> PathBuf {
    let name = format!("doorbell{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe().ok().map(|program| program.with_file_name(&name)).filter(|program| program.is_file());
    beside.unwrap_or_else(|| name.into())
}
