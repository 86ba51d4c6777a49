//! Who may call: the token, and the checks that keep web pages of other sites out.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use doorbell_protocol::{
    ErrorCode, Role,
    routes::{Access, Spec},
    run_secret::{self, RunSecretHash},
};

use super::{body, context::Context, error::Error};
use crate::{
    access::{secret::SecretHash, tokens::Caller},
    net::{exposure::Site, strangers::Stranger},
};

/// Lets a call pass whose token is good for it, within its rate. The handler then knows the caller, and who that is to jobs.
pub(crate) async fn token(State((context, spec)): State<(Arc<Context>, Spec)>, mut request: Request, next: Next) -> Response {
    let caller = match admit(&context, &request) {
        Ok(caller) => caller,
        Err(error) => return error.into_response(),
    };
    let allowed = match spec.access {
        Access::Anyone => Ok(()),
        Access::Own(_) if caller.may(Role::Report) => Ok(()),
        Access::Role(role) | Access::Own(role) => check_role(&caller, role),
    };
    if let Err(error) = allowed {
        return error.into_response();
    }
    let secret = request.headers().get(run_secret::HEADER).and_then(|secret| secret.to_str().ok());
    let hash = secret.map(|secret| RunSecretHash(*SecretHash::of(secret).as_bytes()));
    let actor = caller.actor().showing(hash);
    request.extensions_mut().insert(actor);
    request.extensions_mut().insert(caller);
    body::whole(State(spec), request, next).await
}

/// Refuses a caller whose token lacks the role, and names it.
pub(super) fn check_role(caller: &Caller, role: Role) -> Result<(), Error> {
    if caller.may(role) {
        return Ok(());
    }
    let message = format!("this needs a token with the role `{}`; this one has: {}", role.as_str(), caller.roles());
    Err(Error::new(ErrorCode::Forbidden, message).at("Authorization"))
}

fn admit(context: &Context, request: &Request) -> Result<Arc<Caller>, Error> {
    let refuse = |message: &str| Error::new(ErrorCode::Unauthorized, message).at("Authorization");
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let secret = given.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let (_, secret) = secret
        .ok_or_else(|| refuse("send the token as `Authorization: Bearer <token>`; it is in the file `token` in the hub's data folder"))?;
    let caller = context.tokens.find(secret.trim()).ok_or_else(|| {
        refuse("the token is wrong or has expired; read it anew from the file `token` in the hub's data folder, or have one made")
    })?;
    if let Some(stranger) = request.extensions().get::<Arc<Stranger>>() {
        stranger.is_known();
    }
    caller.take_turn().map_err(Error::slow_down)?;
    Ok(caller)
}

/// Lets a call pass that calls the hub by one of its names, and whose page, if it comes from one, is the hub's own.
pub(crate) async fn site(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let refuse = |message: String, header| Error::new(ErrorCode::Forbidden, message).at(header).into_response();
    // Somebody between us and the caller may have gone by the other one.
    if request.headers().get_all(header::HOST).iter().nth(1).is_some() {
        return Error::new(ErrorCode::Malformed, "there must be one Host header").at("Host").into_response();
    }
    let Some(host) = host(request.headers(), request.uri()) else {
        return refuse("the Host header is missing".to_owned(), "Host");
    };
    if !site.is_host(&host) {
        return refuse(format!("this hub serves {}, not {host:?}; use its own address, or --host-name", site.describe()), "Host");
    }
    match request.headers().get(header::ORIGIN) {
        Some(origin) if !site.is_origin(origin.as_bytes(), &host) => {
            refuse("pages of other sites may not call this hub".to_owned(), "Origin")
        }
        Some(_) | None => next.run(request).await,
    }
}

fn host(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let authority = uri.authority().map(|authority| authority.as_str());
    authority.or_else(|| headers.get(header::HOST)?.to_str().ok()).map(str::to_owned)
}
