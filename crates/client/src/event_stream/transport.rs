//! The HTTP under one connection: a reqwest client behind the event source library's transport trait, with
//! every bound.

use std::{error::Error, pin::Pin, time::Duration};

use bytes::Bytes;
use doorbell_protocol::{ErrorBody, FeedMessage, limits, text};
use futures_util::{Stream, StreamExt, stream};
use http::{Request, Response, header};
use launchdarkly_sdk_transport::{ByteStream, HttpTransport, ResponseFuture, TransportError};
use reqwest::StatusCode;
use sync_wrapper::{SyncFuture, SyncStream};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::lines::{BLOCK_BYTES, Lines};
use crate::http::with_causes;

/// Longest time from the request to the answer's headers.
const HEADERS: Duration = Duration::from_secs(10);
/// Longest body that may say why a call was refused.
const REFUSAL_BYTES: usize = 16 * 1024;
/// Longest silence, after which the connection counts as dead. The hub sends a comment every 30 s, and any
/// byte counts.
pub(crate) const SILENCE: Duration = Duration::from_secs(60);
/// The alarm is set anew only when that puts it off by at least this much, so not with each of many bytes.
const RESET_AFTER: Duration = Duration::from_secs(20);
/// Most bytes that the event source is given at once, since what it makes of them waits in its memory.
const PIECE: usize = 16 * 1024;

/// The client that makes the request.
#[derive(Clone)]
pub(crate) struct Transport(pub(crate) reqwest::Client);

/// Why the transport ended a connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    #[error("the hub does not answer ({0})")]
    Unreachable(String),
    #[error("the hub does not answer as one ({0})")]
    NoAnswer(String),
    #[error("the hub took the connection but did not answer within {} s", HEADERS.as_secs())]
    NoHeaders,
    #[error("the hub refuses the token (HTTP status 401)")]
    RefusedToken,
    #[error("{} (HTTP status 403)", .0.as_deref().unwrap_or("what answers refuses the call and does not say why"))]
    Refused(Option<String>),
    #[error("what answers is not a hub: it answered with HTTP status {0}")]
    Status(StatusCode),
    #[error("what answers is not a hub: it sent {0:?} in place of an event stream")]
    ContentType(String),
    #[error("nothing came from the hub for {} s", SILENCE.as_secs())]
    Silence,
    #[error("the hub sent a block of more than {BLOCK_BYTES} bytes")]
    Block,
    #[error("the connection broke ({0})")]
    Broken(String),
}

impl HttpTransport for Transport {
    fn request(&self, request: Request<Option<Bytes>>) -> ResponseFuture {
        let client = self.0.clone();
        Box::pin(SyncFuture::new(async move { open(client, request).await.map_err(TransportError::new) }))
    }
}

impl Cause {
    /// The cause that an error of the event source library carries, if it came from here.
    pub(crate) fn of(error: &eventsource_client::Error) -> Option<&Self> {
        let transport = error.source()?.downcast_ref::<TransportError>()?;
        let inner: &(dyn Error + 'static) = transport.inner();
        inner.downcast_ref()
    }
}

async fn open(client: reqwest::Client, request: Request<Option<Bytes>>) -> Result<Response<ByteStream>, Cause> {
    let request = client.get(request.uri().to_string()).headers(request.headers().clone()).send();
    let response = match timeout(HEADERS, request).await {
        Ok(Ok(response)) => response,
        Ok(Err(e)) if e.is_connect() => return Err(Cause::Unreachable(with_causes(&e.without_url()))),
        Ok(Err(e)) => return Err(Cause::NoAnswer(with_causes(&e.without_url()))),
        Err(_) => return Err(Cause::NoHeaders),
    };
    match response.status() {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED => return Err(Cause::RefusedToken),
        StatusCode::FORBIDDEN => return Err(Cause::Refused(reason(response).await)),
        status => return Err(Cause::Status(status)),
    }
    let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content_type.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case("text/event-stream")) {
        return Err(Cause::ContentType(content_type.chars().take(100).collect()));
    }
    let newest = response.headers().get(FeedMessage::NEWEST_HEADER).cloned();
    let mut answer = Response::new(Body::stream(response.bytes_stream()));
    answer.headers_mut().extend(newest.map(|id| (header::HeaderName::from_static(FeedMessage::NEWEST_HEADER), id)));
    Ok(answer)
}

/// Why the hub refuses a call, in its own words.
async fn reason(mut response: reqwest::Response) -> Option<String> {
    let mut body = Vec::new();
    let read = async {
        while body.len() < REFUSAL_BYTES
            && let Ok(Some(chunk)) = response.chunk().await
        {
            body.extend_from_slice(&chunk[..chunk.len().min(REFUSAL_BYTES - body.len())]);
        }
    };
    // A body that is too long or does not end in time is cut, so it is no JSON, and no reason is given.
    let _ = timeout(HEADERS, read).await;
    let ErrorBody { error } = serde_json::from_slice(&body).ok()?;
    Some(text::clean_cut(&error.message, limits::MESSAGE_CHARS)).filter(|message| !message.is_empty())
}

/// The body of an answer, put into plain lines, with an alarm for silence.
struct Body<S> {
    chunks: S,
    /// Bytes that came and were not handed on yet.
    rest: Bytes,
    lines: Lines,
    heard_at: Instant,
    alarm: Pin<Box<Sleep>>,
}

impl<S: Stream<Item = reqwest::Result<Bytes>> + Send + Unpin + 'static> Body<S> {
    fn stream(chunks: S) -> ByteStream {
        let heard_at = Instant::now();
        let alarm = Box::pin(sleep_until(heard_at + SILENCE));
        let body = Self { chunks, rest: Bytes::new(), lines: Lines::default(), heard_at, alarm };
        let pieces = stream::unfold(body, async |mut body| Some((body.next().await?.map_err(TransportError::new), body)));
        Box::pin(SyncStream::new(Box::pin(pieces)))
    }

    async fn next(&mut self) -> Option<Result<Bytes, Cause>> {
        loop {
            if self.rest.is_empty() {
                self.rest = match self.chunk().await? {
                    Ok(chunk) => chunk,
                    Err(cause) => return Some(Err(cause)),
                };
            }
            let piece = self.rest.split_to(self.rest.len().min(PIECE));
            match self.lines.take(&piece) {
                Ok(plain) if plain.is_empty() => {}
                Ok(plain) => return Some(Ok(plain.into())),
                Err(_) => return Some(Err(Cause::Block)),
            }
        }
    }

    async fn chunk(&mut self) -> Option<Result<Bytes, Cause>> {
        loop {
            tokio::select! {
                biased;
                chunk = self.chunks.next() => {
                    self.heard();
                    return Some(chunk?.map_err(|e| Cause::Broken(with_causes(&e.without_url()))));
                }
                () = &mut self.alarm => {
                    if self.heard_at.elapsed() >= SILENCE {
                        return Some(Err(Cause::Silence));
                    }
                    self.set_alarm();
                }
            }
        }
    }

    fn heard(&mut self) {
        self.heard_at = Instant::now();
        if self.heard_at + SILENCE > self.alarm.deadline() + RESET_AFTER {
            self.set_alarm();
        }
    }

    /// Puts a new alarm in the place of the old one. An alarm that is only put off would still wake the
    /// thread at the old time; so, as long as keepalives come, none ever does.
    fn set_alarm(&mut self) {
        self.alarm = Box::pin(sleep_until(self.heard_at + SILENCE));
    }
}
