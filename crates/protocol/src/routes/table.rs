//! Every call, a line each.

use super::route::{
    Access::{self, Anyone},
    Bytes, Events, Json,
    Method::{Delete, Get, Post, Put},
    Route, Spec, Text,
};
use crate::{
    ErrorCode::{
        AlreadyAnswered, BadTransition, IdTaken, Invalid, LeaseStale, LogGap, Malformed, NotFound, QuestionClosed, TooManyQuestions,
        WorkerDraining,
    },
    FeedMessage, JobId, QuestionId, Role, ScheduleId, TokenId, WorkerId,
    browser::{BrowserKey, BrowserLink, NewBrowserSession},
    changes::ListChange,
    hub::{Health, Stats},
    jobs::{
        CreatedJob, FinishReport, JobList, JobQuery, LeaseRenewal, NewJob, NewTestJob, OneJob, ProgressReport, RenewedLease, ReportAnswer,
    },
    limits::{BODY_BYTES, BROWSER_KEY_BYTES, LOG_CHUNK_BYTES, REPORT_BYTES},
    log::{Log, LogAppend, LogEnd, LogMessage, LogQuery},
    question::{NewAnswer, NewQuestion, OneQuestion, QuestionList, QuestionQuery, QuestionWait, Withdrawal},
    schedule::{NewSchedule, OneSchedule, ScheduleList},
    token::{CreatedToken, NewToken, TokenList},
    worker::{Claim, ClaimRequest, NewWorker, OneWorker, RegisteredWorker, WorkerList},
};

/// What makes a worker run something needs this role, beside that of the call itself.
pub const QUEUE: Role = Role::Admin;

const ADMIN: Access = Access::Role(Role::Admin);
const ANSWER: Access = Access::Role(Role::Answer);
const REPORT: Access = Access::Role(Role::Report);
const VIEW: Access = Access::Role(Role::View);
const VIEW_OR_OWN: Access = Access::Own(Role::View);
const WORK: Access = Access::Role(Role::Work);

