//! `/v1/browser-sessions`: a link that is good once, and the token that the page gets for it.

use std::time::{Duration, Instant};

use axum::{Json, extract::State, http::StatusCode};
use doorbell_protocol::{
    ErrorCode, Role,
    browser::{BrowserKey, BrowserLink},
    token::{CreatedToken, NewToken},
};

use super::{context::Hub, error::Error, json::Body, tokens};
use crate::{access::links, clock};

/// How long a page may stay open without a new link.
const SESSION: Duration = Duration::from_secs(12 * 60 * 60);

pub(crate) async fn create(State(hub): Hub) -> (StatusCode, Json<BrowserLink>) {
    let key = hub.links.make(Instant::now());
    (StatusCode::CREATED, Json(BrowserLink { path: format!("/#key={key}"), expires_at: clock::now() + links::GOOD_FOR }))
}

/// Without a token: the key stands for one. Its link was made by somebody who may make tokens.
pub(crate) async fn open(State(hub): Hub, Body(BrowserKey { key }): Body<BrowserKey>) -> Result<(StatusCode, Json<CreatedToken>), Error> {
    if !hub.links.take(&key, Instant::now()) {
        let message = "this link was used before or is older than a minute; `doorbell open --browser` makes a new one";
        return Err(Error::new(ErrorCode::Unauthorized, message).at("key"));
    }
    let expires_in_ms = u64::try_from(SESSION.as_millis()).ok();
    tokens::create(State(hub), Body(NewToken { name: "browser".to_owned(), roles: vec![Role::Admin], expires_in_ms })).await
}
