//! On which address a hub of this machine listens.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use doorbell_protocol::place::DEFAULT_PORT;
use tokio::net::TcpListener;

/// Why a hub has no address.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address that was asked for cannot be had.
    #[error("cannot listen on {address}; choose another with --listen: {cause}")]
    Address {
        /// As it was asked for.
        address: SocketAddr,
        /// What the system said.
        cause: io::Error,
    },
    /// No address was asked for, and none can be had.
    #[error("cannot listen on any port of 127.0.0.1: {0}")]
    NoPort(io::Error),
}

/// Takes the address that was asked for; or else the usual one, or any that is free.
pub(crate) async fn listen(asked: Option<SocketAddr>) -> Result<TcpListener, ListenError> {
    if let Some(address) = asked {
        return TcpListener::bind(address).await.map_err(|cause| ListenError::Address { address, cause });
    }
    let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match TcpListener::bind(loopback(DEFAULT_PORT)).await {
        Ok(listener) => Ok(listener),
        Err(error) => {
            tracing::info!("cannot listen on port {DEFAULT_PORT} ({error}); taking a free one");
            TcpListener::bind(loopback(0)).await.map_err(ListenError::NoPort)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_that_was_asked_for_is_taken_or_refused() {
        let taken = listen(Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))).await.unwrap();
        let address = taken.local_addr().unwrap();
        let error = listen(Some(address)).await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("cannot listen on {address}; choose another with --listen: ")), "{error}");
    }

    #[tokio::test]
    async fn a_usual_port_that_is_taken_is_no_reason_not_to_serve() {
        // Whoever has it, one of these two has not.
        let (first, second) = (listen(None).await.unwrap(), listen(None).await.unwrap());
        let (first, second) = (first.local_addr().unwrap(), second.local_addr().unwrap());
        assert!(first.ip().is_loopback() && second.ip().is_loopback() && second.port() != DEFAULT_PORT, "{first} {second}");
    }
}
