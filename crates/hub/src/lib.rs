//! The job server of Doorbell: it keeps jobs, and tells each run's start and end, once, to whoever listens.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let hub = doorbell_hub::Hub::open(doorbell_hub::Config::new("data"))?;
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:7117").await?;
//! hub.serve(listener, std::future::pending()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Layout
//! - [`access`]: who may call · [`net`]: sockets, and who can reach them · [`http`]: the calls, one file a resource
//! - [`domain`]: what may happen to jobs, questions, the queue and schedules; pure
//! - [`state`]: what is true now, and the writer, which alone changes it · [`store`]: the database behind it · [`logs`]: what commands print, in files
//! - [`feed`]: what listeners are sent · [`timers`]: what happens because time passes
//! - [`bounds`], [`clock`], [`alarm`] (a timer for long waits), [`figures`] · [`folder`], [`hub_file`]: what is on disk beside the database
//!
//! # Order of one change
//! decide → commit → publish (live, ring, leases) → wake subscribers → answer. Committed before it is told, told in the
//! order of the commits, no await and no foreign code under a lock.

mod access;
mod alarm;
pub mod bounds;
mod clock;
mod domain;
mod feed;
mod figures;
mod folder;
mod http;
mod hub_file;
mod logs;
mod net;
mod state;
mod store;
mod timers;

use std::{fs::File, io, net::SocketAddr, path::PathBuf, sync::Arc, thread, time::Duration};

use doorbell_protocol::Epoch;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

pub use self::{
    access::owner_token::TokenError,
    clock::ClockError,
    folder::FileError,
    net::{
        exposure::Exposure,
        tls::{TlsError, TlsFiles},
    },
    store::StoreError,
};
use self::{
    access::{links::Links, owner_token::OwnerToken, tokens::Tokens},
    figures::Figures,
    http::Context,
    logs::Logs,
    net::{server, tls},
    state::{
        asks::Asks,
        leases::Leases,
        live::Live,
        progress::ProgressMap,
        reads::Reads,
        schedules::Schedules,
        workers::Workers,
        writer::{Published, Writer},
    },
    store::{Read, SqliteStore, Store},
    timers::retention::Keep,
};

/// How a hub is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folder of the database, the token and the lock. Made when it is not there, closed to other users.
    pub data_dir: PathBuf,
    /// Where to announce the address while the hub serves.
    pub hub_file: Option<PathBuf>,
    /// How long a job may be silent before it is lost.
    pub lease_ttl: Duration,
    /// Who can reach it.
    pub exposure: Exposure,
    /// The person whose the token of the data folder is: what is done with it is told under this name.
    pub owner: String,
    /// Names that it is called by, beside those of this machine.
    pub host_names: Vec<String>,
    /// A job that ended longer ago is deleted.
    pub keep_for: Duration,
    /// Only so many of the jobs that ended last are kept.
    pub keep_jobs: usize,
}

/// A hub that has its data folder to itself and is ready to serve.
pub struct Hub {
    config: Config,
    context: Context,
    tls: Option<TlsAcceptor>,
    writer: thread::JoinHandle<()>,
    /// Held until the hub is gone.
    _lock: File,
}

/// Why a hub could not be opened. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another hub uses the data folder.
    #[error("another hub uses the data folder {0}; stop it, or name another folder with --data-dir")]
    InUse(PathBuf),
    /// The data folder or its lock cannot be made or used, or is not this user's alone.
    #[error(transparent)]
    Folder(#[from] FileError),
    /// The token file cannot be used.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The certificate or its key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The clock is before 1970 or after 9999.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// The writer's thread could not start.
    #[error("cannot start a thread: {0}")]
    Thread(#[source] io::Error),
}

/// Why a hub could not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address can be reached from other machines.
    #[error(
        "{0} can be reached from other machines, which needs TLS: give --tls-cert and --tls-key, or --behind-proxy when a proxy in front has TLS; or listen on 127.0.0.1"
    )]
    NotLoopback(SocketAddr),
    /// The listener has no address.
    #[error("cannot listen: {0}")]
    Listen(#[source] io::Error),
    /// The address could not be announced.
    #[error(transparent)]
    HubFile(#[from] FileError),
}

impl Config {
    /// A hub for this machine with its data in `data_dir`, announced nowhere, whose leases last 15 s, whose owner is called
    /// `owner`, and which keeps a job for 30 days and 10,000 of them.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            hub_file: None,
            lease_ttl: Duration::from_secs(15),
            exposure: Exposure::default(),
            owner: "owner".to_owned(),
            host_names: Vec::new(),
            keep_for: Duration::from_secs(30 * 24 * 60 * 60),
            keep_jobs: 10_000,
        }
    }

    /// Where programs of this machine call a hub that listens on `address`.
    #[must_use]
    pub fn url(&self, address: SocketAddr) -> String {
        self.exposure.url(&self.host_names, address)
    }
}

