//! Who may call: every token that is good, found by the hash of its secret.
//!
//! # Invariants
//! - What is here was committed before; a token that was removed ends the streams that it opened.
//! - The token of the data folder is not in the store: it is its owner's, may do everything, and has no rate limit.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::{Duration, Instant},
};

use doorbell_protocol::{Role, Timestamp, TokenId, token::Token};
use tokio_util::sync::CancellationToken;

use crate::{
    access::{rate_limit::Bucket, secret::SecretHash},
    clock,
    domain::{
        binding::Binding,
        rights::{Actor, Reach},
    },
};

pub(crate) struct Tokens {
    known: RwLock<HashMap<SecretHash, Arc<Caller>>>,
    /// The person that the owner's token stands for.
    owner: String,
    shutdown: CancellationToken,
}

/// A token as it is kept: the hash of its secret, never the secret.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StoredToken {
    pub(crate) hash: SecretHash,
    pub(crate) token: Token,
}

/// Whoever shows a good token.
pub(crate) struct Caller {
    /// `None` for the owner of the data folder.
    token: Option<Token>,
    /// Who does what is done with it.
    person: String,
    /// Which workers it is for.
    binding: Binding,
    bucket: Mutex<Bucket>,
    removed: CancellationToken,
}

impl Tokens {
    /// The owner's token, which stands for the person `owner`, and the ones that were issued.
    pub(crate) fn new(hash: SecretHash, owner: String, issued: Vec<StoredToken>, shutdown: CancellationToken) -> Self {
        let tokens = Self { known: RwLock::default(), owner, shutdown };
        tokens.add_owner(hash);
        for StoredToken { hash, token } in issued {
            tokens.add(hash, token);
        }
        tokens
    }

    /// The caller with this secret, unless there is none or its token has expired.
    pub(crate) fn find(&self, secret: &str) -> Option<Arc<Caller>> {
        let caller = self.read().get(&SecretHash::of(secret)).cloned()?;
        caller.expires_at().is_none_or(|at| clock::now() < at).then_some(caller)
    }

    pub(crate) fn add(&self, hash: SecretHash, token: Token) {
        let caller = self.caller(Some(token));
        self.write().insert(hash, caller);
    }

    /// Lets the owner in by this secret, too.
    pub(crate) fn add_owner(&self, hash: SecretHash) {
        let caller = self.caller(None);
        self.write().insert(hash, caller);
    }

    /// Lets the owner in by this secret alone, and ends the streams that were opened with another one.
    pub(crate) fn keep_owner(&self, hash: SecretHash) {
        self.write().retain(|known, caller| {
            let gone = caller.token.is_none() && *known != hash;
            if gone {
                caller.removed.cancel();
            }
            !gone
        });
    }

    /// Lets nobody in by this secret.
    pub(crate) fn forget(&self, hash: SecretHash) {
        self.write().remove(&hash);
    }

    /// Ends every stream of the callers whose token is gone.
    pub(crate) fn remove(&self, ids: &[TokenId]) {
        self.write().retain(|_, caller| {
            let gone = caller.token.as_ref().is_some_and(|token| ids.contains(&token.id));
            if gone {
                caller.removed.cancel();
            }
            !gone
        });
    }

    /// Oldest first.
    pub(crate) fn list(&self) -> Vec<Token> {
        let mut tokens: Vec<Token> = self.read().values().filter_map(|caller| caller.token.clone()).collect();
        tokens.sort_by_key(|token| token.id);
        tokens
    }

    fn caller(&self, token: Option<Token>) -> Arc<Caller> {
        let binding = token.as_ref().map(|token| Binding { host: token.host.clone(), worker: token.worker.clone() }).unwrap_or_default();
        let person = token.as_ref().map_or(self.owner.as_str(), Token::person).to_owned();
        Arc::new(Caller { token, person, binding, bucket: Mutex::new(Bucket::new(Instant::now())), removed: self.shutdown.child_token() })
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<SecretHash, Arc<Caller>>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<SecretHash, Arc<Caller>>> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Caller {
    pub(crate) fn may(&self, needed: Role) -> bool {
        self.token.as_ref().is_none_or(|token| token.roles.iter().any(|role| role.covers(needed)))
    }

    /// Who this is to the jobs of the hub.
    pub(crate) fn actor(&self) -> Actor {
        let reach = match (self.may(Role::Admin), self.may(Role::View)) {
            (true, _) => Reach::All,
            (false, true) => Reach::SeesAll,
            (false, false) => Reach::Own,
        };
        Actor { who: self.token.as_ref().map(|token| token.id).into(), reach, run_secret: None }
    }

    /// Who does what is done with this token.
    pub(crate) fn person(&self) -> &str {
        &self.person
    }

    /// [`person`](Self::person), when it is not the owner of the data folder.
    pub(crate) fn guest(&self) -> Option<String> {
        self.token.is_some().then(|| self.person.clone())
    }

    /// Which workers may be worked with under this token.
    pub(crate) fn binding(&self) -> &Binding {
        &self.binding
    }

    /// The roles of the token, in words for a message.
    pub(crate) fn roles(&self) -> String {
        let roles = self.token.iter().flat_map(|token| &token.roles).map(|role| role.as_str());
        roles.collect::<Vec<_>>().join(", ")
    }

    /// Counts one call, or says how long to wait before the next.
    pub(crate) fn take_turn(&self) -> Result<(), Duration> {
        match self.token {
            None => Ok(()),
            Some(_) => self.bucket.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now()),
        }
    }

    /// Ends when the hub goes down, or when this caller's token is removed or expires.
    pub(crate) async fn over(self: Arc<Self>) {
        let expired = async {
            match self.expires_at() {
                // Boxed, as each listener holds room for it and few tokens expire.
                Some(at) => Box::pin(tokio::time::sleep(at.since(clock::now()))).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.removed.cancelled() => {}
            () = expired => {}
        }
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.token.as_ref().and_then(|token| token.expires_at)
    }
}
