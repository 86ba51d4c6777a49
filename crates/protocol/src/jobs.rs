//! Bodies of the calls under `/v1/jobs` and of `/v1/test-jobs`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Counts, Epoch, Fence, Invalid, Job, JobId, JobState, Lease, Origin, Outcome, Progress, Sequence, Timestamp, limits,
    omitted::is_default, run_secret::RunSecretHash, text,
};

/// Body of `POST /v1/jobs`: a job that its reporter runs itself (`start`), or a queued one (`command`).
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewJob {
    /// Chosen by the reporter, or made by the hub. The same id again answers with the job that exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<JobId>,
    /// What people call it, 1 to 200 characters.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = limits::NAME_CHARS)))]
    pub name: String,
    /// Names the runs of one job: one word, of letters, digits and `._-/:@+=`, that begins with neither `-` nor `=`. Defaults to a slug
    /// of the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = limits::KEY_CHARS)))]
    pub key: Option<String>,
    /// Who runs it, where, and what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The job that it is a part of: one's own, or one that the token may see. It counts, but does not ring by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<JobId>,
    /// Words to find it by, at most 16.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// A page about it, `http` or `https`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(max = limits::URL_CHARS)))]
    pub url: Option<String>,
    /// Its start does not ring, and its end only when it has run for so long, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(max = limits::COUNT)))]
    pub notify_after_ms: Option<u64>,
    /// Whether the reporter runs it already: the answer then has a lease.
    #[serde(default)]
    pub start: bool,
    /// When it started, if the report comes late. A moment in the future becomes now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// The SHA-256 of a secret that its reporter made for this run: whoever shows the secret reports for it, as its command does. Only
    /// with `start`; that of a queued job comes with its claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_sha256: Option<RunSecretHash>,
    /// Of two jobs that may run, the one with the higher priority is claimed first. Not with `start`, as all that follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// No worker gets it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// The host, or the name of the worker, that may claim it; any when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = limits::NAME_CHARS)))]
    pub host: Option<String>,
    /// It runs when all of these have succeeded, and is cancelled when one does not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schemars(length(max = limits::AFTER_JOBS)))]
    pub after: Vec<JobId>,
    /// How often it is started at most, 1 to 10: a run that fails or is lost is queued again until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = limits::ATTEMPTS)))]
    pub attempts: Option<u32>,
    /// What a worker should run: a program and its arguments.
    #[serde(flatten)]
    pub task: Task,
}

/// What a worker runs for a queued job.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Task {
    /// Program and arguments. The program `doorbell` means the worker's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schemars(length(max = limits::COMMAND_ARGS)))]
    pub command: Vec<String>,
    /// Working directory; the worker's home folder when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Variables on top of the worker's own environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// The file mode bits that new files of it do not get, 0 to 511 (octal 777); the worker's own when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(max = 0o777)))]
    pub umask: Option<u32>,
    /// Soft limits in place of the worker's own, by the names that `setrlimit` has for them: `as`, `core`, `cpu`, `data`, `fsize`,
    /// `memlock`, `nofile`, `nproc`, `stack`; in bytes, seconds or a count, null for none. The worker's hard limits stay.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ulimits: BTreeMap<String, Option<u64>>,
}

/// Answer to `POST /v1/jobs` and `POST /v1/test-jobs`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct CreatedJob {
    /// The job as it is now.
    pub job: Job,
    /// The lease, when the reporter runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
}

/// Answer to `GET /v1/jobs/{id}`, to a finish, and to a cancel.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct OneJob {
    /// The job as it is now.
    pub job: Job,
}

/// Body of `PUT /v1/jobs/{id}/progress`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ProgressReport {
    /// Of the lease, when its holder reports. The job's own program leaves it out: what it says of itself outranks what its
    /// runner reads from its output, and renews no lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence: Option<Fence>,
    /// What is reported.
    #[serde(flatten)]
    pub progress: Progress,
}

/// Answer to `PUT /v1/jobs/{id}/progress` when there is something to say; otherwise 204.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ReportAnswer {
    /// Whether somebody asked for the job to be stopped.
    #[serde(default)]
    pub cancel_requested: bool,
}

/// Body of `PUT /v1/jobs/{id}/lease`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct LeaseRenewal {
    /// Of the lease.
    pub fence: Fence,
}

