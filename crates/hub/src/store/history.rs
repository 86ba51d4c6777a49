//! The jobs that are over: searched by what people know of them, and forgotten when their time has come.
//!
//! A history may have 100,000 jobs, so no query reads every record: each names the index that it goes by.

use doorbell_protocol::{Job, Timestamp};
use rusqlite::{Connection, ToSql, Transaction, params, params_from_iter};

use super::{PageQuery, StoreError, sqlite::parse_record};

/// The page that `query` asks for.
pub(super) fn page(connection: &Connection, query: &PageQuery) -> Result<Vec<Job>, StoreError> {
    let (sql, values) = statement(query);
    let mut select = connection.prepare_cached(&sql)?;
    let rows = select.query_map(params_from_iter(values), |row| row.get::<_, String>(0))?;
    rows.map(|json| Ok(parse_record(&json?)?.job)).collect()
}

/// Forgets at most `most` of the jobs that ended before `before`, or that are not among the `keep` which ended last; the
/// oldest first. Gives their ids.
pub(super) fn forget(transaction: &Transaction<'_>, before: Timestamp, keep: usize, most: usize) -> Result<Vec<String>, StoreError> {
    // The newest job that must go because there are too many: everything up to it goes.
    let beyond: Option<(String, String)> = transaction
        .prepare_cached("SELECT finished_at, id FROM jobs WHERE finished_at > '' ORDER BY finished_at DESC, id DESC LIMIT 1 OFFSET ?1")?
        .query_map([number(keep)], |row| Ok((row.get(0)?, row.get(1)?)))?
        .next()
        .transpose()?;
    let old = (before.to_string(), String::new());
    let (finished_at, id) = beyond.map_or_else(|| old.clone(), |beyond| beyond.max(old.clone()));
    let ids = transaction
        .prepare_cached(DUE)?
        .query_map(params![finished_at, id, number(most)], |row| row.get(0))?
        .collect::<Result<Vec<String>, _>>()?;
    for id in &ids {
        delete(transaction, id)?;
    }
    Ok(ids)
}

const DUE: &str = "SELECT id FROM jobs INDEXED BY jobs_by_end
    WHERE finished_at > '' AND (finished_at, id) <= (?1, ?2) ORDER BY finished_at, id LIMIT ?3";

/// Deletes a job with all that belongs to it: the one way that a job goes, by hand or when its time has come.
///
/// Rows of other tables that belong to a job are to be deleted here as well.
pub(super) fn delete(transaction: &Transaction<'_>, id: &str) -> Result<(), StoreError> {
    transaction.prepare_cached("DELETE FROM jobs WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// When the job that ended first did so.
pub(super) fn oldest_end(connection: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let mut select = connection.prepare_cached("SELECT min(finished_at) FROM jobs WHERE finished_at > ''")?;
    let oldest: Option<String> = select.query_row([], |row| row.get(0))?;
    Ok(oldest.and_then(|text| text.parse().ok()))
}

/// Ids sort by time of creation, so the order of the ids is the order of the pages.
fn statement(query: &PageQuery) -> (String, Vec<Box<dyn ToSql>>) {
    let PageQuery { state, key, text, finished_after, before, limit } = query;
    let mut conditions = Vec::new();
    let mut values: Vec<Box<dyn ToSql>> = Vec::new();
    let mut only = |condition, value: Option<Box<dyn ToSql>>| {
        if let Some(value) = value {
            conditions.push(condition);
            values.push(value);
        }
    };
    // `g` sorts behind every hexadecimal digit.
    only("id < ?", Some(Box::new(before.map_or_else(|| "g".to_owned(), |id| id.to_string()))));
    only("state = ?", state.map(|state| Box::new(state.as_str()) as _));
    only("key = ?", key.clone().map(|key| Box::new(key) as _));
    only("finished_at > ?", finished_after.map(|at| Box::new(at.to_string()) as _));
    only("name LIKE ? ESCAPE '\\'", text.as_deref().map(|text| Box::new(like(text)) as _));
    let index = match query {
        // Has every column that a condition may name, so that no record is parsed for a job that is not wanted.
        PageQuery { text: Some(_), .. } => " INDEXED BY jobs_in_short",
        PageQuery { key: Some(_), .. } => " INDEXED BY jobs_by_key",
        PageQuery { finished_after: Some(_), .. } => " INDEXED BY jobs_by_end",
        PageQuery { state: Some(_), .. } => " INDEXED BY jobs_by_state",
        PageQuery { .. } => "",
    };
    values.push(Box::new(number(*limit)));
    let wanted = format!("SELECT id FROM jobs{index} WHERE {} ORDER BY id DESC LIMIT ?", conditions.join(" AND "));
    (format!("SELECT record FROM jobs WHERE id IN ({wanted}) ORDER BY id DESC"), values)
}

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
    use doorbell_protocol::{Epoch, JobId, JobState};
    use uuid::Uuid;

    use super::*;
    use crate::store::SqliteStore;

    /// What SQLite will do, a line a step.
    fn plan(connection: &Connection, sql: &str, values: Vec<Box<dyn ToSql>>) -> Vec<String> {
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        explain.query_map(params_from_iter(values), |row| row.get("detail")).unwrap().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn every_list_and_search_goes_by_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("doorbell.db"), Epoch(7)).unwrap();
        let words = |given, word: &str| if given { Some(word.to_owned()) } else { None };
        for n in 0..32_u32 {
            let asked = |bit: u32| n & bit != 0;
            let query = PageQuery {
                state: asked(1).then_some(JobState::Failed),
                key: words(asked(2), "make"),
                text: words(asked(4), "a_b"),
                finished_after: asked(8).then_some(Timestamp::EPOCH),
                before: asked(16).then_some(JobId(Uuid::nil())),
                limit: 50,
            };
            let (sql, values) = statement(&query);
            let plan = plan(store.connection(), &sql, values);
            let expected = match (asked(4), asked(2), asked(8), asked(1)) {
                (true, _, _, _) => "jobs_in_short (id<?)",
                (_, true, _, _) => "jobs_by_key (key=? AND id<?)",
                (_, _, true, _) => "jobs_by_end (finished_at>?)",
                (_, _, _, true) => "jobs_by_state (state=? AND id<?)",
                (false, false, false, false) => "USING PRIMARY KEY (id<?)",
            };
            assert!(plan.iter().any(|step| step.contains(expected)), "{query:?}: {plan:#?}");
            assert!(plan.iter().all(|step| !step.starts_with("SCAN")), "{query:?}: {plan:#?}");
        }
    }

    #[test]
    fn start_up_and_retention_go_by_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("doorbell.db"), Epoch(7)).unwrap();
        for (sql, index) in [
            ("SELECT record FROM jobs WHERE state IN ('queued', 'running')", "jobs_by_state (state=?)"),
            ("SELECT min(finished_at) FROM jobs WHERE finished_at > ''", "jobs_by_end (finished_at>?)"),
            ("SELECT finished_at, id FROM jobs WHERE finished_at > '' ORDER BY finished_at DESC, id DESC LIMIT 1 OFFSET 9", "jobs_by_end"),
            (&DUE.replace("?1", "'x'").replace("?2", "'x'").replace("?3", "9"), "jobs_by_end (finished_at"),
        ] {
            let plan = plan(store.connection(), sql, Vec::new());
            assert!(plan.iter().any(|step| step.contains(index)), "{sql}: {plan:#?}");
            assert!(plan.iter().all(|step| !step.starts_with("SCAN") && !step.contains("TEMP B-TREE")), "{sql}: {plan:#?}");
        }
    }
}
