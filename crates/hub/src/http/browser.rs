//! `/v1/browser-sessions`: a link that is good once, and the token that the page gets for it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Extension, Json, extract::State, http::StatusCode};
use doorbell_protocol::{
    ErrorCode, Role,
    browser::{BrowserKey, BrowserLink, NewBrowserSession},
    token::{CreatedToken, NewToken},
};

use super::{context::Hub, error::Error, json::Body, tokens};
use crate::{
    access::{
        links::{self, Session},
        tokens::Caller,
    },
    clock,
};

/// How long a page may stay open without a new link.
const SESSION: Duration = Duration::from_secs(12 * 60 * 60);

pub(crate) async fn create(
    State(hub): Hub,
    Extension(caller): Extension<Arc<Caller>>,
    Body(new): Body<NewBrowserSession>,
) -> Result<(StatusCode, Json<BrowserLink>), Error> {
    let NewBrowserSession { role } = new.check()?;
    let session = Session { role: role.unwrap_or(Role::Admin), person: caller.person().to_owned() };
    let key = hub.links.make(session, Instant::now());
    Ok((StatusCode::CREATED, Json(BrowserLink { path: format!("/#key={key}"), expires_at: clock::now() + links::GOOD_FOR })))
}

/// Without a token: the key stands for one. Its link was made by somebody who may make tokens.
pub(crate) async fn open(State(hub): Hub, Body(BrowserKey { key }): Body<BrowserKey>) -> Result<(StatusCode, Json<CreatedToken>), Error> {
    let Some(Session { role, person }) = hub.links.take(&key, Instant::now()) else {
        let message = "this link was used before or is older than a minute; `doorbell open --browser` makes a new one";
        return Err(Error::new(ErrorCode::Unauthorized, message).at("key"));
    };
    let expires_in_ms = u64::try_from(SESSION.as_millis()).ok();
    let new = NewToken { name: "browser".to_owned(), roles: vec![role], person: Some(person), expires_in_ms, ..NewToken::default() };
    tokens::create(State(hub), Body(new)).await
}
