//! Expiry: a question whose time is up is expired, exactly once, and never answered.
//!
//! Deadlines are on the wall clock, since they outlive the hub and are shown to people. A clock that is set, or a laptop
//! that sleeps, is noticed within [`LOOK`].

use std::time::Duration;

use doorbell_protocol::{QuestionId, Timestamp};
use tokio::time::{Instant, sleep};

use crate::{
    alarm, clock,
    domain::question::Command,
    state::{
        live::Live,
        writer::{WriteError, Writer},
    },
};

/// Longest sleep while a question can expire.
const LOOK: Duration = Duration::from_secs(60);
/// After a question could not be expired, most likely because it could not be stored.
const RETRY: Duration = Duration::from_secs(1);

/// Expires questions. Sleeps until the first one can, and for ever when there is none.
pub(crate) async fn watch(live: &Live, writer: &Writer) {
    let mut commits = live.commits();
    loop {
        commits.mark_unchanged();
        let now = clock::now();
        match first(live) {
            Some((at, id)) if at <= now => {
                if expire(writer, id).await.is_err() {
                    sleep(RETRY).await;
                }
                continue;
            }
            Some((at, _)) => tokio::select! {
                _ = commits.changed() => {}
                () = alarm::sleep_until(Instant::now() + at.since(now).min(LOOK)) => {}
            },
            None => {
                if commits.changed().await.is_err() {
                    return;
                }
            }
        }
    }
}

/// The question that expires first.
fn first(live: &Live) -> Option<(Timestamp, QuestionId)> {
    live.lock().questions.values().filter_map(|question| Some((question.expires_at?, question.id))).min()
}

async fn expire(writer: &Writer, id: QuestionId) -> Result<(), WriteError> {
    writer.write(move |draft| draft.decide_question(id, Command::Expire).map(|_| ())).await
}
