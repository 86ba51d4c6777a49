//! `PUT /v1/jobs/{id}/lease`: renews a lease, and brings a lost job back whose runner was only away.

use axum::{Extension, Json, extract::State};
use doorbell_protocol::{
    Fence, JobId,
    jobs::{LeaseRenewal, RenewedLease},
};

use super::{
    context::{Context, Hub},
    error::Error,
    json::{Body, Id},
};
use crate::{
    clock,
    domain::{
        job::{self, Command, Refusal},
        rights::Actor,
    },
    state::leases::Renewal,
};

pub(crate) async fn renew(
    State(hub): Hub,
    Extension(actor): Extension<Actor>,
    Id(id): Id,
    Body(LeaseRenewal { fence }): Body<LeaseRenewal>,
) -> Result<Json<RenewedLease>, Error> {
    Ok(Json(hold(&hub, id, fence, actor).await?))
}

/// Refuses what [`hold`] would refuse, and changes nothing: for a call that may be refused for another reason first.
pub(super) async fn check(hub: &Context, id: JobId, fence: Fence, by: Actor) -> Result<(), Error> {
    if hub.leases.is_held(id, fence, by) {
        return Ok(());
    }
    let record = hub.reads.record(id).await?.ok_or(Refusal::NotFound(id))?;
    job::decide(&record, Command::Resume { fence, by }, clock::now())?;
    Ok(())
}

/// Renews the lease that `fence` stands for, and takes a lost job back. A call that does so is not refused after that.
pub(super) async fn hold(hub: &Context, id: JobId, fence: Fence, by: Actor) -> Result<RenewedLease, Error> {
    match hub.leases.renew(id, fence, by) {
        Renewal::Renewed(renewed) => Ok(renewed),
        Renewal::Stale => Err(Refusal::LeaseStale.into()),
        Renewal::NotTheirs => Err(Refusal::NotTheirs.into()),
        Renewal::NotHeld => {
            let resume = move |draft: &mut crate::state::writer::Draft<'_>| {
                let record = draft.get(id)?;
                Ok(draft.decide(record, Command::Resume { fence, by })?.job.cancel_requested)
            };
            let cancel_requested = hub.writer.write(resume).await?;
            Ok(RenewedLease { lease: hub.leases.lease(fence), cancel_requested })
        }
    }
}
