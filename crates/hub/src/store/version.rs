//! Versions of the database's schema, counted in SQLite's `user_version`.

use rusqlite::Connection;

use super::StoreError;

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
    // What belongs together: the parts of a job, and jobs with a label. Labels are in a table of their own, as a job has many.
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
    use doorbell_protocol::{Epoch, JobState, Sequence};

    use super::*;
    use crate::store::{SqliteStore, Store, conformance};

    /// As the first version wrote it.
    const RECORD: &str = r#"{"job":{"id":"0192f0c1-7a3b-7c4d-8e5f-0123456789ab","key":"make","name":"make","state":"running",
        "created_at":"2026-11-21T10:42:00.000Z","started_at":"2026-11-21T10:42:00.000Z","attempt":1},"fence":1,"task":{}}"#;

    #[test]
    fn a_file_of_every_older_version_is_upgraded_and_keeps_what_it_holds() {
        for version in 1..=STEPS.len() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("doorbell.db");
            let old = Connection::open(&path).unwrap();
            old.execute_batch(&STEPS[..version].concat()).unwrap();
            old.pragma_update(None, "user_version", i64::try_from(version).unwrap()).unwrap();
            old.execute("INSERT INTO meta (name, value) VALUES ('epoch', '00000000000000f3')", []).unwrap();
            old.execute("INSERT INTO jobs (id, state, record) VALUES ('0192f0c1-7a3b-7c4d-8e5f-0123456789ab', 'running', ?1)", [RECORD])
                .unwrap();
            old.execute("INSERT INTO events (seq, kind, data) VALUES (41, 'job.started', '{}')", []).unwrap();
            if version >= 2 {
                let plan = serde_json::to_string(&conformance::plan(1, "nightly")).unwrap();
                old.execute("INSERT INTO schedules (id, plan) VALUES ('1', ?1)", [plan]).unwrap();
            }
            if version >= 3 {
                let question = serde_json::to_string(&conformance::asked(1, 2).question).unwrap();
                old.execute("INSERT INTO questions (id, job, state, question) VALUES ('2', '1', 'open', ?1)", [question]).unwrap();
            }
            drop(old);

            let loaded = SqliteStore::open(&path, Epoch(7)).unwrap().load().unwrap();
            assert_eq!((loaded.epoch, loaded.seq), (Epoch(0xf3), Sequence(41)), "version {version}");
            assert_eq!((loaded.active[0].job.state, loaded.active[0].job.waiting), (JobState::Running, 0));
            assert_eq!((loaded.active[0].job.attempts, loaded.active[0].job.priority), (1, 0));
            assert!(loaded.active[0].waits_for.is_empty() && loaded.active[0].next_run.is_none());
            assert_eq!((loaded.schedules.len(), loaded.questions.len()), (usize::from(version >= 2), usize::from(version >= 3)));
        }
    }
}