/// Answer to `PUT /v1/jobs/{id}/lease`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct RenewedLease {
    /// The lease as it is now.
    pub lease: Lease,
    /// Whether somebody asked for the job to be stopped.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cancel_requested: bool,
}

/// Body of `POST /v1/jobs/{id}/finish`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct FinishReport {
    /// Of the lease.
    pub fence: Fence,
    /// How it ended.
    pub outcome: Outcome,
    /// The command's exit code; 128 + n when signal n ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Why it did not succeed, in one line; at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// When it ended, if the report comes late. A moment in the future becomes now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
}

/// Answer to `GET /v1/jobs?state=running`: what a visible panel polls.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct RunningList {
    /// The history that `seq` counts in.
    pub epoch: Epoch,
    /// The newest event that the list contains.
    pub seq: Sequence,
    /// The hub's clock.
    pub now: Timestamp,
    /// Of all jobs.
    pub counts: Counts,
    /// Every running job, oldest start first, with its latest progress; of thousands, those that started last, as
    /// many as 1.5 MiB hold.
    pub jobs: Vec<Job>,
}

/// Answer to `GET /v1/jobs` without `state=running`: one page, newest first.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct JobPage {
    /// At most `limit` jobs.
    pub jobs: Vec<Job>,
    /// Goes into `cursor` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<JobId>,
}

/// Query of `GET /v1/jobs`. What is given together must all be so; the default is the newest of all.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct JobQuery {
    /// Only jobs in this state. `running` and nothing else lists what runs, with its progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<JobState>,
    /// Only runs of this job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Only parts of this job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<JobId>,
    /// Only jobs with this label, as `name=value`; up to the first `=` it is the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(regex(pattern = "^[^=]+=")))]
    pub label: Option<String>,
    /// Only jobs whose name has this in it, with ASCII letters in either case; at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "q")]
    #[cfg_attr(feature = "openapi", schemars(length(max = limits::NAME_CHARS)))]
    pub text: Option<String>,
    /// Only jobs that ended after this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_after: Option<Timestamp>,
    /// `next_cursor` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<JobId>,
    /// At most this many jobs, up to 200; 50 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// Answer to `GET /v1/jobs`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum JobList {
    /// With `state=running` and nothing else.
    Running(RunningList),
    /// Else.
    Page(JobPage),
}

/// Body of `POST /v1/test-jobs`: the built-in job of 8 steps that shows whether everything works.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewTestJob {
    /// How long it takes, in milliseconds; 30,000 when left out, at most one hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(max = 3_600_000)))]
    pub duration_ms: Option<u64>,
    /// The step at which it should fail, 1 to 8; it succeeds when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = limits::TEST_JOB_STEPS)))]
    pub fail_at_step: Option<u32>,
}

impl NewJob {
    /// The request with its text cleaned and its key filled in.
    ///
    /// # Errors
    /// Names the field that is not allowed.
    pub fn check(mut self) -> Result<Self, Invalid> {
        self.name = text::clean(&self.name);
        text::check_length("name", &self.name, limits::NAME_CHARS)?;
        let key = self.key.map_or_else(|| text::slug(&self.name), |key| text::clean(&key));
        text::check_length("key", &key, limits::KEY_CHARS)?;
        if !text::is_word(&key) {
            return Err(Invalid::new("key", format!("must be {}; as in {}", text::WORD, text::slug(&key))));
        }
        self.key = Some(key);
        if self.start && self.task != Task::default() {
            return Err(Invalid::new(
                "command",
                "a started job is run by its reporter; leave out command, cwd, env, umask and ulimits, or leave out start",
            ));
        }
        if self.start {
            self.check_waits_for_nothing()?;
        } else if self.secret_sha256.is_some() {
            return Err(Invalid::new("secret_sha256", "the worker that claims a queued job makes its secret; leave this out"));
        } else {
            self.task.check()?;
        }
        if self.attempts.is_some_and(|attempts| !(1..=limits::ATTEMPTS).contains(&attempts)) {
            return Err(Invalid::new("attempts", format!("must be between 1 and {}", limits::ATTEMPTS)));
        }
        if self.after.len() > limits::AFTER_JOBS {
            return Err(Invalid::new("after", format!("must name at most {} jobs", limits::AFTER_JOBS)));
        }
        self.labels = checked_labels(self.labels)?;
        self.url.as_deref().map_or(Ok(()), check_url)?;
        if self.notify_after_ms.is_some_and(|after| after > limits::COUNT) {
            return Err(Invalid::new("notify_after_ms", format!("must be at most {}", limits::COUNT)));
        }
        self.origin = self.origin.map(Origin::cut);
        if let Some(host) = &mut self.host {
            *host = text::clean(host);
            text::check_length("host", host, limits::NAME_CHARS)?;
        }
        Ok(self)
    }

