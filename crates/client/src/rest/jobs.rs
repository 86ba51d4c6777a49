//! Calls about jobs.

use doorbell_protocol::{
    Fence, Job, JobId, JobState, Progress, Timestamp,
    jobs::{
        CreatedJob, FinishReport, JobPage, LeaseRenewal, NewJob, NewTestJob, OneJob, ProgressReport, RenewedLease, ReportAnswer,
        RunningList,
    },
};
use reqwest::{Method, StatusCode};

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
        /// Goes into the next poll.
        etag: Option<String>,
    },
}

/// Which jobs a page should have. The default is the newest of all.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct JobQuery {
    /// Only jobs in this state. For running jobs use [`Client::running`], which also tells their progress.
    pub state: Option<JobState>,
    /// Only runs of this job.
    pub key: Option<String>,
    /// Only jobs whose name has this in it, with ASCII letters in either case; at most 200 characters.
    pub text: Option<String>,
    /// Only jobs that ended after this moment.
    pub finished_after: Option<Timestamp>,
    /// `next_cursor` of the page before.
    pub cursor: Option<JobId>,
    /// At most this many jobs.
    pub limit: Option<usize>,
}

impl Client {
    /// `POST /v1/jobs`: a job that the caller runs itself, or a queued one. With an id of the caller's choice it is safe to
    /// repeat.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn create_job(&self, job: &NewJob) -> Result<CreatedJob, CallError> {
        self.call(Method::POST, "/v1/jobs", job).await
    }

    /// `POST /v1/test-jobs`: queues the built-in test job.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn create_test_job(&self, job: &NewTestJob) -> Result<CreatedJob, CallError> {
        self.call(Method::POST, "/v1/test-jobs", job).await
    }

    /// `GET /v1/jobs/{id}`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn job(&self, id: JobId) -> Result<Job, CallError> {
        let answer: OneJob = self.get(&format!("/v1/jobs/{id}")).await?;
        Ok(answer.job)
    }

    /// `GET /v1/jobs?state=running`. With the ETag of an earlier answer, an unchanged list costs no body.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn running(&self, etag: Option<&str>) -> Result<Running, CallError> {
        let call = Call::<()> { etag, ..Call::new(Method::GET, "/v1/jobs?state=running") };
        let answer = self.send(call).await?;
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
        self.get(&query.path()).await
    }

    /// `PUT /v1/jobs/{id}/progress`. Also renews the lease.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn report_progress(&self, id: JobId, fence: Fence, progress: Progress) -> Result<ReportAnswer, CallError> {
        self.progress(id, &ProgressReport { fence: Some(fence), progress }).await
    }

    /// `PUT /v1/jobs/{id}/progress` by the job's own program: outranks what its runner reports, and renews no lease.
    ///
    /// # Errors
    /// See [`CallError`]. A job that does not run is 409.
    pub async fn tell_progress(&self, id: JobId, progress: Progress) -> Result<ReportAnswer, CallError> {
        self.progress(id, &ProgressReport { fence: None, progress }).await
    }

    async fn progress(&self, id: JobId, body: &ProgressReport) -> Result<ReportAnswer, CallError> {
        let answer = self.send(Call::new(Method::PUT, format!("/v1/jobs/{id}/progress")).body(body)).await?;
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
        self.call(Method::PUT, &format!("/v1/jobs/{id}/lease"), &LeaseRenewal { fence }).await
    }

    /// `POST /v1/jobs/{id}/cancel`: a queued job is cancelled, and a running one asked to stop. Twice is no error.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn cancel_job(&self, id: JobId) -> Result<Job, CallError> {
        let answer: OneJob = self.act(Method::POST, &format!("/v1/jobs/{id}/cancel")).await?;
        Ok(answer.job)
    }

    /// `POST /v1/jobs/{id}/retry`: queues the task of a job that is over again, as a new job.
    ///
    /// # Errors
    /// See [`CallError`]. A job that is not over, or that no worker ran, is 409.
    pub async fn retry_job(&self, id: JobId) -> Result<Job, CallError> {
        let answer: CreatedJob = self.act(Method::POST, &format!("/v1/jobs/{id}/retry")).await?;
        Ok(answer.job)
    }

    /// `DELETE /v1/jobs/{id}`: forgets a job that is over, with its questions and its log.
    ///
    /// # Errors
    /// See [`CallError`]. A job that is not over is 409.
    pub async fn delete_job(&self, id: JobId) -> Result<(), CallError> {
        self.send(Call::<()>::new(Method::DELETE, format!("/v1/jobs/{id}"))).await?;
        Ok(())
    }

    /// `POST /v1/jobs/{id}/finish`. The same outcome twice is no error.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn finish_job(&self, id: JobId, report: &FinishReport) -> Result<Job, CallError> {
        let answer: OneJob = self.call(Method::POST, &format!("/v1/jobs/{id}/finish"), report).await?;
        Ok(answer.job)
    }
}

impl JobQuery {
    fn path(&self) -> String {
        let fields = [
            ("state", self.state.map(|state| state.as_str().to_owned())),
            ("key", self.key.clone()),
            ("q", self.text.clone()),
            ("finished_after", self.finished_after.map(|at| at.to_string())),
            ("cursor", self.cursor.map(|cursor| cursor.to_string())),
            ("limit", self.limit.map(|limit| limit.to_string())),
        ];
        let asked = fields.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).finish();
        if query.is_empty() { "/v1/jobs".to_owned() } else { format!("/v1/jobs?{query}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_has_only_what_was_asked() {
        assert_eq!(JobQuery::default().path(), "/v1/jobs");
        let query = JobQuery { state: Some(JobState::Queued), limit: Some(5), ..JobQuery::default() };
        assert_eq!(query.path(), "/v1/jobs?state=queued&limit=5");
        let query = JobQuery { text: Some("a & b".to_owned()), finished_after: Some(Timestamp::EPOCH), ..JobQuery::default() };
        assert_eq!(query.path(), "/v1/jobs?q=a+%26+b&finished_after=1970-01-01T00%3A00%3A00.000Z");
    }
}