/// Writes down each call as a constant of its own, and all of them as [`ALL`].
macro_rules! table {
    ($($(#[doc = $doc:literal])+ $name:ident: $types:ty = $route:expr;)+) => {
        $($(#[doc = $doc])+ pub const $name: $types = $route.named(stringify!($name), concat!($($doc, "\n"),+));)+

        /// Every call, in the order of the table.
        pub const ALL: &[Spec] = &[$($name.spec),+];

        /// Every call with what its types look like.
        #[cfg(feature = "openapi")]
        pub(super) fn described() -> Vec<(Spec, super::schema::Describe)> {
            vec![$(($name.spec, super::schema::describe(&$name))),+]
        }
    };
}

table! {
    /// The figures of `GET /v1/stats` in Prometheus's text format.
    METRICS: Route<(), (), (), Text> = Route::new(Get, "/metrics", VIEW);

    /// Makes a link to the panel's page that lets one browser in.
    ///
    /// `path` is appended to the hub's address. What stands behind `#` no browser sends; the page hands it over with
    /// `POST /v1/browser-sessions/open`. The link is good once, within a minute.
    CREATE_BROWSER_SESSION: Route<(), (), Json<NewBrowserSession>, Json<BrowserLink>> =
        Route::new(Post, "/v1/browser-sessions", ADMIN)
            .body(REPORT_BYTES, &["new-browser-session"])
            .answer(&[201], &["browser-link"])
            .conflicts(&[Invalid]);

    /// Lets a browser in by the key of its link.
    ///
    /// Without a token: the key stands for one. The token that it gets has the name `browser`, the role that the link is for and the
    /// person who made it, is good for 12 h, and can be listed and removed as any other. A key that is not good any more is 401.
    OPEN_BROWSER_SESSION: Route<(), (), Json<BrowserKey>, Json<CreatedToken>> =
        Route::new(Post, "/v1/browser-sessions/open", Anyone)
            .body(BROWSER_KEY_BYTES, &["browser-key"])
            .answer(&[201], &["created-token"])
            .conflicts(&[crate::ErrorCode::Unauthorized])
            .writes();

    /// Tells pages that show a list when their list is old, so that they read it anew.
    ///
    /// One of each event comes at once. What changes while a page is busy, or within 100 ms after the last event about the same list, is told
    /// in one event. There are no ids: who comes back is told to read everything.
    CHANGES: Route<(), (), (), Events<ListChange>> = Route::new(Get, "/v1/changes", VIEW).panel();

    /// Waits for a queued job, up to `wait_ms`: 200 with a claim, or 204.
    ///
    /// The job runs from then on, and the lease is the worker's to hand to its runner. With an `id` of the worker's choice it is safe to repeat:
    /// the answer to the same id is the same job and lease, as long as the job runs. 404 means that the hub has restarted: register again.
    CLAIM: Route<(), (), Json<ClaimRequest>, Json<Claim>> =
        Route::new(Post, "/v1/claims", WORK)
            .body(REPORT_BYTES, &["claim-request", "claim-request-secret", "claim-request-repeatable"])
            .answer(&[200, 204], &["claim"])
            .conflicts(&[NotFound, WorkerDraining])
            .writes();

    /// The feed: two events a run, two more a question.
    FEED: Route<(), (), (), Events<FeedMessage>> = Route::new(Get, "/v1/feed", VIEW);

    /// What runs, or a page of all jobs.
    ///
    /// With `state=running` and nothing else: every running job, oldest start first, with its progress; what a visible panel polls, every
    /// 500 ms. Of thousands, those that started last, as many as 1.5 MiB hold; `counts` tells them all. The answer has an `ETag`; with it in
    /// `If-None-Match` an unchanged list is 304 without a body.
    ///
    /// Otherwise one page, newest first. What is given together must all be so. Jobs that ended are kept for 30 days, and 10,000 of them,
    /// unless the hub is set up otherwise.
    LIST_JOBS: Route<(), JobQuery, (), Json<JobList>> =
        Route::new(Get, "/v1/jobs", VIEW_OR_OWN).answer(&[200, 304], &["running-list", "job-page"]).conflicts(&[Malformed, Invalid]).reads().panel();

    /// Creates a job that its reporter runs itself (`start`), answered with a lease, or a queued one for a worker (`command`).
    ///
    /// `id` may be chosen by the reporter, which makes the call safe to repeat: the same id again is answered with the job that exists (200
    /// instead of 201), by the token that created it alone. `started_at` lets a report come late; a moment in the future becomes now. To queue a command needs the role `admin`.
    CREATE_JOB: Route<(), (), Json<NewJob>, Json<CreatedJob>> =
        Route::new(Post, "/v1/jobs", REPORT)
            .body(BODY_BYTES, &["new-job-started", "new-job-secret", "new-job-described", "new-job-queued", "new-job-queued-here", "new-job-waiting", "new-job-for-a-host"])
            .answer(&[201, 200], &["created-job"])
            .conflicts(&[Invalid, IdTaken])
            .writes().run_secret();

    /// One job.
    GET_JOB: Route<JobId, (), (), Json<OneJob>> =
        Route::new(Get, "/v1/jobs/{id}", VIEW_OR_OWN).answer(&[200], &["one-job", "one-job-described", "one-job-waiting", "one-job-by-people"]).reads().run_secret().panel();

    /// Deletes a job that is over, with its questions and its log.
    DELETE_JOB: Route<JobId, (), (), ()> =
        Route::new(Delete, "/v1/jobs/{id}", ADMIN).answer(&[204], &[]).conflicts(&[BadTransition]).writes().panel();

    /// Cancels a queued job at once, or asks the runner of a running one to stop it. Twice is no error.
    ///
    /// A queued job never started, so the feed tells nothing of it. A running job goes on with `cancel_requested`, which its runner hears in
    /// the answer to its next report.
    CANCEL_JOB: Route<JobId, (), (), Json<OneJob>> =
        Route::new(Post, "/v1/jobs/{id}/cancel", ANSWER)
            .answer(&[200], &["one-job-cancel-requested"])
            .conflicts(&[BadTransition])
            .writes()
            .panel();

    /// Tells how a run ended, by the token that started or claimed it or by one with the role `admin`, as all that is told for a run. The same outcome twice is 200, another is 409.
    FINISH_JOB: Route<JobId, (), Json<FinishReport>, Json<OneJob>> =
        Route::new(Post, "/v1/jobs/{id}/finish", REPORT)
            .body(BODY_BYTES, &["finish-report"])
            .answer(&[200], &["one-job"])
            .conflicts(&[BadTransition, LeaseStale])
            .writes();

    /// Renews a lease, and brings a lost job back whose runner was only away.
    ///
    /// Renew when a third of `ttl_ms` has passed, and at least every two seconds to hear in time that somebody wants the job stopped.
    RENEW_LEASE: Route<JobId, (), Json<LeaseRenewal>, Json<RenewedLease>> =
        Route::new(Put, "/v1/jobs/{id}/lease", REPORT)
            .body(REPORT_BYTES, &["lease-renewal"])
            .answer(&[200], &["renewed-lease", "renewed-lease-cancel-requested"])
            .conflicts(&[BadTransition, LeaseStale])
            .writes();

    /// What is kept of a job's log, or of its last `tail` bytes; with `follow=true` as a stream that goes on until the job is over.
    ///
    /// The `id` of each event is the offset behind it. As `Last-Event-ID` it makes the stream go on exactly there, whatever `tail` says.
    READ_LOG: Route<JobId, LogQuery, (), (Json<Log>, Events<LogMessage>)> =
        Route::new(Get, "/v1/jobs/{id}/log", VIEW_OR_OWN).answer(&[200], &["log"]).reads().run_secret().panel();

    /// Appends bytes to a job's log, and renews its lease.
    ///
    /// What is there already stays as it is and is not appended again, so a chunk may be sent twice. A chunk that begins behind the end is
    /// 409 `log_gap`.
    APPEND_LOG: Route<JobId, LogAppend, Bytes, Json<LogEnd>> =
        Route::new(Post, "/v1/jobs/{id}/log", REPORT)
            .body(LOG_CHUNK_BYTES, &[])
            .answer(&[200], &["log-end"])
            .conflicts(&[BadTransition, LeaseStale, LogGap])
            .writes();

    /// Reports how far a job is. The latest value wins and is never told on the feed. 200 when somebody wants the job stopped, else 204.
    ///
    /// With the fence of the lease it renews the lease. A program that runs as the job leaves the fence out and shows the secret of its run:
    /// what it says outranks what its runner reads from its output, and renews no lease.
    REPORT_PROGRESS: Route<JobId, (), Json<ProgressReport>, Json<ReportAnswer>> =
        Route::new(Put, "/v1/jobs/{id}/progress", REPORT)
            .body(REPORT_BYTES, &["progress-report", "progress-report-own"])
            .answer(&[204, 200], &["report-answer"])
            .conflicts(&[BadTransition, LeaseStale, Invalid])
            .writes().run_secret();

    /// Asks a question for a running job. With an id of the asker's choice it is safe to repeat: 200 instead of 201.
    ///
    /// With the fence of the lease it renews the lease; a program that runs as the job leaves the fence out and shows the secret of its run.
    ASK_QUESTION: Route<JobId, (), Json<NewQuestion>, Json<OneQuestion>> =
        Route::new(Post, "/v1/jobs/{id}/questions", REPORT)
            .body(BODY_BYTES, &["new-question", "new-question-own"])
            .answer(&[201, 200], &["one-question"])
            .conflicts(&[BadTransition, LeaseStale, IdTaken, TooManyQuestions, Invalid])
            .writes().run_secret();

    /// Queues the task of a job that is over again, as a new job with `retry_of`.
    ///
    /// Its attempts count anew, and it waits for nothing. A job that is not over, or that its reporter ran by itself, is 409.
    RETRY_JOB: Route<JobId, (), (), Json<CreatedJob>> =
        Route::new(Post, "/v1/jobs/{id}/retry", Access::Role(QUEUE))
            .answer(&[201], &["created-job-retry"])
            .conflicts(&[BadTransition])
            .writes()
            .panel();

    /// Every open question, oldest first; with `state=closed` or `all` one page of questions, newest first.
    ///
    /// Questions are kept as long as their job.
    LIST_QUESTIONS: Route<(), QuestionQuery, (), Json<QuestionList>> =
        Route::new(Get, "/v1/questions", VIEW_OR_OWN).answer(&[200], &["question-list", "question-list-closed"]).conflicts(&[Malformed, Invalid]).reads().panel();

    /// One question: at once when it is closed, else when it is, or as it is after `wait_ms`.
    GET_QUESTION: Route<QuestionId, QuestionWait, (), Json<OneQuestion>> =
        Route::new(Get, "/v1/questions/{id}", VIEW_OR_OWN).answer(&[200], &["one-question"]).reads().run_secret().panel();

    /// Answers a question: the id of a choice, or words where the question takes them. The first answer wins.
    ///
    /// `from` says where, in the client's words; who answers, the token says. An answer that comes when the time is up is 409 `question_closed`.
    ANSWER_QUESTION: Route<QuestionId, (), Json<NewAnswer>, Json<OneQuestion>> =
        Route::new(Post, "/v1/questions/{id}/answer", ANSWER)
            .body(REPORT_BYTES, &["new-answer", "new-answer-text"])
            .answer(&[200], &["one-question"])
            .conflicts(&[AlreadyAnswered, QuestionClosed, Invalid])
            .writes()
            .panel();

    /// Takes a question back whose asker needs no answer any more. Twice is no error.
    WITHDRAW_QUESTION: Route<QuestionId, (), Json<Withdrawal>, Json<OneQuestion>> =
        Route::new(Post, "/v1/questions/{id}/withdraw", REPORT)
            .body(REPORT_BYTES, &["withdrawal", "withdrawal-own"])
            .answer(&[200], &["one-question"])
            .conflicts(&[AlreadyAnswered, QuestionClosed, LeaseStale])
            .writes().run_secret();

    /// Every schedule, oldest first. A schedule shows its command and its environment, so it is the owner's to see.
    LIST_SCHEDULES: Route<(), (), (), Json<ScheduleList>> =
        Route::new(Get, "/v1/schedules", Access::Role(QUEUE)).answer(&[200], &["schedule-list"]);

    /// Makes a schedule, which queues a job at each of its fire times.
    CREATE_SCHEDULE: Route<(), (), Json<NewSchedule>, Json<OneSchedule>> =
        Route::new(Post, "/v1/schedules", Access::Role(QUEUE))
            .body(BODY_BYTES, &["new-schedule"])
            .answer(&[201], &["one-schedule"])
            .conflicts(&[Invalid])
            .writes();

    /// One schedule.
    GET_SCHEDULE: Route<ScheduleId, (), (), Json<OneSchedule>> =
        Route::new(Get, "/v1/schedules/{id}", Access::Role(QUEUE)).answer(&[200], &["one-schedule", "one-schedule-paused"]);

    /// Puts a schedule in the place of what it was. Another `cron` or `timezone` counts from now on.
    REPLACE_SCHEDULE: Route<ScheduleId, (), Json<NewSchedule>, Json<OneSchedule>> =
        Route::new(Put, "/v1/schedules/{id}", Access::Role(QUEUE))
            .body(BODY_BYTES, &["new-schedule"])
            .answer(&[200], &["one-schedule"])
            .conflicts(&[Invalid])
            .writes();

    /// Deletes a schedule. What it has queued stays.
    DELETE_SCHEDULE: Route<ScheduleId, (), (), ()> =
        Route::new(Delete, "/v1/schedules/{id}", Access::Role(QUEUE)).answer(&[204], &[]).writes();

    /// Gives the token of the data folder a new secret, which stands in its file when this is answered. The old one lets nobody in then, and the
    /// streams that were opened with it end.
    ///
    /// The answer does not tell the secret: who may read the file has it.
    ROTATE_OWNER_TOKEN: Route<(), (), (), ()> = Route::new(Post, "/v1/owner-token", ADMIN).answer(&[204], &[]).writes();

    /// What the hub counts about itself.
    STATS: Route<(), (), (), Json<Stats>> = Route::new(Get, "/v1/stats", VIEW).answer(&[200], &["stats"]).panel();

    /// Whether the hub serves. Needs no token.
    HEALTH: Route<(), (), (), Json<Health>> = Route::new(Get, "/v1/health", Anyone).answer(&[200], &["health"]);

    /// Queues the built-in test job: 8 steps in 30 s, or in `duration_ms`.
    ///
    /// It goes through queue, worker, runner and feed like any other. The body may be empty.
    CREATE_TEST_JOB: Route<(), (), Json<NewTestJob>, Json<CreatedJob>> =
        Route::new(Post, "/v1/test-jobs", Access::Role(QUEUE))
            .body(REPORT_BYTES, &["new-test-job"])
            .answer(&[201], &["created-test-job"])
            .conflicts(&[Invalid])
            .writes()
            .panel();

    /// Every token that was made and not removed, oldest first.
    LIST_TOKENS: Route<(), (), (), Json<TokenList>> = Route::new(Get, "/v1/tokens", ADMIN).answer(&[200], &["token-list", "token-list-worker"]);

    /// Makes a token. The secret is told this once, and the hub keeps only its SHA-256.
    ///
    /// A token with the role `work`, and without `admin`, is for the workers on one `host`, or for those of one name (`worker`).
    CREATE_TOKEN: Route<(), (), Json<NewToken>, Json<CreatedToken>> =
        Route::new(Post, "/v1/tokens", ADMIN)
            .body(REPORT_BYTES, &["new-token", "new-token-worker"])
            .answer(&[201], &["created-token"])
            .conflicts(&[Invalid])
            .writes();

    /// Removes a token: it lets nobody in from then on, and the streams that were opened with it end.
    DELETE_TOKEN: Route<TokenId, (), (), ()> = Route::new(Delete, "/v1/tokens/{id}", ADMIN).answer(&[204], &[]).writes();

    /// Who is there to run jobs, by name, and which jobs each runs.
    LIST_WORKERS: Route<(), (), (), Json<WorkerList>> =
        Route::new(Get, "/v1/workers", VIEW).answer(&[200], &["worker-list"]).panel();

    /// Registers a worker. A worker is its `name` on its `host`: registering again keeps its id, and ends a drain.
    ///
    /// A token that is for one host, or for workers of one name, registers no other: 403 names `host` or `name`. By what it leaves open, a
    /// worker gets no job that names a host or a worker.
    REGISTER_WORKER: Route<(), (), Json<NewWorker>, Json<RegisteredWorker>> =
        Route::new(Post, "/v1/workers", WORK)
            .body(REPORT_BYTES, &["new-worker"])
            .answer(&[201], &["registered-worker"])
            .conflicts(&[Invalid]);

    /// The heartbeat of a worker that has not claimed for long.
    HEARTBEAT: Route<WorkerId, (), (), Json<OneWorker>> =
        Route::new(Put, "/v1/workers/{id}", WORK).answer(&[200], &["one-worker"]);

    /// Drains a worker: it gets no more jobs, and is gone when those that it runs are over.
    DRAIN_WORKER: Route<WorkerId, (), (), ()> = Route::new(Delete, "/v1/workers/{id}", ADMIN).answer(&[204], &[]).writes();
}
