//! Server-sent events over one connection: for the feed, and for a log that is followed. Nothing is retried
//! here.
//!
//! # Layout
//! - `transport`: the HTTP under the event source library, with every bound · `lines`: the plain form of an
//!   event stream · `standard`: tests against the standard

pub(crate) mod lines;
pub(crate) mod transport;

use eventsource_client::{BoxStream, Client, ClientBuilder, ReconnectOptions, SSE};

use self::transport::Transport;
use crate::Endpoint;

/// What comes from a hub on one connection.
pub(crate) type EventStream = BoxStream<eventsource_client::Result<SSE>>;

/// The stream at `target`, a path with its query. `last` goes with the request as the Last-Event-ID. Nothing
/// is sent before the stream is polled.
///
/// # Errors
/// The address or the token cannot stand in a request.
pub(crate) fn open(
    http: &reqwest::Client,
    endpoint: &Endpoint,
    target: &str,
    last: Option<String>,
) -> eventsource_client::Result<EventStream> {
    let mut builder = ClientBuilder::for_url(&format!("{}{target}", endpoint.url()))?
        .header("Authorization", &format!("Bearer {}", endpoint.token().expose()))?
        .reconnect(ReconnectOptions::reconnect(false).retry_initial(false).build())
        .redirect_limit(0);
    if let Some(last) = last {
        builder = builder.last_event_id(last);
    }
    Ok(builder.build_with_transport(Transport(http.clone())).stream())
}

#[cfg(test)]
mod standard;
