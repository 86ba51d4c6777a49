//! The jobs that are over: searched by what people know of them, and deleted when their time has come.
//!
//! A history may have 100,000 jobs, so no query reads every record: each names the index that it goes by.

use std::str::FromStr;

use doorbell_protocol::{Job, Question, Timestamp};
use rusqlite::{Connection, ToSql, Transaction, params, params_from_iter};

use super::{
    super::{
        contract::{PageQuery, QuestionsQuery},
        error::StoreError,
    },
    parse::{bytes, parse_question, parse_record},
    said::Said,
};

/// The page that `query` asks for.
pub(super) fn page(connection: &Connection, said: &Said, query: &PageQuery) -> Result<Vec<Job>, StoreError> {
    let statement = |before, limit| statement(&PageQuery { before, limit, ..query.clone() });
    readable(connection, said, statement, query.before, query.limit, |json| Ok(parse_record(json)?.job))
}

/// A page of what can be read. What cannot hides only itself: the rows behind it take its place.
fn readable<T, Id: FromStr>(
    connection: &Connection,
    said: &Said,
    statement: impl Fn(Option<Id>, usize) -> (String, Vec<Box<dyn ToSql>>),
    mut before: Option<Id>,
    limit: usize,
    parse: impl Fn(&[u8]) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut page = Vec::new();
    loop {
        let wanted = limit - page.len();
        let (sql, values) = statement(before, wanted);
        let mut select = connection.prepare_cached(&sql)?;
        let rows = select.query_map(params_from_iter(values), |row| Ok((bytes(row, 0)?, bytes(row, 1)?)))?;
        let (mut found, mut last) = (0, None);
        for row in rows {
            let (id, json) = row?;
            let id = String::from_utf8_lossy(&id);
            page.extend(said.readable(&id, parse(&json)));
            (found, last) = (found + 1, id.parse().ok());
        }
        if found < wanted || page.len() == limit || last.is_none() {
            return Ok(page);
        }
        before = last;
    }
}

/// Deletes at most `most` of the jobs that ended before `before`, or that are not among the `keep` which ended last; the
/// oldest first. Gives their ids.
pub(super) fn delete_old(
    transaction: &Transaction<'_>,
    said: &Said,
    before: Timestamp,
    keep: usize,
    most: usize,
) -> Result<Vec<String>, StoreError> {
    // The newest job that must go because there are too many: everything up to it goes.
    let beyond: Option<(String, String)> =
        transaction.prepare_cached(BEYOND)?.query_map([number(keep)], |row| Ok((row.get(0)?, row.get(1)?)))?.next().transpose()?;
    let old = (before.to_string(), String::new());
    let (finished_at, id) = beyond.map_or_else(|| old.clone(), |beyond| beyond.max(old.clone()));
    let ids = transaction
        .prepare_cached(DUE)?
        .query_map(params![finished_at, id, number(most)], |row| row.get(0))?
        .collect::<Result<Vec<String>, _>>()?;
    // The indexes are made of the record, so SQLite cannot delete one that is no JSON any more. It holds up no other.
    Ok(ids.into_iter().filter(|id| said.readable(id, delete(transaction, id)).is_some()).collect())
}

const BEYOND: &str = "SELECT finished_at, id FROM jobs WHERE finished_at > '' ORDER BY finished_at DESC, id DESC LIMIT 1 OFFSET ?1";

const DUE: &str = "SELECT id FROM jobs INDEXED BY jobs_by_end
    WHERE finished_at > '' AND (finished_at, id) <= (?1, ?2) ORDER BY finished_at, id LIMIT ?3";

/// Deletes a job with all that belongs to it: the one way that a job goes, by hand or when its time has come.
///
/// Rows of other tables that belong to a job are to be deleted here as well.
pub(super) fn delete(transaction: &Transaction<'_>, id: &str) -> Result<(), StoreError> {
    transaction.prepare_cached(DELETE)?.execute([id])?;
    Ok(())
}

const DELETE: &str = "DELETE FROM jobs WHERE id = ?1";

