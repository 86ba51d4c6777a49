//! Which job is meant: by its id, the beginning or the end of its id, its name or its key.
//!
//! - What is not over comes first: `doorbell log ingest` while `ingest` runs means that run, not last
//!   night's.
//! - Of what is over, a name means the newest run of its key, as people see the runs of a job as one job. Two
//!   keys under one name are two jobs, and nobody guesses between them.
//! - Several that fit are an error that lists them: to cancel the wrong job is worse than to ask a second
//!   time. Only a whole name or key comes before any part of an id.
//! - Ids are UUIDv7. They begin with the time, so a short beginning names a day and no job: it counts when it
//!   goes beyond the time. An end is only looked for when nothing else fits, as it takes all pages.

use std::{collections::HashSet, fmt, hash::Hash};

use anyhow::bail;
use doorbell_client::{
    Client,
    rest::{JobQuery, Running},
};
use doorbell_protocol::{Job, JobId, JobState, limits};
use uuid::Uuid;

/// Most jobs that are named when it is not clear which one is meant.
const NAMED: usize = 5;
/// Fewest characters that may stand for the beginning of an id: the time to the millisecond, which takes up twelve digits and a hyphen.
const BEGINNING_LEAST: usize = 13;
/// Fewest characters that may stand for the end of an id.
const END_LEAST: usize = 4;
/// Characters of an id's end that tables show: the beginning is a time, which jobs that are queued together share.
pub(crate) const SHORT: usize = 6;

/// Help for an argument that names jobs.
pub(crate) const HELP: &str = "Its name, its key, or its id; of an id the last four characters are enough";

/// No job is meant by this.
#[derive(Debug)]
pub(crate) struct NotFound(String);

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "No job is called {:?}, and no id ends so. `doorbell ls` shows the jobs.", self.0)
    }
}

impl std::error::Error for NotFound {}

/// The end of an id, by which people can name the job.
pub(crate) fn short(id: impl ToString) -> String {
    let id = id.to_string();
    id[id.len().saturating_sub(SHORT)..].to_owned()
}

/// The job that somebody means, in whatever state. Of jobs that are over, a name or a key means the newest run.
pub(crate) async fn job(client: &Client, asked: &str) -> anyhow::Result<Job> {
    if let Ok(id) = asked.parse() {
        return Ok(client.job(id).await?);
    }
    let unfinished = unfinished(client).await?;
    let named =
        if unfinished.iter().any(|job| is_named(asked, job)) { unfinished.clone() } else { newest_runs(named(client, asked).await?) };
    for jobs in [named, unfinished] {
        if let Some(job) = one_of(asked, jobs)? {
            return Ok(job);
        }
    }
    one_of(asked, by_id(client, asked).await?)?.ok_or_else(|| NotFound(asked.to_owned()).into())
}

/// [`job`], by its id alone. An id need not exist.
pub(crate) async fn id(client: &Client, asked: &str) -> anyhow::Result<JobId> {
    match asked.parse() {
        Ok(id) => Ok(id),
        Err(_) => Ok(job(client, asked).await?.id),
    }
}

/// The jobs that somebody means, each with what it was called and once. When one is not found, nothing is done to the others.
pub(crate) async fn each_of<'a, T: Eq + Hash + Copy>(
    asked: &'a [String],
    mut find: impl AsyncFnMut(&'a str) -> anyhow::Result<T>,
) -> anyhow::Result<Vec<(&'a str, T)>> {
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    for asked in asked {
        let one = find(asked).await?;
        if seen.insert(one) {
            found.push((asked.as_str(), one));
        }
    }
    Ok(found)
}

/// The job that somebody means, if it is not over.
pub(crate) async fn unfinished_id(client: &Client, asked: &str) -> anyhow::Result<JobId> {
    if let Ok(id) = asked.parse() {
        return Ok(id);
    }
    match one_of(asked, unfinished(client).await?)? {
        Some(job) => Ok(job.id),
        None => bail!("No running or queued job is called {asked:?}. `doorbell ls` shows the jobs."),
    }
}

/// Whether `asked` stands for this id.
pub(crate) fn is_part_of_id(asked: &str, id: Uuid) -> bool {
    let (asked, id) = (asked.to_ascii_lowercase(), id.to_string());
    (asked.len() >= BEGINNING_LEAST && id.starts_with(&asked)) || (asked.len() >= END_LEAST && id.ends_with(&asked))
}

/// What to say when `asked` fits several things, each told by its id and its name.
pub(crate) fn unclear(asked: &str, things: &str, fitting: &[(Uuid, &str)]) -> anyhow::Error {
    let some: Vec<String> = fitting.iter().take(NAMED).map(|(id, name)| format!("\n  {id}  {name}")).collect();
    let more = if fitting.len() > NAMED { "\n  …" } else { "" };
    anyhow::anyhow!("{} {things} fit {asked:?}. Use the id of one:{}{more}", fitting.len(), some.concat())
}

/// Queued jobs first: one that is claimed meanwhile is then in both lists, and never in none.
async fn unfinished(client: &Client) -> anyhow::Result<Vec<Job>> {
    let mut jobs = pages(client, JobQuery { state: Some(JobState::Queued), ..JobQuery::default() }, |_| true).await?;
    // No ETag was sent, so there always is a list.
    if let Running::List { list, .. } = client.running(None).await? {
        jobs.extend(list.jobs);
    }
    Ok(jobs)
}

