//! Creating a job, which is safe to repeat: the same id again answers with the job that exists.

use doorbell_protocol::{JobId, JobState, jobs::NewJob};
use uuid::Uuid;

use crate::{
    domain::{
        dependencies,
        job::{self, Command, Record, Refusal},
    },
    state::writer::{Draft, WriteError, Writer},
};

pub(crate) struct Created {
    pub(crate) record: Record,
    pub(crate) is_new: bool,
}

/// `new` has passed its checks.
pub(crate) async fn create(writer: &Writer, new: NewJob) -> Result<Created, WriteError> {
    let id = new.id.unwrap_or_else(|| JobId(Uuid::now_v7()));
    writer
        .write(move |draft| {
            let Some(known) = draft.find(id)? else {
                let waits_for = new.after.iter().map(|id| newest_run(draft, *id)).collect::<Result<Vec<_>, _>>()?;
                let transition = dependencies::join(job::create(id, new, draft.now()), &waits_for, draft.now());
                let record = transition.record.clone();
                draft.apply(transition)?;
                return Ok(Created { record, is_new: true });
            };
            if known.job.name != new.name || known.job.origin != new.origin || known.task != new.task {
                return Err(Refusal::IdTaken(id).into());
            }
            // Its reporter never saw the first answer and was lost meanwhile: it is back.
            if new.start && known.job.state == JobState::Lost {
                let fence = known.fence;
                return Ok(Created { record: draft.decide(known, Command::Resume { fence })?, is_new: false });
            }
            Ok(Created { record: known, is_new: false })
        })
        .await
}

/// The run that `id` stands for when something is to run after it: the last one of those that were to make it good.
fn newest_run(draft: &mut Draft<'_>, id: JobId) -> Result<Record, WriteError> {
    let mut run = draft.find(id)?.ok_or(Refusal::UnknownDependency(id))?;
    while run.job.state != JobState::Succeeded
        && let Some(next_run) = run.next_run
        && let Some(next) = draft.find(next_run)?
    {
        run = next;
    }
    Ok(run)
}