impl Hub {
    /// Takes the data folder, opens the database and makes the token if there is none.
    ///
    /// # Errors
    /// [`OpenError`] says what is in the way and what to do.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        let data_dir = &config.data_dir;
        clock::check()?;
        let lock = folder::take(data_dir)?.ok_or_else(|| OpenError::InUse(data_dir.clone()))?;
        let tls = match &config.exposure {
            Exposure::Tls(files) => Some(tls::acceptor(files)?),
            Exposure::ThisMachine | Exposure::BehindProxy => None,
        };
        let token_file = data_dir.join("token");
        let owner = OwnerToken::load_or_create(&token_file)?.hash();
        let mut store = SqliteStore::open(&data_dir.join("doorbell.db"), Epoch(rand::random()))?;
        let mut loaded = store.load()?;
        let shutdown = CancellationToken::new();
        let tokens = Arc::new(Tokens::new(owner, config.owner.clone(), store.tokens()?, shutdown.clone()));
        let reads = Reads::new(|| store.reader())?;

        let logs = Logs::new(data_dir.join("logs"));
        if let Err(error) = logs.sweep(|job| store.record(job).map(|record| record.is_some()).map_err(io::Error::other)) {
            tracing::warn!(%error, "could not remove the logs of jobs that are gone");
        }

        let leases = Arc::new(Leases::new(config.lease_ttl));
        for record in loaded.active.iter().filter(|record| record.job.state == doorbell_protocol::JobState::Running) {
            leases.grant(record);
        }
        let progress = Arc::new(ProgressMap::default());
        let schedules = Arc::new(Schedules::new(std::mem::take(&mut loaded.schedules)));
        let live = Arc::new(Live::new(loaded));
        let published = Published { live: live.clone(), leases: leases.clone(), progress: progress.clone(), schedules: schedules.clone() };
        let (writer, thread) = Writer::start(Box::new(store), published).map_err(OpenError::Thread)?;
        let context = Context {
            tokens,
            token_file,
            writer,
            reads,
            live,
            leases,
            links: Links::default(),
            logs,
            progress,
            schedules,
            workers: Workers::default(),
            asks: Asks::default(),
            subscribers: feed::subscriber::Subscribers::default(),
            polls: 0.into(),
            figures: Figures::default(),
            shutdown,
        };
        Ok(Self { config, context, tls, writer: thread, _lock: lock })
    }

    /// Serves on `listener` until `shutdown` ends, then ends streams and calls within 3 s. What was acknowledged is on disk.
    ///
    /// # Errors
    /// The listener can be reached by more than the configuration allows, or the address cannot be announced.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()>) -> Result<(), ServeError> {
        let address = listener.local_addr().map_err(ServeError::Listen)?;
        if !self.config.exposure.allows(address.ip()) {
            return Err(ServeError::NotLoopback(address));
        }
        let announced = self.config.hub_file.as_ref().map(|path| {
            let url = self.config.url(address);
            hub_file::announce(path, url, &self.config.data_dir)
        });
        let announced = announced.transpose()?;
        let context = Arc::new(self.context);
        let token = context.shutdown.clone();
        let site = self.config.exposure.site(&self.config.host_names, address.ip());
        let serving = server::serve(listener, self.tls, http::router(context.clone(), site), token.clone());
        let leases = timers::leases::watch(&context.leases, &context.writer);
        let questions = timers::questions::watch(&context.live, &context.writer);
        let keep = Keep { age: self.config.keep_for, jobs: self.config.keep_jobs };
        let retention = timers::retention::watch(keep, &context.live, &context.logs, &context.tokens, &context.writer);
        let schedules = timers::schedules::watch(&context.schedules, &context.writer);
        let keepalives = timers::keepalives::watch(&context.live, &context.subscribers, alarm::sleep_until);
        let stop = async {
            shutdown.await;
            token.cancel();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = serving => {}
            () = leases => {}
            () = questions => {}
            () = retention => {}
            () = schedules => {}
            () = keepalives => {}
            () = stop => {}
        }
        drop(announced);
        drop(context);
        // Connections that outlived their deadline may still hold the writer; the lock is held until it is done.
        let _ = tokio::task::spawn_blocking(move || self.writer.join()).await;
        Ok(())
    }
}
