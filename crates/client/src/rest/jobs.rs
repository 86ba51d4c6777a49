//! Calls about jobs.

use doorbell_protocol::{
    Fence, Job, JobId, JobState, Progress,
    jobs::{
        CreatedJob, FinishReport, JobPage, JobQuery, LeaseRenewal, NewJob, NewTestJob, ProgressReport, RenewedLease, ReportAnswer,
        RunningList,
    },
    routes,
};
use reqwest::StatusCode;

use super::{Call, CallError, Client};

/// Answer to a poll of the running list.
#[derive(Clone, Debug, PartialEq)]
pub enum Running {
    /// Nothing changed since the answer that the ETag came with.
    Unchanged,
    /// The list as it is now.
    List {
        /// Every running job.
        list: RunningList,
        /// To be sent with the next poll.
        etag: Option<String>,
    },
}

impl Client {
    /// `POST /v1/jobs`: a job that the caller runs itself, or a queued one. With an id of the caller's choice
    /// it is safe to repeat.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn create_job(&self, job: &NewJob) -> Result<CreatedJob, CallError> {
        self.call_with(&routes::CREATE_JOB, (), job).await
    }

    /// `POST /v1/test-jobs`: queues the built-in test job.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn create_test_job(&self, job: &NewTestJob) -> Result<CreatedJob, CallError> {
        self.call_with(&routes::CREATE_TEST_JOB, (), job).await
    }

    /// `GET /v1/jobs/{id}`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn job(&self, id: JobId) -> Result<Job, CallError> {
        Ok(self.call(&routes::GET_JOB, id, &()).await?.job)
    }

    /// `GET /v1/jobs?state=running`. With the ETag of an earlier answer, an unchanged list costs no body.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn running(&self, etag: Option<&str>) -> Result<Running, CallError> {
        let query = JobQuery { state: Some(JobState::Running), ..JobQuery::default() };
        let answer = self.send(Call { etag, ..Call::of(&routes::LIST_JOBS, &(), &query) }).await?;
        if answer.status == StatusCode::NOT_MODIFIED {
            return Ok(Running::Unchanged);
        }
        Ok(Running::List { list: answer.json()?, etag: answer.etag })
    }

    /// `GET /v1/jobs`: one page, newest first.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn jobs(&self, query: JobQuery) -> Result<JobPage, CallError> {
        self.send(Call::of(&routes::LIST_JOBS, &(), &query)).await?.json()
    }

    /// `PUT /v1/jobs/{id}/progress`. Also renews the lease.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn report_progress(&self, id: JobId, fence: Fence, progress: Progress) -> Result<ReportAnswer, CallError> {
        self.progress(id, &ProgressReport { fence: Some(fence), progress }).await
    }

    /// `PUT /v1/jobs/{id}/progress` by the job's own program. It outranks what the runner reports, and does
    /// not renew the lease.
    ///
    /// # Errors
    /// See [`CallError`]. A job that does not run is 409.
    pub async fn tell_progress(&self, id: JobId, progress: Progress) -> Result<ReportAnswer, CallError> {
        self.progress(id, &ProgressReport { fence: None, progress }).await
    }

    async fn progress(&self, id: JobId, body: &ProgressReport) -> Result<ReportAnswer, CallError> {
        let answer = self.send(Call::of(&routes::REPORT_PROGRESS, &id, &()).json(body)).await?;
        if answer.status == StatusCode::NO_CONTENT {
            return Ok(ReportAnswer::default());
        }
        answer.json()
    }

    /// `PUT /v1/jobs/{id}/lease`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn renew_lease(&self, id: JobId, fence: Fence) -> Result<RenewedLease, CallError> {
        self.call_with(&routes::RENEW_LEASE, id, &LeaseRenewal { fence }).await
    }

    /// `POST /v1/jobs/{id}/cancel`: a queued job is cancelled, and a running one is asked to stop. Calling it
    /// twice is no error.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn cancel_job(&self, id: JobId) -> Result<Job, CallError> {
        Ok(self.call(&routes::CANCEL_JOB, id, &()).await?.job)
    }

    /// `POST /v1/jobs/{id}/retry`: queues the task of a job that is over again, as a new job.
    ///
    /// # Errors
    /// See [`CallError`]. A job that is not over, or that no worker ran, is 409.
    pub async fn retry_job(&self, id: JobId) -> Result<Job, CallError> {
        Ok(self.call(&routes::RETRY_JOB, id, &()).await?.job)
    }

    /// `DELETE /v1/jobs/{id}`: deletes a job that is over, with its questions and its log.
    ///
    /// # Errors
    /// See [`CallError`]. A job that is not over is 409.
    pub async fn delete_job(&self, id: JobId) -> Result<(), CallError> {
        self.act(&routes::DELETE_JOB, id).await
    }

    /// `POST /v1/jobs/{id}/finish`. Reporting the same outcome twice is no error.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn finish_job(&self, id: JobId, report: &FinishReport) -> Result<Job, CallError> {
        Ok(self.call_with(&routes::FINISH_JOB, id, report).await?.job)
    }
}