async fn named(client: &Client, asked: &str) -> anyhow::Result<Vec<Job>> {
    // The hub looks for no more characters than a name may have.
    let text: String = asked.chars().take(limits::NAME_CHARS).collect();
    let mut jobs = pages(client, JobQuery { text: Some(text), ..JobQuery::default() }, |_| true).await?;
    if !jobs.iter().any(|job| is_named(asked, job)) {
        jobs = pages(client, JobQuery { key: Some(asked.to_owned()), ..JobQuery::default() }, |_| true).await?;
    }
    jobs.retain(|job| is_named(asked, job));
    Ok(jobs)
}

/// Pages go by id, from the newest, so those with a beginning in common follow one another. For an end there is no order.
async fn by_id(client: &Client, asked: &str) -> anyhow::Result<Vec<Job>> {
    if asked.len() < END_LEAST || !asked.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-') {
        return Ok(Vec::new());
    }
    let mut jobs = Vec::new();
    if asked.len() >= BEGINNING_LEAST {
        let prefix = asked.to_ascii_lowercase();
        let query = JobQuery { cursor: last_id_that_begins(&prefix), ..JobQuery::default() };
        jobs = pages(client, query, |job| job.id.to_string().starts_with(&prefix)).await?;
        jobs.retain(|job| is_part_of_id(asked, job.id.0));
    }
    if jobs.is_empty() {
        jobs = pages(client, JobQuery::default(), |_| true).await?;
        jobs.retain(|job| is_part_of_id(asked, job.id.0));
    }
    Ok(jobs)
}

/// `prefix`, filled up with the largest digits.
fn last_id_that_begins(prefix: &str) -> Option<JobId> {
    const LAST: &str = "ffffffff-ffff-ffff-ffff-ffffffffffff";
    format!("{prefix}{}", LAST.get(prefix.len()..)?).parse().ok()
}

/// Every page, as long as its last job is `wanted`.
async fn pages(client: &Client, query: JobQuery, wanted: impl Fn(&Job) -> bool) -> anyhow::Result<Vec<Job>> {
    let (mut jobs, mut pages) = (Vec::new(), client.pages(query));
    while let Some(page) = pages.next().await? {
        let go_on = page.last().is_some_and(&wanted);
        jobs.extend(page);
        if !go_on {
            break;
        }
    }
    Ok(jobs)
}

/// The newest run of each key stands for those before it.
fn newest_runs(mut jobs: Vec<Job>) -> Vec<Job> {
    jobs.sort_by(|a, b| (&a.key, b.id).cmp(&(&b.key, a.id)));
    jobs.dedup_by(|a, b| a.key == b.key);
    jobs
}

fn is_named(asked: &str, job: &Job) -> bool {
    job.name == asked || job.key == asked
}

fn one_of(asked: &str, jobs: Vec<Job>) -> anyhow::Result<Option<Job>> {
    let (named, others): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(|job| is_named(asked, job));
    let mut fitting = if named.is_empty() { others.into_iter().filter(|job| is_part_of_id(asked, job.id.0)).collect() } else { named };
    fitting.sort_by_key(|job| job.id);
    fitting.dedup_by_key(|job| job.id);
    match fitting.len() {
        0 | 1 => Ok(fitting.pop()),
        _ => Err(unclear(asked, "jobs", &fitting.iter().map(|job| (job.id.0, job.name.as_str())).collect::<Vec<_>>())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(n: u128, name: &str, key: &str) -> Job {
        let id = JobId(Uuid::from_u128(n));
        let json = serde_json::json!({
            "id": id, "key": key, "name": name, "state": "succeeded", "attempt": 1, "created_at": "2026-11-21T10:00:00.000Z",
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_job_is_found_by_name_key_and_either_end_of_its_id() {
        let jobs = || {
            vec![
                job(0xaaaa_0001_bbbb_7000_u128 << 64 | 0x1234, "make", "build"),
                job(0xaaaa_0001_bbbb_7001_u128 << 64 | 0x5678, "test", "t"),
            ]
        };
        for (asked, found) in [
            ("make", Some("make")),
            ("build", Some("make")),
            ("AAAA0001-bbbb-7001", Some("test")),
            ("5678", Some("test")),
            ("678", None),
            ("0", None),
            ("aaaa0001", None),
            ("aaaa0001-bbb", None),
            ("", None),
        ] {
            assert_eq!(one_of(asked, jobs()).unwrap().map(|job| job.name).as_deref(), found, "{asked}");
        }
        let unclear = one_of("aaaa0001-bbbb", jobs()).unwrap_err().to_string();
        assert!(unclear.starts_with("2 jobs fit \"aaaa0001-bbbb\". Use the id of one:\n  aaaa0001-"), "{unclear}");
    }

    #[test]
    fn a_whole_name_or_key_comes_before_a_part_of_an_id() {
        let jobs = vec![job(0x5678, "5678", "a"), job(0xaa_5678, "other", "b")];
        assert_eq!(one_of("5678", jobs).unwrap().map(|job| job.name).as_deref(), Some("5678"));
    }

    #[test]
    fn the_newest_run_of_a_key_stands_for_the_others() {
        let runs = newest_runs(vec![job(1, "make", "a"), job(3, "make", "a"), job(2, "make", "b")]);
        assert_eq!(runs.iter().map(|job| job.id.0.as_u128()).collect::<Vec<_>>(), [3, 2]);
    }

    #[test]
    fn the_pages_of_a_beginning_start_behind_its_last_id() {
        assert_eq!(last_id_that_begins("01a1f").unwrap().to_string(), "01a1ffff-ffff-ffff-ffff-ffffffffffff");
        assert_eq!(last_id_that_begins("01a1fe78-d8").unwrap().to_string(), "01a1fe78-d8ff-ffff-ffff-ffffffffffff");
        assert_eq!(last_id_that_begins("01a1fe78d8"), None);
    }
}