    fn check_waits_for_nothing(&self) -> Result<(), Invalid> {
        let queued_only = [
            ("priority", self.priority.is_some()),
            ("not_before", self.not_before.is_some()),
            ("host", self.host.is_some()),
            ("after", !self.after.is_empty()),
            ("attempts", self.attempts.is_some()),
        ];
        match queued_only.into_iter().find(|(_, given)| *given) {
            Some((field, _)) => Err(Invalid::new(field, "a started job runs already; leave this out, or leave out start")),
            None => Ok(()),
        }
    }
}

impl Task {
    /// The names of the limits that a task may bring.
    pub const ULIMITS: [&str; 9] = ["as", "core", "cpu", "data", "fsize", "memlock", "nofile", "nproc", "stack"];

    pub(crate) fn check(&self) -> Result<(), Invalid> {
        if self.command.first().is_none_or(String::is_empty) {
            return Err(Invalid::new("command", "name a program to queue, or send \"start\": true for a job that you run yourself"));
        }
        if self.command.len() > limits::COMMAND_ARGS {
            return Err(Invalid::new("command", format!("must have at most {} arguments; a script takes more", limits::COMMAND_ARGS)));
        }
        if self.command.iter().any(|arg| arg.contains('\0')) {
            return Err(Invalid::new("command", "must not contain NUL"));
        }
        if self.env.len() > limits::ENV_VARS {
            return Err(Invalid::new("env", format!("must have at most {} variables", limits::ENV_VARS)));
        }
        if self.env.iter().any(|(name, value)| name.is_empty() || name.contains(['=', '\0']) || value.contains('\0')) {
            return Err(Invalid::new("env", "a name must be non-empty and without '=', and nothing may contain NUL"));
        }
        if self.cwd.as_ref().is_some_and(|cwd| cwd.contains('\0')) {
            return Err(Invalid::new("cwd", "must not contain NUL"));
        }
        if self.umask.is_some_and(|umask| umask > 0o777) {
            return Err(Invalid::new("umask", "must be at most 511, which is octal 777"));
        }
        if let Some(name) = self.ulimits.keys().find(|name| !Self::ULIMITS.contains(&name.as_str())) {
            return Err(Invalid::new("ulimits", format!("{name:?} is not one of {}", Self::ULIMITS.join(", "))));
        }
        if self.ulimits.values().flatten().any(|limit| *limit > limits::COUNT) {
            return Err(Invalid::new("ulimits", format!("must be at most {} each, or null for no limit", limits::COUNT)));
        }
        Ok(())
    }
}

impl JobQuery {
    /// The query with its text cleaned as that of jobs is.
    ///
    /// # Errors
    /// Names the parameter that is not allowed.
    pub fn check(mut self) -> Result<Self, Invalid> {
        if self.state == Some(JobState::Unknown) {
            return Err(Invalid::new("state", "use queued, running, succeeded, failed, cancelled or lost"));
        }
        self.text = self.text.map(|text| text::clean(&text)).filter(|text| !text.is_empty());
        if self.text.as_ref().is_some_and(|text| text.chars().count() > limits::NAME_CHARS) {
            return Err(Invalid::new("q", format!("must have at most {} characters", limits::NAME_CHARS)));
        }
        if let Some(label) = &mut self.label {
            let (name, value) = label.split_once('=').ok_or_else(|| Invalid::new("label", "must be name=value"))?;
            let (name, value) = (text::clean(name), text::clean(value));
            if name.is_empty() {
                return Err(Invalid::new("label", "must have a name, as in name=value"));
            }
            *label = format!("{name}={value}");
        }
        Ok(self)
    }

    /// The label's name and value.
    #[must_use]
    pub fn label(&self) -> Option<(&str, &str)> {
        self.label.as_deref()?.split_once('=')
    }