/// When the job that ended first did so.
pub(super) fn oldest_end(connection: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let mut select = connection.prepare_cached(OLDEST)?;
    let oldest: Option<String> = select.query_row([], |row| row.get(0))?;
    Ok(oldest.and_then(|text| text.parse().ok()))
}

const OLDEST: &str = "SELECT min(finished_at) FROM jobs WHERE finished_at > ''";

/// Ids sort by time of creation, so the order of the ids is the order of the pages.
fn statement(query: &PageQuery) -> (String, Vec<Box<dyn ToSql>>) {
    let PageQuery { state, key, parent, label, text, finished_after, of, before, limit } = query;
    // What finds the fewest jobs goes first. Nothing that may find many may parse a record for a job that is not wanted.
    let (from, id) = match query {
        PageQuery { parent: Some(_), .. } => ("jobs INDEXED BY jobs_by_parent", "id"),
        PageQuery { of: Some(_), .. } => ("job_tokens CROSS JOIN jobs INDEXED BY jobs_in_short ON id = job", "job"),
        // Has every column that a condition beside it may name.
        PageQuery { text: Some(_), .. } => ("jobs INDEXED BY jobs_in_short", "id"),
        PageQuery { key: Some(_), .. } => ("jobs INDEXED BY jobs_by_key", "id"),
        PageQuery { label: Some(_), .. } => ("labels CROSS JOIN jobs INDEXED BY jobs_in_short ON id = job", "job"),
        PageQuery { finished_after: Some(_), .. } => ("jobs INDEXED BY jobs_by_end", "id"),
        PageQuery { state: Some(_), .. } => ("jobs INDEXED BY jobs_by_state", "id"),
        PageQuery { .. } => ("jobs", "id"),
    };
    let mut conditions = vec![format!("{id} < ?")];
    // `g` sorts behind every hexadecimal digit.
    let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(before.map_or_else(|| "g".to_owned(), |id| id.to_string()))];
    let mut only = |condition: &str, value: Option<String>| {
        if let Some(value) = value {
            conditions.push(condition.to_owned());
            values.push(Box::new(value));
        }
    };
    only("state = ?", state.map(|state| state.as_str().to_owned()));
    only("key = ?", key.clone());
    only("parent = ?", parent.map(|parent| parent.to_string()));
    only("finished_at > ?", finished_after.map(|at| at.to_string()));
    only("name LIKE ? ESCAPE '\\'", text.as_deref().map(like));
    if let Some(token) = of {
        conditions.push(if from.starts_with("job_tokens") { "token = ?" } else { THEIRS }.to_owned());
        values.push(Box::new(token.to_string()));
    }
    if let Some((label, value)) = label {
        let is_first = from.starts_with("labels");
        conditions.push(if is_first { "label = ? AND value = ?" } else { LABELLED }.to_owned());
        values.extend([label, value].map(|text| Box::new(text.clone()) as _));
    }
    values.push(Box::new(number(*limit)));
    let wanted = format!("SELECT id FROM {from} WHERE {} ORDER BY {id} DESC LIMIT ?", conditions.join(" AND "));
    (format!("SELECT id, record FROM jobs WHERE id IN ({wanted}) ORDER BY id DESC"), values)
}

const THEIRS: &str = "EXISTS (SELECT 1 FROM job_tokens WHERE token = ? AND job = id)";

const LABELLED: &str = "EXISTS (SELECT 1 FROM labels WHERE label = ? AND value = ? AND job = id)";

/// The questions that `query` asks for. As with jobs, the order of the ids is the order of the pages.
pub(super) fn questions(connection: &Connection, said: &Said, query: &QuestionsQuery) -> Result<Vec<Question>, StoreError> {
    let statement = |before, limit| questions_statement(&QuestionsQuery { before, limit, ..*query });
    readable(connection, said, statement, query.before, query.limit, parse_question)
}

