//! Retention: what is kept, and for how long.
//!
//! Jobs that are over are deleted when they are old or too many, the oldest first, a few at a time, so that no change waits
//! for it. It looks at most once an hour, and only after something changed or when the oldest job comes of age: a hub
//! where nothing happens does not wake up for it.

use std::time::Duration;

use doorbell_protocol::TokenId;
use tokio::time::sleep;

use crate::{
    access::tokens::Tokens,
    clock,
    logs::Logs,
    state::{
        live::Live,
        writer::{WriteError, Writer},
    },
};

/// Shortest time between two looks.
const EVERY: Duration = Duration::from_secs(60 * 60);
/// Jobs that are deleted in one go. Other changes take their turn in between.
const BATCH: usize = 100;
/// Pages of the file that are given back in one go.
const PAGES: u32 = 256;

/// How much of the history is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keep {
    /// A job that ended longer ago is deleted.
    pub(crate) age: Duration,
    /// Only so many of the jobs that ended last are kept.
    pub(crate) jobs: usize,
}

/// Deletes what is due, from now on.
pub(crate) async fn watch(keep: Keep, live: &Live, logs: &Logs, tokens: &Tokens, writer: &Writer) {
    let mut commits = live.commits();
    loop {
        commits.mark_unchanged();
        let earliest = sleep(EVERY);
        let of_age = match sweep(keep, live, logs, tokens, writer).await {
            Ok(of_age) => of_age,
            Err(WriteError::ShuttingDown) => return,
            Err(
                WriteError::Storage(_) | WriteError::Job(_) | WriteError::Question(_) | WriteError::Worker(_) | WriteError::Schedule(_),
            ) => Some(EVERY),
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

/// Deletes all that is due now, and says how long until the oldest job that is left comes of age.
async fn sweep(keep: Keep, live: &Live, logs: &Logs, tokens: &Tokens, writer: &Writer) -> Result<Option<Duration>, WriteError> {
    let mut deleted = 0;
    loop {
        let before = clock::now() - keep.age;
        let ids = writer.store_task(move |store| store.delete_old(before, keep.jobs, BATCH)).await?;
        let count = ids.len();
        if count > 0 {
            live.tell_deleted();
        }
        logs.delete(ids).await;
        deleted += count;
        if count < BATCH {
            break;
        }
    }
    if deleted > 0 {
        tracing::info!(jobs = deleted, "deleted jobs that ended long ago");
        while writer.store_task(|store| store.give_back(PAGES)).await? {}
    }
    delete_expired(tokens, writer).await?;
    let oldest = writer.store_task(|store| store.oldest_end()).await?;
    Ok(oldest.map(|ended| (ended + keep.age).since(clock::now())))
}

async fn delete_expired(tokens: &Tokens, writer: &Writer) -> Result<(), WriteError> {
    let now = clock::now();
    let expired: Vec<TokenId> =
        tokens.list().into_iter().filter(|token| token.expires_at.is_some_and(|at| at <= now)).map(|token| token.id).collect();
    for id in &expired {
        let id = *id;
        writer.store_task(move |store| store.drop_token(id)).await?;
    }
    tokens.remove(&expired);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use doorbell_protocol::{Epoch, JobState, Timestamp};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::{
        access::secret::SecretHash,
        state::{leases::Leases, writer::Published},
        store::{Change, SqliteStore, Store, Write, conformance},
    };

    #[tokio::test]
    async fn list_pages_are_told_of_what_is_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(&folder.path().join("doorbell.db"), Epoch(7)).unwrap();
        let ended = |n| {
            let mut record = conformance::record(n, JobState::Succeeded);
            record.job.finished_at = Some(Timestamp::EPOCH);
            Write::Job(Change { record, question: None, event: None })
        };
        store.commit(&[ended(1), ended(2)]).unwrap();
        let live = Arc::new(Live::new(store.load().unwrap()));
        let leases = Arc::new(Leases::new(Duration::from_secs(60)));
        let published = Published { live: live.clone(), leases, progress: Arc::default(), schedules: Arc::default() };
        let (writer, _) = Writer::start(Box::new(store), published).unwrap();
        let tokens = Tokens::new(SecretHash::of("secret"), "ada".to_owned(), Vec::new(), CancellationToken::new());
        let logs = Logs::new(folder.path().join("logs"));

        let (mut lists, commits) = (live.lists(), live.commits());
        let keep = Keep { age: Duration::MAX, jobs: 1 };
        tokio::select! {
            () = watch(keep, &live, &logs, &tokens, &writer) => panic!("it goes on for ever"),
            told = lists.changed() => told.unwrap(),
        }
        // Nobody else is woken by it.
        assert!(!commits.has_changed().unwrap());
    }
}