    /// Whether it asks for what runs, and nothing else.
    #[must_use]
    pub fn is_running_list(&self) -> bool {
        *self == Self { state: Some(JobState::Running), cursor: self.cursor, limit: self.limit, ..Self::default() }
    }
}

impl FinishReport {
    /// The report with its text cleaned.
    #[must_use]
    pub fn check(mut self) -> Self {
        self.failure = self.failure.map(|failure| text::clean_cut(&failure, limits::FAILURE_CHARS)).filter(|failure| !failure.is_empty());
        self
    }
}

impl NewTestJob {
    /// Duration when the request names none.
    pub const DURATION_MS: u64 = 30_000;

    /// The request, when its figures are in range.
    ///
    /// # Errors
    /// Names the field that is out of range.
    pub fn check(self) -> Result<Self, Invalid> {
        let longest = u64::try_from(limits::TEST_JOB_DURATION.as_millis()).unwrap_or(u64::MAX);
        if self.duration_ms.is_some_and(|duration| duration > longest) {
            return Err(Invalid::new("duration_ms", format!("must be at most {longest}")));
        }
        if self.fail_at_step.is_some_and(|step| !(1..=limits::TEST_JOB_STEPS).contains(&step)) {
            return Err(Invalid::new("fail_at_step", format!("must be between 1 and {}", limits::TEST_JOB_STEPS)));
        }
        Ok(self)
    }
}

