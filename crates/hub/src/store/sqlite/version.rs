//! Versions of the database's schema, counted in SQLite's `user_version`.

use rusqlite::Connection;

use super::super::error::StoreError;

/// Each step leads from the version of its index to the next. A step that was released is never changed.
const STEPS: &[&str] = &[
    "
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE jobs (
        id     TEXT PRIMARY KEY,
        state  TEXT NOT NULL,
        record TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX jobs_by_state ON jobs (state, id);
    CREATE TABLE events (
        seq  INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        data TEXT NOT NULL
    ) STRICT;
",
    "
    CREATE TABLE schedules (
        id   TEXT PRIMARY KEY,
        plan TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
",
    "
    CREATE TABLE questions (
        id       TEXT PRIMARY KEY,
        job      TEXT NOT NULL,
        state    TEXT NOT NULL,
        question TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX questions_by_state ON questions (state, id);
    CREATE INDEX questions_by_job ON questions (job);
    CREATE TRIGGER questions_follow_their_job AFTER DELETE ON jobs BEGIN
        DELETE FROM questions WHERE job = OLD.id;
    END;
",
    // Who may call.
    "
    CREATE TABLE tokens (
        id     TEXT PRIMARY KEY,
        sha256 BLOB NOT NULL UNIQUE,
        token  TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
",
    // What a history is searched by. The record stays the one truth; these columns exist in the indexes alone.
    "
    ALTER TABLE jobs ADD COLUMN key         TEXT AS (record ->> '$.job.key') VIRTUAL;
    ALTER TABLE jobs ADD COLUMN name        TEXT AS (record ->> '$.job.name') VIRTUAL;
    ALTER TABLE jobs ADD COLUMN finished_at TEXT AS (record ->> '$.job.finished_at') VIRTUAL;
    CREATE INDEX jobs_by_key   ON jobs (key, id);
    CREATE INDEX jobs_by_end   ON jobs (finished_at, id);
    CREATE INDEX jobs_in_short ON jobs (id, name, key, state, finished_at);
",
    // What belongs together: the parts of a job, and jobs with a label. A job has up to 16 labels, and an
    // index on an expression over the record holds one value a job, so labels have a table, whose primary key
    // is the index. The record stays the one truth: labels never change after a job was made, so the rows
    // cannot differ from it.
    "
    ALTER TABLE jobs ADD COLUMN parent TEXT AS (record ->> '$.job.parent') VIRTUAL;
    CREATE INDEX jobs_by_parent ON jobs (parent, id) WHERE parent IS NOT NULL;
    CREATE TABLE labels (
        label TEXT NOT NULL,
        value TEXT NOT NULL,
        job   TEXT NOT NULL,
        PRIMARY KEY (label, value, job)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX labels_by_job ON labels (job);
    INSERT INTO labels (label, value, job)
        SELECT named.key, named.value, jobs.id FROM jobs, json_each(jobs.record, '$.job.labels') AS named;
    CREATE TRIGGER labels_follow_their_job AFTER DELETE ON jobs BEGIN
        DELETE FROM labels WHERE job = OLD.id;
    END;
",
    // Tokens of before could read everything, whatever their role. They still can.
    "
    UPDATE tokens SET token = json_insert(token, '$.roles[#]', 'view')
        WHERE NOT EXISTS (SELECT 1 FROM json_each(token, '$.roles') WHERE value IN ('view', 'answer', 'admin'));
",
    // Whose a job is: the token that created it and the one that holds its run. The record stays the one truth; a job comes to
    // belong to a token and never ceases to, so the rows cannot differ from it.
    "
    CREATE TABLE job_tokens (
        token TEXT NOT NULL,
        job   TEXT NOT NULL,
        PRIMARY KEY (token, job)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX job_tokens_by_job ON job_tokens (job);
    INSERT INTO job_tokens (token, job)
        SELECT record ->> '$.created_by', id FROM jobs WHERE record ->> '$.created_by' IS NOT NULL
        UNION SELECT record ->> '$.held_by', id FROM jobs
            WHERE record ->> '$.held_by' IS NOT NULL AND record ->> '$.job.started_at' IS NOT NULL;
    CREATE TRIGGER job_tokens_follow_their_job AFTER DELETE ON jobs BEGIN
        DELETE FROM job_tokens WHERE job = OLD.id;
    END;
",
];

/// Brings the file to the newest version, one transaction a step.
pub(super) fn upgrade(connection: &mut Connection) -> Result<(), StoreError> {
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let done = usize::try_from(found).ok().filter(|done| *done <= STEPS.len()).ok_or(StoreError::Newer { found, known })?;
    for (step, version) in STEPS.iter().zip(1_i64..).skip(done) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use doorbell_protocol::{Epoch, Role, Sequence, Timestamp};

    use super::*;
    use crate::{
        access::tokens::StoredToken,
        store::{PageQuery, Read, SqliteStore, Store},
    };

    /// A file as a hub of this version left it: two jobs that ended, and one that runs. With version 2 comes a schedule, with 3
    /// a question that is open, with 4 a token, and with 6 a job that waits; from 5 on, one that ended has a parent and a label, and from 8
    /// on it is the token's.
    fn fixture(version: usize) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("doorbell.db");
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/database");
        std::fs::copy(fixtures.join(format!("version-{version}.db")), &path).unwrap();
        (folder, path)
    }

    fn schema(connection: &Connection) -> Vec<(String, Option<String>)> {
        let mut select = connection.prepare("SELECT name, sql FROM sqlite_master ORDER BY name").unwrap();
        select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn every_version_has_a_file_and_no_step_was_changed_since_it_was_written() {
        for version in 1..=STEPS.len() {
            let (_folder, path) = fixture(version);
            let released = Connection::open(path).unwrap();
            let found: i64 = released.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
            assert_eq!(found, i64::try_from(version).unwrap());
            let built = Connection::open_in_memory().unwrap();
            built.execute_batch(&STEPS[..version].concat()).unwrap();
            assert_eq!(schema(&released), schema(&built), "version {version}");
        }
    }

    #[test]
    fn files_of_every_version_are_opened_and_keep_what_they_had() {
        for version in 1..=STEPS.len() {
            let (_folder, path) = fixture(version);
            let epoch = {
                let mut store = SqliteStore::open(&path, Epoch(7)).unwrap();
                let mode: i64 = store.connection().query_row("PRAGMA auto_vacuum", [], |row| row.get(0)).unwrap();
                assert_eq!(mode, 2, "it gives back free space");
                let loaded = store.load().unwrap();
                assert_eq!((loaded.seq, loaded.events.len()), (Sequence(5), 5));
                let active: Vec<_> = loaded.active.iter().map(|record| record.job.key.as_str()).collect();
                assert_eq!(active, if version < 6 { vec!["deploy"] } else { vec!["ship", "deploy"] });
                let deploy = loaded.active.iter().find(|record| record.job.key == "deploy").unwrap();
                assert_eq!((deploy.job.attempts, deploy.job.priority, deploy.job.waiting), (1, 0, u32::from(version >= 3)));
                assert!(deploy.waits_for.is_empty() && deploy.next_run.is_none());
                let tokens = store.tokens().unwrap();
                let counts = (loaded.schedules.len(), loaded.questions.len(), tokens.len());
                assert_eq!(counts, (usize::from(version >= 2), usize::from(version >= 3), usize::from(version >= 4)));
                let may_view = |stored: &StoredToken| stored.token.roles.iter().any(|role| role.covers(Role::View));
                assert!(tokens.iter().all(may_view), "they could read everything before");

                let keys = |store: &mut SqliteStore, query| store.page(&query).unwrap().into_iter().map(|job| job.key).collect::<Vec<_>>();
                let since = PageQuery { finished_after: Some(Timestamp::EPOCH), ..PageQuery::default() };
                assert_eq!(keys(&mut store, since), ["ingest", "cargo-build"]);
                let parts = PageQuery { parent: Some(deploy.job.id), ..PageQuery::default() };
                assert_eq!(keys(&mut store, parts), if version < 5 { vec![] } else { vec!["ingest"] });
                let team = PageQuery { label: Some(("team".to_owned(), "web".to_owned())), ..PageQuery::default() };
                let labelled: &[&str] = match version {
                    1..=4 => &[],
                    5 => &["ingest"],
                    _ => &["ship", "ingest"],
                };
                assert_eq!(keys(&mut store, team), labelled);
                let theirs = PageQuery { of: tokens.first().map(|stored| stored.token.id), ..PageQuery::default() };
                if version >= 8 {
                    assert_eq!(keys(&mut store, theirs), ["ingest"]);
                }
                assert_eq!(store.delete_old(Timestamp::EPOCH, 1, 10).unwrap().len(), 1);
                loaded.epoch
            };
            assert_ne!(epoch, Epoch(7));
            assert_eq!(SqliteStore::open(&path, Epoch(7)).unwrap().load().unwrap().epoch, epoch);
        }
    }
}
