//! HTTP clients of the tests themselves.

use std::time::Duration;

/// A client to be set up, which asks no proxy. The workspace's reqwest has TLS without a provider of its own.
pub fn builder() -> reqwest::ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Sooner than the hub closes a connection that stands idle: a call would break that goes out as it closes.
    reqwest::Client::builder().no_proxy().pool_idle_timeout(Duration::from_secs(5))
}
