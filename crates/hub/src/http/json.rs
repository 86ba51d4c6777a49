//! Bodies, queries and path ids, with errors that name the field.

use std::{fmt::Display, str::FromStr};

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::request::Parts,
};
use doorbell_protocol::{ErrorCode, JobId, limits};
use serde::de::DeserializeOwned;

use super::{body::broke_off, error::Error};

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

/// The parameters behind the `?`.
pub(crate) struct Params<T>(pub(crate) T);

/// The `{id}` of the path: a job's, unless the handler says otherwise.
pub(crate) struct Id<T = JobId>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let bytes = Bytes::from_request(request, state).await.map_err(|_| broke_off())?;
        // No body is an empty one, so that a call whose fields are all optional needs none.
        let json: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        // Serde would take the values of an array for the fields, in their order.
        if json.trim_ascii_start().first() == Some(&b'[') {
            return Err(Error::new(ErrorCode::Malformed, "the body must be a JSON object"));
        }
        let mut reader = serde_json::Deserializer::from_slice(json);
        let body = serde_path_to_error::deserialize(&mut reader).map_err(|error| malformed(&error))?;
        reader.end().map_err(|error| Error::new(ErrorCode::Malformed, format!("the body is not JSON: {error}")))?;
        Ok(Self(body))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let query = Query::from_request_parts(parts, state).await;
        query.map(|Query(params)| Self(params)).map_err(|rejection| Error::new(ErrorCode::Malformed, rejection.body_text()))
    }
}

impl<T: FromStr<Err: Display>, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(id) = path.map_err(|rejection| Error::new(ErrorCode::Malformed, rejection.body_text()).at("id"))?;
        id.parse().map(Self).map_err(|error| Error::new(ErrorCode::Malformed, format!("{id:?} is {error}")).at("id"))
    }
}

/// How many things a page has.
pub(super) fn page_limit(asked: Option<usize>) -> usize {
    asked.unwrap_or(limits::PAGE_JOBS_DEFAULT).clamp(1, limits::PAGE_JOBS)
}

fn malformed(error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    let message = format!("the body cannot be read: {}", error.inner());
    let path = error.path().to_string();
    let error = Error::new(ErrorCode::Malformed, message);
    // The reader's words for the whole body, and for a place that it cannot name.
    if matches!(path.as_str(), "." | "?") { error } else { error.at(path) }
}