fn checked_labels(labels: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Invalid> {
    if labels.len() > limits::LABELS {
        return Err(Invalid::new("labels", format!("must be at most {}", limits::LABELS)));
    }
    let checked = |(name, value): (String, String)| {
        let (name, value) = (text::clean(&name), text::clean(&value));
        text::check_length("labels", &name, limits::LABEL_NAME_CHARS)?;
        if value.chars().count() > limits::LABEL_CHARS {
            return Err(Invalid::new("labels", format!("a value must have at most {} characters", limits::LABEL_CHARS)));
        }
        Ok((name, value))
    };
    labels.into_iter().map(checked).collect()
}

/// Whether `url` is the address of a page: somebody may open it with a click.
///
/// # Errors
/// It is something else, or too long.
pub fn check_url(url: &str) -> Result<(), Invalid> {
    let is_page = url.split_once("://").is_some_and(|(scheme, rest)| {
        matches!(scheme, "http" | "https") && !rest.is_empty() && !rest.starts_with('/') && url.chars().all(|c| c.is_ascii_graphic())
    });
    if !is_page {
        return Err(Invalid::new("url", "must be the address of a page, as in https://ci.example/runs/7"));
    }
    if url.len() > limits::URL_CHARS {
        return Err(Invalid::new("url", format!("must have at most {} characters", limits::URL_CHARS)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(name: &str) -> NewJob {
        NewJob { name: name.to_owned(), start: true, ..NewJob::default() }
    }

    #[test]
    fn a_key_is_a_word() {
        let key = |key: &str| NewJob { key: Some(key.to_owned()), ..started("x") }.check();
        assert_eq!(key("@scope/pkg:x").unwrap().key.as_deref(), Some("@scope/pkg:x"));
        let refusal = key("x;touch${IFS}owned;").unwrap_err();
        assert!(refusal.field == "key" && refusal.message.ends_with("as in x-touch-ifs-owned"), "{refusal}");
    }

    #[test]
    fn the_key_defaults_to_a_slug_of_the_name() {
        assert_eq!(started("cargo build").check().unwrap().key.as_deref(), Some("cargo-build"));
    }

    #[test]
    fn names_are_cleaned_and_bounded() {
        assert_eq!(started(" a\u{1b}\tb ").check().unwrap().name, "a b");
        assert_eq!(started("\u{202e}\n").check().unwrap_err().field, "name");
        assert_eq!(started(&"x".repeat(201)).check().unwrap_err().field, "name");
        assert!(started(&"ü".repeat(200)).check().is_ok());
    }

    #[test]
    fn labels_and_addresses_are_checked() {
        let labelled = |name: &str, value: &str| NewJob { labels: BTreeMap::from([(name.to_owned(), value.to_owned())]), ..started("x") };
        assert_eq!(labelled(" branch\n", "ma\u{1b}in").check().unwrap().labels, BTreeMap::from([("branch".to_owned(), "main".to_owned())]));
        assert!(labelled("x", "").check().is_ok());
        for (name, value) in [("", "x"), (&*"n".repeat(41), "x"), ("x", &*"v".repeat(201))] {
            assert_eq!(labelled(name, value).check().unwrap_err().field, "labels");
        }
        let many = (0..17).map(|n| (n.to_string(), String::new())).collect();
        assert_eq!(NewJob { labels: many, ..started("x") }.check().unwrap_err().field, "labels");
        let at = |url: &str| NewJob { url: Some(url.to_owned()), ..started("x") }.check();
        assert!(at("https://ci.example/runs/7?x=1#log").is_ok());
        for url in
            ["", "ci.example", "file:///etc/passwd", "javascript:alert(1)", "https://", "http:///x", "http://a b", "http://a\u{202e}"]
        {
            assert_eq!(at(url).unwrap_err().field, "url", "{url}");
        }
        assert_eq!(NewJob { notify_after_ms: Some(1 << 53), ..started("x") }.check().unwrap_err().field, "notify_after_ms");
    }

    #[test]
    fn a_job_is_either_started_or_has_a_command() {
        let queued = NewJob { start: false, ..started("x") };
        assert_eq!(queued.check().unwrap_err().field, "command");
        let task = Task { command: vec!["true".to_owned()], ..Task::default() };
        assert_eq!(NewJob { task, ..started("x") }.check().unwrap_err().field, "command");
    }

    #[test]
    fn a_task_that_no_process_could_have_is_refused() {
        let queued = |task| NewJob { start: false, task, ..started("x") };
        let command = || vec!["true".to_owned()];
        let env = |name: &str| BTreeMap::from([(name.to_owned(), String::new())]);
        for (field, task) in [
            ("command", Task { command: vec!["a\0b".to_owned()], ..Task::default() }),
            ("command", Task { command: vec![String::new()], ..Task::default() }),
            ("env", Task { command: command(), env: env("A=B"), ..Task::default() }),
            ("env", Task { command: command(), env: env(""), ..Task::default() }),
            ("cwd", Task { command: command(), cwd: Some("\0".to_owned()), ..Task::default() }),
            ("umask", Task { command: command(), umask: Some(0o1000), ..Task::default() }),
            ("ulimits", Task { command: command(), ulimits: [("files".to_owned(), None)].into(), ..Task::default() }),
            ("ulimits", Task { command: command(), ulimits: [("nofile".to_owned(), Some(u64::MAX))].into(), ..Task::default() }),
        ] {
            assert_eq!(queued(task).check().unwrap_err().field, field);
        }
    }

    #[test]
    fn only_a_queued_job_waits() {
        let task = Task { command: vec!["true".to_owned()], ..Task::default() };
        let queued = |attempts| NewJob { start: false, task: task.clone(), attempts: Some(attempts), ..started("x") };
        assert!(queued(10).check().is_ok());
        for attempts in [0, 11] {
            assert_eq!(queued(attempts).check().unwrap_err().field, "attempts");
        }
        let many = NewJob { after: vec![JobId(uuid::Uuid::nil()); 101], ..queued(1) };
        assert_eq!(many.check().unwrap_err().field, "after");
        for (field, job) in [
            ("priority", NewJob { priority: Some(0), ..started("x") }),
            ("not_before", NewJob { not_before: Some(Timestamp::EPOCH), ..started("x") }),
            ("after", NewJob { after: vec![JobId(uuid::Uuid::nil())], ..started("x") }),
            ("attempts", NewJob { attempts: Some(1), ..started("x") }),
        ] {
            assert_eq!(job.check().unwrap_err().field, field);
        }
    }

    #[test]
    fn a_test_job_has_eight_steps_and_lasts_an_hour_at_most() {
        let fails_at = |step| NewTestJob { fail_at_step: Some(step), ..NewTestJob::default() }.check();
        assert!(fails_at(8).is_ok());
        assert_eq!(fails_at(0).unwrap_err().field, "fail_at_step");
        assert_eq!(fails_at(9).unwrap_err().field, "fail_at_step");
        let lasts = |duration_ms| NewTestJob { duration_ms: Some(duration_ms), ..NewTestJob::default() }.check();
        assert!(lasts(3_600_000).is_ok());
        assert_eq!(lasts(3_600_001).unwrap_err().field, "duration_ms");
    }
}
