//! The HTTP clients under the REST calls and the feed: for loopback and for everything else, each without and
//! with TLS.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use crate::Endpoint;

/// Longest time for a connection to be made.
pub(crate) const CONNECT: Duration = Duration::from_secs(5);
/// Longest time that a connection waits for its next call. A hub closes one that is idle for 10 s, and a call
/// on a connection that is just being closed fails without need.
const IDLE: Duration = Duration::from_secs(5);

/// HTTP/1.1, no redirects (they would carry the token to another origin), and no proxy before loopback: a
/// proxy that the environment names would look for the hub on its own machine.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    direct: Clients,
    outward: Clients,
}

#[derive(Clone, Debug)]
struct Clients {
    plain: Lazy,
    secure: Lazy,
    proxy: Proxy,
    reuse: Reuse,
}

/// A client that is made when it is first needed. A program that makes one call needs only one of the four,
/// and reading the certificates that this machine trusts takes longer than most calls.
type Lazy = Arc<OnceLock<reqwest::Client>>;

/// Whether a connection is kept for the next call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Reuse {
    /// It is kept for [`IDLE`].
    Soon,
    /// It is closed. For the feed, as with a connection that is kept, the hub would count this client twice;
    /// and for a program that must not wake up between its calls.
    Never,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Proxy {
    Never,
    AsTheEnvironmentSays,
}

impl Http {
    pub(crate) fn new(reuse: Reuse) -> Self {
        Self { direct: Clients::new(Proxy::Never, reuse), outward: Clients::new(Proxy::AsTheEnvironmentSays, reuse) }
    }

    /// The client for this endpoint.
    ///
    /// # Errors
    /// The endpoint needs TLS, and the certificates that this machine trusts cannot be read.
    pub(crate) fn to(&self, endpoint: &Endpoint) -> Result<&reqwest::Client, reqwest::Error> {
        let clients = if endpoint.is_loopback() { &self.direct } else { &self.outward };
        if endpoint.url().starts_with("https:") { clients.secure() } else { clients.plain() }
    }
}

impl Clients {
    fn new(proxy: Proxy, reuse: Reuse) -> Self {
        Self { plain: Lazy::default(), secure: Lazy::default(), proxy, reuse }
    }

    fn plain(&self) -> Result<&reqwest::Client, reqwest::Error> {
        made(&self.plain, || builder(self.proxy, self.reuse).tls_certs_only([]).build())
    }

    fn secure(&self) -> Result<&reqwest::Client, reqwest::Error> {
        made(&self.secure, || builder(self.proxy, self.reuse).https_only(true).build())
    }
}

fn made(lazy: &Lazy, make: impl FnOnce() -> Result<reqwest::Client, reqwest::Error>) -> Result<&reqwest::Client, reqwest::Error> {
    if let Some(client) = lazy.get() {
        return Ok(client);
    }
    let client = make()?;
    Ok(lazy.get_or_init(|| client))
}

fn builder(proxy: Proxy, reuse: Reuse) -> reqwest::ClientBuilder {
    // The program's one provider of TLS. This fails when another part of the program has set it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .pool_idle_timeout(IDLE)
        .tcp_nodelay(true)
        .user_agent(concat!("doorbell/", env!("CARGO_PKG_VERSION")));
    let builder = match reuse {
        Reuse::Soon => builder,
        Reuse::Never => builder.pool_max_idle_per_host(0),
    };
    match proxy {
        Proxy::Never => builder.no_proxy(),
        Proxy::AsTheEnvironmentSays => builder,
    }
}

/// The message of an error with all its causes, in one line: reqwest's own message leaves out the cause.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
