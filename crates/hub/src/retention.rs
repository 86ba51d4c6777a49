//! Retention: what is kept, and for how long.
//!
//! Jobs that are over are forgotten when they are old or too many, the oldest first, a few at a time, so that no change waits
//! for it. It looks at most once an hour, and only after something changed or when the oldest job comes of age: a hub
//! where nothing happens does not wake up for it.

use std::time::Duration;

use doorbell_protocol::TokenId;
use tokio::time::sleep;

use crate::{
    clock,
    live::Live,
    logs::Logs,
    tokens::Tokens,
    writer::{WriteError, Writer},
};

/// Shortest time between two looks.
const EVERY: Duration = Duration::from_secs(60 * 60);
/// Jobs that are forgotten in one go. Other changes take their turn in between.
const BATCH: usize = 100;
/// Pages of the file that are given back in one go.
const PAGES: u32 = 256;

/// How much of the history is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keep {
    /// A job that ended longer ago is forgotten.
    pub(crate) age: Duration,
    /// Only so many of the jobs that ended last are kept.
    pub(crate) jobs: usize,
}

/// Forgets what is due, from now on.
pub(crate) async fn watch(keep: Keep, live: &Live, logs: &Logs, tokens: &Tokens, writer: &Writer) {
    let mut commits = live.commits();
    loop {
        commits.mark_unchanged();
        let earliest = sleep(EVERY);
        let of_age = match sweep(keep, logs, tokens, writer).await {
            Ok(of_age) => of_age,
            Err(WriteError::ShuttingDown) => return,
            Err(WriteError::Storage | WriteError::Refused(_) | WriteError::Question(_)) => Some(EVERY),
        };
        let of_age = async {
            match of_age {
                Some(wait) => sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = commits.changed() => if changed.is_err() { return },
            () = of_age => {}
        }
        earliest.await;
    }
}

/// Forgets all that is due now, and says how long until the oldest job that is left comes of age.
async fn sweep(keep: Keep, logs: &Logs, tokens: &Tokens, writer: &Writer) -> Result<Option<Duration>, WriteError> {
    let mut forgotten = 0;
    loop {
        let before = clock::now() - keep.age;
        let ids = writer.errand(move |store| store.forget(before, keep.jobs, BATCH)).await?;
        let count = ids.len();
        logs.forget(ids).await;
        forgotten += count;
        if count < BATCH {
            break;
        }
    }
    if forgotten > 0 {
        tracing::info!(jobs = forgotten, "forgot jobs that ended long ago");
        while writer.errand(|store| store.give_back(PAGES)).await? {}
    }
    forget_expired(tokens, writer).await?;
    let oldest = writer.errand(|store| store.oldest_end()).await?;
    Ok(oldest.map(|ended| (ended + keep.age).since(clock::now())))
}

async fn forget_expired(tokens: &Tokens, writer: &Writer) -> Result<(), WriteError> {
    let now = clock::now();
    let expired: Vec<TokenId> =
        tokens.list().into_iter().filter(|token| token.expires_at.is_some_and(|at| at <= now)).map(|token| token.id).collect();
    for id in &expired {
        let id = *id;
        writer.errand(move |store| store.drop_token(id)).await?;
    }
    tokens.remove(&expired);
    Ok(())
}
