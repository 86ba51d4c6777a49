//! `/v1/jobs/{id}/log`: append, read, follow.

use std::{io, sync::Arc};

use axum::{
    Extension, Json,
    body::Bytes,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use doorbell_protocol::{
    ErrorCode,
    log::{Log as LogBody, LogAppend, LogEnd, LogMessage, LogQuery},
};

use super::{
    context::Hub,
    error::Error,
    jobs,
    json::{Id, Params},
    lease, sse,
};
use crate::{
    access::tokens::Caller,
    domain::rights::Actor,
    logs::{AppendError, Follower, Log},
};

pub(crate) async fn append(
    State(hub): Hub,
    Extension(actor): Extension<Actor>,
    Id(id): Id,
    Params(params): Params<LogAppend>,
    bytes: Bytes,
) -> Result<Json<LogEnd>, Error> {
    lease::check(&hub, id, params.fence, actor).await?;
    let log = hub.logs.of(id);
    // A log only grows, so what fits now is no gap after the lease is renewed.
    with(log.clone(), move |log| log.check(params.offset)).await?;
    lease::hold(&hub, id, params.fence, actor).await?;
    let end = with(log, move |log| log.append(params.offset, &bytes)).await?;
    Ok(Json(LogEnd { end }))
}

pub(crate) async fn read(
    State(hub): Hub,
    Extension(caller): Extension<Arc<Caller>>,
    Extension(actor): Extension<Actor>,
    Id(id): Id,
    Params(params): Params<LogQuery>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    jobs::seen(&hub, actor, id).await?;
    let log = hub.logs.of(id);
    let end = with(log.clone(), Log::end).await?;
    let start = params.tail.map_or(0, |tail| end.saturating_sub(tail));
    if !params.follow {
        return Ok(Json(with(log, move |log| collect(log, start)).await?).into_response());
    }
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse::<u64>().ok());
    let follower = Follower::new(log, last.map_or(start, |last| last.min(end)), id, hub.live.clone(), hub.shutdown.clone());
    Ok(sse::frames(caller, follower.into_stream()))
}

/// All that is kept from `offset` on: at most 64 KiB and 1 MiB, and what came while it was read.
fn collect(log: &Log, mut offset: u64) -> io::Result<LogBody> {
    let mut body = LogBody { parts: Vec::new(), cuts: Vec::new(), end: 0 };
    loop {
        let message = log.read(offset)?;
        offset = message.end();
        match message {
            LogMessage::Part(part) => body.parts.push(part),
            LogMessage::Cut(cut) => body.cuts.push(cut),
            LogMessage::End(LogEnd { end }) => return Ok(LogBody { end, ..body }),
        }
    }
}

/// Files are read and written where they hold up nobody.
async fn with<T: Send + 'static, E: Into<AppendError> + Send + 'static>(
    log: Arc<Log>,
    work: impl FnOnce(&Log) -> Result<T, E> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(move || work(&log).map_err(Into::into)).await;
    done.unwrap_or_else(|panic| Err(AppendError::Io(io::Error::other(panic)))).map_err(Error::from)
}

impl From<AppendError> for Error {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Gap { expected } => {
                let message = format!("the log goes on at {expected}; send what is missing first, or a note in its place");
                Self::new(ErrorCode::LogGap, message).at("offset").expecting(expected)
            }
            AppendError::Io(error) => {
                tracing::error!(%error, "a log could not be read or written");
                Self::new(ErrorCode::Storage, "the hub could not read or write the log; try again")
            }
        }
    }
}
