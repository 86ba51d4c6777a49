//! `/v1/tokens`: create, list, remove. `/v1/owner-token`: rotate.

use std::time::Duration;

use axum::{Json, extract::State, http::StatusCode};
use doorbell_protocol::{
    ErrorCode, TokenId, id,
    token::{CreatedToken, NewToken, Token, TokenList},
};

use super::{
    context::Hub,
    error::Error,
    json::{Body, Id},
};
use crate::{
    access::{
        owner_token::OwnerToken,
        secret::{self, SecretHash},
        tokens::StoredToken,
    },
    clock,
    store::StoreError,
};

pub(crate) async fn create(State(hub): Hub, Body(new): Body<NewToken>) -> Result<(StatusCode, Json<CreatedToken>), Error> {
    let NewToken { name, roles, person, host, worker, expires_in_ms } = new.check()?;
    let now = clock::now();
    let expires_at = expires_in_ms.map(|ms| now + Duration::from_millis(ms));
    let token = Token { id: TokenId(id::fresh(now)), name, roles, person, host, worker, created_at: now, expires_at };
    let secret = secret::issue();
    let hash = SecretHash::of(&secret);
    let (tokens, kept) = (hub.tokens.clone(), StoredToken { hash, token: token.clone() });
    hub.writer
        .store_task(move |store| {
            store.keep_token(&kept)?;
            tokens.add(kept.hash, kept.token);
            Ok(())
        })
        .await?;
    Ok((StatusCode::CREATED, Json(CreatedToken { token, secret })))
}

/// Whoever reads the new secret from the file is let in: it is good before it is there. One that could not be written never was.
pub(crate) async fn rotate(State(hub): Hub) -> Result<StatusCode, Error> {
    let (tokens, path) = (hub.tokens.clone(), hub.token_file.clone());
    hub.writer
        .store_task(move |_| {
            let new = OwnerToken::new();
            tokens.add_owner(new.hash());
            if let Err(source) = new.replace(&path) {
                tokens.forget(new.hash());
                return Err(StoreError::Private { path, source });
            }
            tokens.keep_owner(new.hash());
            Ok(())
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn list(State(hub): Hub) -> Json<TokenList> {
    Json(TokenList { tokens: hub.tokens.list() })
}

pub(crate) async fn delete(State(hub): Hub, Id(id): Id<TokenId>) -> Result<StatusCode, Error> {
    let tokens = hub.tokens.clone();
    let deleted = hub
        .writer
        .store_task(move |store| {
            let deleted = store.drop_token(id)?;
            tokens.remove(&[id]);
            Ok(deleted)
        })
        .await?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(Error::new(ErrorCode::NotFound, format!("there is no token {id}"))) }
}
