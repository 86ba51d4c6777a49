//! `PUT /v1/jobs/{id}/lease`: renews a lease, and brings a lost job back whose runner was only away.

use axum::{Json, extract::State};
use doorbell_protocol::{
    Fence, JobId,
    jobs::{LeaseRenewal, RenewedLease},
};

use super::{
    Context, Hub,
    error::Error,
    json::{Body, Id},
};
use crate::{
    job::{Command, Refusal},
    leases::Renewal,
};

pub(crate) async fn renew(
    State(hub): Hub,
    Id(id): Id,
    Body(LeaseRenewal { fence }): Body<LeaseRenewal>,
) -> Result<Json<RenewedLease>, Error> {
    Ok(Json(hold(&hub, id, fence).await?))
}

/// Renews the lease that `fence` stands for.
pub(super) async fn hold(hub: &Context, id: JobId, fence: Fence) -> Result<RenewedLease, Error> {
    match hub.leases.renew(id, fence) {
        Renewal::Renewed(renewed) => Ok(renewed),
        Renewal::Stale => Err(Refusal::LeaseStale.into()),
        Renewal::NotHeld => {
            let resume = move |draft: &mut crate::writer::Draft<'_>| {
                let record = draft.get(id)?;
                Ok(draft.decide(record, Command::Resume { fence })?.job.cancel_requested)
            };
            let cancel_requested = hub.writer.write(resume).await?;
            Ok(RenewedLease { lease: hub.leases.lease(fence), cancel_requested })
        }
    }
}
