//! Tells a hub of a job that runs here, or has run, and knows a refusal that another token may not meet.

use doorbell_client::{CallError, Client, rest::RefusedCall};
use doorbell_protocol::{
    ErrorCode,
    jobs::{CreatedJob, NewJob},
};

/// Makes the job known. The command runs already, or has run, so its job must not be lost for what it is a part of: when the hub
/// refuses the parent, it is told without one.
///
/// # Errors
/// The hub does not answer, or refuses the job.
pub async fn create(client: &Client, job: &NewJob) -> Result<CreatedJob, CallError> {
    match client.create_job(job).await {
        Err(CallError::Refused(RefusedCall { field: Some(field), message, .. })) if field == "parent" && job.parent.is_some() => {
            tracing::warn!("told as a job of its own: {message}");
            client.create_job(&NewJob { parent: None, ..job.clone() }).await
        }
        created => created,
    }
}

/// Whether the hub takes this only from another token, which another program of this user may have.
pub(crate) fn is_anothers(error: &CallError) -> bool {
    matches!(error.code(), Some(ErrorCode::Forbidden | ErrorCode::IdTaken))
}
