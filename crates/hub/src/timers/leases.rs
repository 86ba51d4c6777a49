//! Leases: a job whose lease ran out is lost, exactly once.

use std::time::Duration;

use doorbell_protocol::JobId;
use tokio::time::{sleep, sleep_until};

use crate::{
    domain::job::{self, Command},
    state::{
        leases::Leases,
        writer::{Draft, WriteError, Writer},
    },
};

/// Jobs that are lost in one commit. Other changes take their turn in between.
const BATCH: usize = 256;
/// After a failed attempt to store that jobs are lost.
const RETRY: Duration = Duration::from_secs(1);

/// Loses every job whose lease runs out. Sleeps until the first one can, and for ever when there is none.
pub(crate) async fn watch(leases: &Leases, writer: &Writer) {
    loop {
        match leases.first_deadline() {
            None => leases.granted().await,
            Some(deadline) => tokio::select! {
                () = leases.granted() => continue,
                () = sleep_until(deadline) => {}
            },
        }
        for ids in leases.expired().chunks(BATCH) {
            if let Err(WriteError::Storage(_)) = expire(writer, ids.to_vec()).await {
                sleep(RETRY).await;
            }
        }
    }
}

async fn expire(writer: &Writer, ids: Vec<JobId>) -> Result<(), WriteError> {
    writer.write(move |draft| ids.into_iter().try_for_each(|id| lose(draft, id))).await
}

fn lose(draft: &mut Draft<'_>, id: JobId) -> Result<(), WriteError> {
    // It may have been renewed, or the job ended, while this change waited for its turn.
    if !draft.leases().has_expired(id) {
        return Ok(());
    }
    let Some(record) = draft.find(id)? else { return Ok(()) };
    let progress = draft.progress().get(id);
    if let Some(transition) = job::decide(&record, Command::Expire { progress }, draft.now())? {
        tracing::info!(%id, "the lease of a job ran out");
        draft.apply(transition)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use doorbell_protocol::{Epoch, JobState};

    use super::*;
    use crate::{
        state::{live::Live, writer::Published},
        store::{Change, SqliteStore, Store, Write, conformance},
    };

    const MANY: u128 = 600;

    /// This happens when a machine with many runners is gone.
    #[tokio::test]
    async fn many_whose_leases_run_out_at_once_are_lost_in_few_commits() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(&folder.path().join("doorbell.db"), Epoch(7)).unwrap();
        let running = |n| Write::Job(Change { record: conformance::record(n, JobState::Running), question: None, event: None });
        store.commit(&(1..=MANY).map(running).collect::<Vec<_>>()).unwrap();
        let live = Arc::new(Live::new(store.load().unwrap()));
        let leases = Arc::new(Leases::new(Duration::ZERO));
        for record in live.lock().active.values() {
            leases.grant(record);
        }
        let published = Published { live: live.clone(), leases: leases.clone(), progress: Arc::default(), schedules: Arc::default() };
        let (writer, _) = Writer::start(Box::new(store), published).unwrap();
        let before = live.lock().commits;
        let mut commits = live.commits();
        let all_lost = async {
            while live.lock().counts.running > 0 {
                commits.changed().await.unwrap();
            }
        };
        tokio::select! {
            () = watch(&leases, &writer) => panic!("it goes on for ever"),
            () = all_lost => {}
        }
        let live = live.lock();
        assert_eq!((live.seq.0, live.commits - before), (MANY as u64, MANY.div_ceil(BATCH as u128) as u64));
    }
}