fn questions_statement(query: &QuestionsQuery) -> (String, Vec<Box<dyn ToSql>>) {
    let QuestionsQuery { with_open, job, of, before, limit } = *query;
    let from = match (job, of) {
        (Some(_), _) => "questions INDEXED BY questions_by_job",
        (None, Some(_)) => "job_tokens CROSS JOIN questions INDEXED BY questions_by_job ON questions.job = job_tokens.job",
        (None, None) => "questions",
    };
    let mut conditions = vec!["questions.id < ?"];
    let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(before.map_or_else(|| "g".to_owned(), |id| id.to_string()))];
    if !with_open {
        conditions.push("questions.state <> 'open'");
    }
    if let Some(job) = job {
        conditions.push("questions.job = ?");
        values.push(Box::new(job.to_string()));
    }
    if let Some(token) = of {
        conditions.push(if job.is_some() { ASKED_FOR_THEM } else { "job_tokens.token = ?" });
        values.push(Box::new(token.to_string()));
    }
    values.push(Box::new(number(limit)));
    let sql = format!("SELECT questions.id, question FROM {from} WHERE {} ORDER BY questions.id DESC LIMIT ?", conditions.join(" AND "));
    (sql, values)
}

const ASKED_FOR_THEM: &str = "EXISTS (SELECT 1 FROM job_tokens WHERE token = ? AND job_tokens.job = questions.job)";

