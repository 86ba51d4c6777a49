//! Creating a job, which is safe to repeat: the same id again answers with the job that exists.

use doorbell_protocol::{JobId, JobState, id, jobs::NewJob};

use crate::{
    clock,
    domain::{
        dependencies,
        job::{self, Command, Record, Refusal},
        rights::Actor,
    },
    state::{
        leases,
        writer::{Draft, WriteError, Writer},
    },
};

pub(crate) struct Created {
    pub(crate) record: Record,
    pub(crate) is_new: bool,
}

/// `new` has passed its checks. `person` is who creates it, unless it is the owner.
pub(crate) async fn create(writer: &Writer, new: NewJob, by: Actor, person: Option<String>) -> Result<Created, WriteError> {
    let id = new.id.unwrap_or_else(|| JobId(id::fresh(clock::now())));
    writer
        .write(move |draft| {
            let Some(known) = draft.find(id)? else {
                check_parent(draft, &new, by)?;
                let waits_for = new.after.iter().map(|id| newest_run(draft, *id, by)).collect::<Result<Vec<_>, _>>()?;
                let mut created = job::create(id, new, by.who, leases::new_fence(), draft.now());
                created.record.job.created_by = person;
                let transition = dependencies::join(created, &waits_for, draft.now());
                let record = transition.record.clone();
                draft.apply(transition)?;
                return Ok(Created { record, is_new: true });
            };
            if !by.may_act_as(known.created_by) {
                return Err(Refusal::IdTaken(id).into());
            }
            if known.job.name != new.name || known.job.origin != new.origin || known.task != new.task {
                return Err(Refusal::IdTaken(id).into());
            }
            // Its reporter never saw the first answer and was lost meanwhile: it is back.
            if new.start && known.job.state == JobState::Lost {
                let fence = known.fence;
                return Ok(Created { record: draft.decide(known, Command::Resume { fence, by })?, is_new: false });
            }
            Ok(Created { record: known, is_new: false })
        })
        .await
}

/// Refuses a parent that is another token's, and for a queued job one that is not there. A reporter may tell of a part before
/// anybody has told of the whole, or when that is deleted for its age: what has run must not be lost for it.
fn check_parent(draft: &mut Draft<'_>, new: &NewJob, by: Actor) -> Result<(), WriteError> {
    let Some(id) = new.parent else { return Ok(()) };
    let may_be_a_part = draft.find(id)?.map_or(new.start, |parent| parent.is_seen_by(by));
    if may_be_a_part { Ok(()) } else { Err(Refusal::NoSuchParent(id).into()) }
}

/// The run that `id` stands for when something is to run after it: the last one of those that were to make it good.
fn newest_run(draft: &mut Draft<'_>, id: JobId, by: Actor) -> Result<Record, WriteError> {
    let mut run = draft.find(id)?.filter(|run| run.is_seen_by(by)).ok_or(Refusal::UnknownDependency(id))?;
    while run.job.state != JobState::Succeeded
        && let Some(next_run) = run.next_run
        && let Some(next) = draft.find(next_run)?
    {
        run = next;
    }
    Ok(run)
}
