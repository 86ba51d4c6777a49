//! `doorbell hub`: serves a hub in the foreground, with a worker.

use std::{
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
    time::Duration,
};

use anyhow::Context as _;
use doorbell_client::Places;
use doorbell_host::{Config, Exposure, Host, Setup, TlsFiles, Worker};
use doorbell_runner::origin;

use crate::{
    context::{Context, Run},
    duration,
    interrupt::interrupted,
};

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

    /// How long a job that ended is kept, as in 30d
    #[arg(long, default_value = "30d", value_parser = duration::parse_positive, value_name = "DURATION")]
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

impl Run for Args {
    fn run(self, context: &Context) -> anyhow::Result<i32> {
        context.block_on(serve(self))?;
        Ok(0)
    }

    fn serves(&self) -> bool {
        true
    }
}

async fn serve(args: Args) -> anyhow::Result<()> {
    let places = Places::find()?;
    let data_dir = args.data_dir.unwrap_or_else(|| places.data_dir().to_owned());
    let data_dir = std::path::absolute(&data_dir).with_context(|| format!("cannot use {}", data_dir.display()))?;
    let hub = Config {
        lease_ttl: args.lease_ttl,
        exposure: exposure(args.tls_cert, args.tls_key, args.behind_proxy),
        host_names: args.host_names,
        keep_for: args.keep_for,
        keep_jobs: args.keep_jobs,
        ..Config::new(&data_dir)
    };
    let worker = Worker {
        name: origin::host().unwrap_or_else(|| "this machine".to_owned()),
        program: std::env::current_exe().context("cannot find the doorbell program")?,
    };
    let interrupted = interrupted()?;
    let host = Host::open(&places, Setup { hub, listen: args.listen, worker }).await?;
    writeln!(io::stdout(), "Listening on {}, data in {}", host.url(), data_dir.display())?;
    Ok(host.serve(async { _ = interrupted.await }).await?)
}

fn exposure(cert: Option<PathBuf>, key: Option<PathBuf>, behind_proxy: bool) -> Exposure {
    match (cert, key) {
        (Some(cert), Some(key)) => Exposure::Tls(TlsFiles { cert, key }),
        (_, _) if behind_proxy => Exposure::BehindProxy,
        (_, _) => Exposure::ThisMachine,
    }
}