/// The pattern that finds `text` anywhere.
fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use doorbell_protocol::{Epoch, JobId, JobState, TokenId};
    use rusqlite::StatementStatus;
    use uuid::Uuid;

    use super::*;
    use crate::store::{Change, SqliteStore, Store, Write, conformance, sqlite::database};

    /// What SQLite will do, a line a step.
    fn plan(connection: &Connection, sql: &str, values: Vec<Box<dyn ToSql>>) -> Vec<String> {
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        explain.query_map(params_from_iter(values), |row| row.get("detail")).unwrap().collect::<Result<_, _>>().unwrap()
    }

    /// A history of so many jobs, with few of every kind that is searched for.
    fn filled(jobs: u128) -> (tempfile::TempDir, SqliteStore) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(&folder.path().join("doorbell.db"), Epoch(7)).unwrap();
        let job = |n: u128| {
            let rare = n % 500 == 7;
            let mut record = conformance::record(n, if rare { JobState::Failed } else { JobState::Succeeded });
            record.job.key = if rare { "make" } else { "other" }.to_owned();
            record.job.name = if rare { "a_b" } else { "ab" }.to_owned();
            record.job.finished_at = Some(Timestamp::EPOCH + Duration::from_secs(u64::try_from(n).unwrap()));
            record.job.parent = rare.then_some(PARENT);
            record.created_by = rare.then_some(TOKEN).into();
            record.job.labels = [("team".to_owned(), if rare { "search" } else { "web" }.to_owned())].into();
            Write::Job(Change { record, question: None, event: None })
        };
        store.commit(&(1..=jobs).map(job).collect::<Vec<_>>()).unwrap();
        (folder, store)
    }

    const TOKEN: TokenId = TokenId(Uuid::from_u128(7));
    const PARENT: JobId = JobId(Uuid::from_u128(7));

    /// What is asked for by each bit of `bits`.
    fn query(bits: u32) -> PageQuery {
        let asked = |bit: u32| bits & bit != 0;
        PageQuery {
            state: asked(1).then_some(JobState::Failed),
            key: asked(2).then(|| "make".to_owned()),
            text: asked(4).then(|| "a_b".to_owned()),
            finished_after: asked(8).then_some(Timestamp::EPOCH),
            before: asked(16).then_some(JobId(Uuid::max())),
            parent: asked(32).then_some(PARENT),
            label: asked(64).then(|| ("team".to_owned(), "search".to_owned())),
            of: asked(128).then_some(TOKEN),
            limit: 50,
        }
    }

    #[test]
    fn every_list_and_search_goes_by_an_index() {
        let (_folder, store) = filled(2_000);
        for bits in 0..256 {
            let query = query(bits);
            let (sql, values) = statement(&query);
            let plan = plan(store.connection(), &sql, values);
            let expected = match query {
                PageQuery { parent: Some(_), .. } => "jobs_by_parent (parent=? AND id<?)",
                PageQuery { of: Some(_), .. } => "job_tokens USING PRIMARY KEY (token=? AND job<?)",
                PageQuery { text: Some(_), .. } => "jobs_in_short (id<?)",
                PageQuery { key: Some(_), .. } => "jobs_by_key (key=? AND id<?)",
                PageQuery { label: Some(_), .. } => "labels USING PRIMARY KEY (label=? AND value=? AND job<?)",
                PageQuery { finished_after: Some(_), .. } => "jobs_by_end (finished_at>?)",
                PageQuery { state: Some(_), .. } => "jobs_by_state (state=? AND id<?)",
                PageQuery { .. } => "USING PRIMARY KEY (id<?)",
            };
            assert!(plan.iter().any(|step| step.contains(expected)), "{query:?}: {plan:#?}");
            assert!(plan.iter().all(|step| !step.starts_with("SCAN")), "{query:?}: {plan:#?}");
            let found = page(store.connection(), &Said::default(), &query).unwrap().len();
            assert_eq!(found, if bits & !(8 | 16) == 0 { 50 } else { 4 }, "{query:?}");
        }
    }

    #[test]
    fn every_list_of_questions_goes_by_an_index() {
        let (_folder, store) = filled(100);
        for bits in 0..8 {
            let asked = |bit: u32| bits & bit != 0;
            let (job, of) = (asked(1).then_some(PARENT), asked(2).then_some(TOKEN));
            let query = QuestionsQuery { with_open: asked(4), job, of, before: None, limit: 50 };
            let (sql, values) = questions_statement(&query);
            let plan = plan(store.connection(), &sql, values);
            let expected = match (job, of) {
                (Some(_), _) => "questions USING INDEX questions_by_job (job=?",
                (None, Some(_)) => "job_tokens USING PRIMARY KEY (token=?",
                (None, None) => "questions USING PRIMARY KEY (id<?",
            };
            assert!(plan.iter().any(|step| step.contains(expected)), "{query:?}: {plan:#?}");
            assert!(plan.iter().all(|step| !step.starts_with("SCAN")), "{query:?}: {plan:#?}");
        }
    }

    /// Steps of SQLite's machine that a page takes.
    fn steps(store: &SqliteStore, query: &PageQuery) -> i32 {
        let (sql, values) = statement(query);
        let mut select = store.connection().prepare(&sql).unwrap();
        let found = select.query_map(params_from_iter(values), |row| row.get::<_, String>(0)).unwrap().count();
        assert!(found > 0, "{query:?}");
        assert_eq!(select.get_status(StatementStatus::FullscanStep), 0, "{query:?}");
        select.get_status(StatementStatus::VmStep)
    }

    #[test]
    fn a_page_takes_no_longer_in_a_long_history() {
        let ((_a, short), (_b, long)) = (filled(1_000), filled(10_000));
        // A search in names reads every name, and the jobs that ended since then are sorted: these two take longer.
        for bits in [0, 1, 2, 16, 32, 64, 65, 66, 96, 128, 129, 130, 132, 160, 192] {
            let query = PageQuery { limit: 2, ..query(bits) };
            let (few, many) = (steps(&short, &query), steps(&long, &query));
            assert!(many <= few + few / 10, "{query:?}: {few} steps of 1,000 jobs, {many} of 10,000");
        }
    }

    #[test]
    fn start_up_and_retention_go_by_an_index() {
        let (_folder, store) = filled(2_000);
        for (sql, index) in [
            (database::ACTIVE, "jobs_by_state (state=?)"),
            (database::OPEN_QUESTIONS, "questions_by_state (state=?)"),
            (OLDEST, "jobs_by_end (finished_at>?)"),
            (BEYOND, "jobs_by_end (finished_at>?)"),
            (DUE, "jobs_by_end (finished_at"),
            (DELETE, "jobs USING PRIMARY KEY (id=?)"),
        ] {
            let values = (0..sql.matches('?').count()).map(|_| Box::new(9) as _).collect();
            let plan = plan(store.connection(), sql, values);
            assert!(plan.iter().any(|step| step.contains(index)), "{sql}: {plan:#?}");
            assert!(plan.iter().all(|step| !step.starts_with("SCAN") && !step.contains("TEMP B-TREE")), "{sql}: {plan:#?}");
        }
    }
}
