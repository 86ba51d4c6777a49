//! `doorbell hub`: serves a hub in the foreground, with a worker.

use std::{
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use doorbell_client::{Endpoint, EndpointSource, Places, Token};
use doorbell_hub::{Config, Exposure, Hub, TlsFiles};
use doorbell_protocol::place::{DEFAULT_PORT, HubFile};
use doorbell_runner::{WorkerConfig, origin};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::block_on;
use crate::{duration, interrupt::interrupted};

/// Jobs that the worker runs at once.
const SLOTS: u32 = 2;
/// How long another hub may take to answer before it counts as gone.
const OTHER_HUB: Duration = Duration::from_millis(500);

/// Serve a hub in the foreground, with a worker of two slots
///
/// Stops on Ctrl-C or SIGTERM. Logs go to standard error; DOORBELL_LOG filters them. One hub uses a data folder at a time.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Address to listen on; one that other machines can reach needs TLS or --behind-proxy [default: 127.0.0.1:7117, or a free
    /// port when that is taken]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,

    /// Folder of the database and the token [default: the user's data folder]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// How long a job may be silent before it counts as lost, as in 15s
    #[arg(long, default_value = "15s", value_parser = duration::parse_positive)]
    lease_ttl: Duration,

    /// How long a job that ended is kept, as in 720h for 30 days
    #[arg(long, default_value = "720h", value_parser = duration::parse_positive, value_name = "DURATION")]
    keep_for: Duration,

    /// How many jobs that ended are kept, the newest ones
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    keep_jobs: usize,

    /// Serve with TLS: PEM file of the certificate and those that vouch for it
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// PEM file of the certificate's private key
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Serve other machines without TLS, because a proxy in front has it
    #[arg(long, conflicts_with = "tls_cert")]
    behind_proxy: bool,

    /// Name that callers use for this hub, as in hub.example; others are refused. Repeat it for several
    #[arg(long = "host-name", value_name = "NAME")]
    host_names: Vec<String>,
}

pub(crate) fn run(args: Args) -> anyhow::Result<i32> {
    block_on(serve(args))?;
    Ok(0)
}

async fn serve(args: Args) -> anyhow::Result<()> {
    let places = Places::find()?;
    let data_dir = args.data_dir.unwrap_or_else(|| places.data_dir().to_owned());
    let data_dir = std::path::absolute(&data_dir).with_context(|| format!("cannot use {}", data_dir.display()))?;
    let mut config = Config::new(&data_dir);
    config.lease_ttl = args.lease_ttl;
    config.exposure = exposure(args.tls_cert, args.tls_key, args.behind_proxy);
    config.host_names = args.host_names;
    config.keep_for = args.keep_for;
    config.keep_jobs = args.keep_jobs;
    config.hub_file = Some(announcement(&places, &data_dir).await);
    let interrupted = interrupted()?;
    let hub = Hub::open(config.clone())?;
    let listener = listen(args.listen).await?;
    let url = config.url(listener.local_addr()?);
    writeln!(io::stdout(), "Listening on {url}, data in {}", data_dir.display())?;

    let stop = CancellationToken::new();
    let worker = tokio::spawn(doorbell_runner::work(worker(&url, &data_dir)?, stop.clone().cancelled_owned()));
    let served = hub.serve(listener, async { _ = interrupted.await }).await;
    stop.cancel();
    worker.await?;
    Ok(served?)
}

fn exposure(cert: Option<PathBuf>, key: Option<PathBuf>, behind_proxy: bool) -> Exposure {
    match (cert, key) {
        (Some(cert), Some(key)) => Exposure::Tls(TlsFiles { cert, key }),
        (_, _) if behind_proxy => Exposure::BehindProxy,
        (_, _) => Exposure::ThisMachine,
    }
}

/// Takes the address that was asked for; or else the usual one, or any that is free.
async fn listen(asked: Option<SocketAddr>) -> anyhow::Result<TcpListener> {
    if let Some(address) = asked {
        return TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}; choose another with --listen"));
    }
    let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match TcpListener::bind(loopback(DEFAULT_PORT)).await {
        Ok(listener) => Ok(listener),
        Err(e) => {
            tracing::info!("cannot listen on port {DEFAULT_PORT} ({e}); taking a free one");
            TcpListener::bind(loopback(0)).await.context("cannot listen on any port of 127.0.0.1")
        }
    }
}

/// Where to say where this hub is: in the user's runtime folder, unless another hub with other data is announced there and
/// answers. That one keeps its place, and this one is announced in its own data folder.
async fn announcement(places: &Places, data_dir: &Path) -> PathBuf {
    let usual = places.hub_file();
    let other: Option<HubFile> = std::fs::read(&usual).ok().and_then(|json| serde_json::from_slice(&json).ok());
    match other {
        Some(other) if other.data_dir != data_dir && answers(&other.url).await => {
            let own = data_dir.join("hub.json");
            tracing::warn!("another hub answers at {}; to reach this one, set DOORBELL_URL and DOORBELL_TOKEN_FILE", other.url);
            own
        }
        _ => usual,
    }
}

async fn answers(url: &str) -> bool {
    let address = url.split_once("://").map_or(url, |(_, address)| address);
    matches!(tokio::time::timeout(OTHER_HUB, tokio::net::TcpStream::connect(address)).await, Ok(Ok(_)))
}

fn worker(url: &str, data_dir: &Path) -> anyhow::Result<WorkerConfig> {
    let file = data_dir.join("token");
    let token = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let token = Token::new(&token).with_context(|| format!("{} holds no token; remove it and start again", file.display()))?;
    Ok(WorkerConfig {
        source: EndpointSource::fixed(Endpoint::new(url, token)?),
        name: origin::host().unwrap_or_else(|| "this machine".to_owned()),
        slots: SLOTS,
        program: std::env::current_exe().context("cannot find the doorbell program")?,
    })
}
