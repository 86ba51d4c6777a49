//! The store in an SQLite file: write-ahead log, and a sync to disk with every commit.

use std::path::{Path, PathBuf};

use doorbell_private as private;
use doorbell_protocol::{Epoch, Job, JobId, Question, QuestionId, Sequence, Timestamp, TokenId};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::{
        contract::{Change, Loaded, PageQuery, QuestionsQuery, Read, Store, StoredEvent, Write},
        error::StoreError,
    },
    history,
    parse::{bytes, corrupt, parse_event, parse_question, parse_record},
    said::Said,
    version,
};
use crate::{
    access::{secret::SecretHash, tokens::StoredToken},
    bounds,
    domain::job::Record,
};

/// SQLite's word for `auto_vacuum = INCREMENTAL`.
const INCREMENTAL: i64 = 2;
/// Largest file of an older version that is written anew at the start, in bytes: about a second of work.
const REORGANIZE: u64 = 64 * 1024 * 1024;
/// Largest file that is read as a whole at the start, to see whether it is damaged, in bytes.
const CHECK: u64 = 64 * 1024 * 1024;

pub(super) const ACTIVE: &str = "SELECT id, record FROM jobs WHERE state IN ('queued', 'running')";
pub(super) const OPEN_QUESTIONS: &str = "SELECT id, question FROM questions WHERE state = 'open'";

pub(crate) struct SqliteStore {
    path: PathBuf,
    /// Which file that was when it was opened.
    file: Option<private::file::Identity>,
    connection: Connection,
    said: Said,
}

impl SqliteStore {
    /// Opens the file, and creates or upgrades it when need be. `new_epoch` names a file that is new.
    pub(crate) fn open(path: &Path, new_epoch: Epoch) -> Result<Self, StoreError> {
        let size = std::fs::symlink_metadata(path).ok().map(|file| file.len());
        let opened = match size {
            Some(0) if path.is_file() => Err(StoreError::Empty { path: path.to_owned() }),
            _ => open(path, new_epoch).map_err(|error| error.at(path)),
        };
        if opened.is_err() && size.is_none() {
            // As on a disk that is full. The next start begins anew.
            let _ = std::fs::remove_file(path);
        }
        let file = private::file::identity(path);
        Ok(Self { path: path.to_owned(), file, connection: opened?, said: Said::default() })
    }

    /// What the caller is told, and the log, once.
    fn told<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        let result = result.map_err(|error| error.at(&self.path));
        if let Err(error) = &result {
            self.said.failed(error);
        }
        result
    }

    /// Does `work` on the file, unless it is not where it was: SQLite would go on with one that nobody finds again.
    fn change<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let changed = match private::file::identity(&self.path) == self.file {
            true => work(self),
            false => Err(StoreError::Gone { path: self.path.clone() }),
        };
        if changed.is_ok() {
            self.said.works();
        }
        self.told(changed)
    }

    /// Every row that can be read.
    fn rows<T>(&self, sql: &str, parse: impl Fn(&[u8]) -> Result<T, StoreError>) -> Result<Vec<T>, StoreError> {
        let mut select = self.connection.prepare(sql)?;
        let rows = select.query_map([], |row| Ok((bytes(row, 0)?, bytes(row, 1)?)))?;
        let mut readable = Vec::new();
        for row in rows {
            let (id, text) = row?;
            readable.extend(self.said.readable(&String::from_utf8_lossy(&id), parse(&text)));
        }
        Ok(readable)
    }

    /// The newest events without a gap: those behind the last one that cannot be read. And the sequence of the newest.
    fn events(&self) -> Result<(Vec<StoredEvent>, Sequence), StoreError> {
        let mut select = self.connection.prepare("SELECT seq, kind, data FROM events ORDER BY seq")?;
        let rows = select.query_map([], |row| Ok((row.get::<_, u64>(0)?, bytes(row, 1)?, bytes(row, 2)?)))?;
        let (mut events, mut newest) = (Vec::new(), Sequence::default());
        for row in rows {
            let (seq, kind, data) = row?;
            newest = Sequence(seq);
            match self.said.readable(&format!("event {seq}"), parse_event(newest, &kind, data)) {
                Some(event) => events.push(event),
                None => events.clear(),
            }
        }
        Ok((events, newest))
    }

    fn keep(&mut self, writes: &[Write]) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        {
            let mut keep_job = transaction.prepare_cached("INSERT OR REPLACE INTO jobs (id, state, record) VALUES (?1, ?2, ?3)")?;
            let mut keep_label = transaction.prepare_cached("INSERT OR IGNORE INTO labels (label, value, job) VALUES (?1, ?2, ?3)")?;
            let mut keep_token = transaction.prepare_cached("INSERT OR IGNORE INTO job_tokens (token, job) VALUES (?1, ?2)")?;
            let mut keep_question =
                transaction.prepare_cached("INSERT OR REPLACE INTO questions (id, job, state, question) VALUES (?1, ?2, ?3, ?4)")?;
            let mut keep_event = transaction.prepare_cached("INSERT INTO events (seq, kind, data) VALUES (?1, ?2, ?3)")?;
            let mut drop_events = transaction.prepare_cached("DELETE FROM events WHERE seq <= ?1")?;
            let mut keep_schedule = transaction.prepare_cached("INSERT OR REPLACE INTO schedules (id, plan) VALUES (?1, ?2)")?;
            let mut drop_schedule = transaction.prepare_cached("DELETE FROM schedules WHERE id = ?1")?;
            for write in writes {
                match write {
                    Write::Job(Change { record, question, event }) => {
                        let json = serde_json::to_string(record).map_err(corrupt("job"))?;
                        keep_job.execute(params![record.job.id.to_string(), record.job.state.as_str(), json])?;
                        for (label, value) in &record.job.labels {
                            keep_label.execute(params![label, value, record.job.id.to_string()])?;
                        }
                        for token in record.tokens() {
                            keep_token.execute([token.to_string(), record.job.id.to_string()])?;
                        }
                        if let Some(question) = question {
                            let json = serde_json::to_string(question).map_err(corrupt("question"))?;
                            let (id, job) = (question.id.to_string(), question.job.to_string());
                            keep_question.execute(params![id, job, question.state.as_str(), json])?;
                        }
                        if let Some(StoredEvent { seq, kind, data }) = event {
                            keep_event.execute(params![seq.0, kind.as_str(), data])?;
                            drop_events.execute([seq.0.saturating_sub(bounds::RING_EVENTS as u64)])?;
                        }
                    }
                    Write::Delete(id) => history::delete(&transaction, &id.to_string())?,
                    Write::Schedule(plan) => {
                        let json = serde_json::to_string(plan).map_err(corrupt("schedule"))?;
                        keep_schedule.execute(params![plan.schedule.id.to_string(), json])?;
                    }
                    Write::Unschedule(id) => {
                        drop_schedule.execute([id.to_string()])?;
                    }
                }
            }
        }
        Ok(transaction.commit()?)
    }

    /// Makes sure that a commit that failed stays without effect, also across a crash.
    ///
    /// When the sync of a commit fails, its frames may already stand in the write-ahead log with valid
    /// checksums. The running hub rolls back, but a crash before the next commit would bring the refused
    /// change to life at the next start; a test with a disk that fails once (`tests/support/faults/disk.c`)
    /// saw it happen. A small commit of our own takes the place of these frames, which breaks their chain of
    /// checksums. When it fails too, the next change does the same. Only a disk that goes on failing until
    /// the crash leaves the refused change behind, and its caller repeats it with the same id.
    fn disown(&self) {
        let disowned = self.connection.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('disowned', hex(randomblob(8)))", []);
        if let Err(error) = disowned {
            tracing::debug!(%error, "the disk still fails");
        }
    }

    #[cfg(test)]
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }
}

impl Store for SqliteStore {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        self.told(load(self))
    }

    fn commit(&mut self, writes: &[Write]) -> Result<(), StoreError> {
        self.change(|store| {
            let committed = store.keep(writes);
            if committed.is_err() {
                store.disown();
            }
            committed
        })
    }

    fn delete_old(&mut self, before: Timestamp, keep: usize, most: usize) -> Result<Vec<JobId>, StoreError> {
        self.change(|store| {
            let transaction = store.connection.transaction()?;
            let ids = history::delete_old(&transaction, &store.said, before, keep, most)?;
            transaction.commit()?;
            ids.iter().map(|id| id.parse().map_err(corrupt("job id"))).collect()
        })
    }

    fn oldest_end(&mut self) -> Result<Option<Timestamp>, StoreError> {
        history::oldest_end(&self.connection)
    }

    fn give_back(&mut self, pages: u32) -> Result<bool, StoreError> {
        if auto_vacuum(&self.connection)? != INCREMENTAL {
            return Ok(false);
        }
        let mut vacuum = self.connection.prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
        let mut steps = vacuum.query([])?;
        // Each step gives one page back.
        while steps.next()?.is_some() {}
        let left: u32 = self.connection.query_row("PRAGMA freelist_count", [], |row| row.get(0))?;
        Ok(left > 0)
    }

    fn tokens(&mut self) -> Result<Vec<StoredToken>, StoreError> {
        self.told(tokens(self))
    }

    fn keep_token(&mut self, StoredToken { hash, token }: &StoredToken) -> Result<(), StoreError> {
        let json = serde_json::to_string(token).map_err(corrupt("token"))?;
        let insert = "INSERT INTO tokens (id, sha256, token) VALUES (?1, ?2, ?3)";
        self.change(|store| Ok(store.connection.execute(insert, params![token.id.to_string(), hash.as_bytes(), json]).map(drop)?))
    }

    fn drop_token(&mut self, id: TokenId) -> Result<bool, StoreError> {
        self.change(|store| Ok(store.connection.execute("DELETE FROM tokens WHERE id = ?1", [id.to_string()])? == 1))
    }

    fn reader(&self) -> Result<Box<dyn Read>, StoreError> {
        let connection = Connection::open(&self.path)?;
        // As a `Read` nothing can be written, and SQLite sees to it as well.
        connection.pragma_update(None, "query_only", true)?;
        Ok(Box::new(Self { path: self.path.clone(), file: None, connection, said: self.said.clone() }))
    }
}

impl Read for SqliteStore {
    fn record(&mut self, id: JobId) -> Result<Option<Record>, StoreError> {
        self.told(record(&self.connection, id))
    }

    fn question(&mut self, id: QuestionId) -> Result<Option<Question>, StoreError> {
        self.told(question(&self.connection, id))
    }

    fn page(&mut self, query: &PageQuery) -> Result<Vec<Job>, StoreError> {
        self.told(history::page(&self.connection, &self.said, query))
    }

    fn questions(&mut self, query: &QuestionsQuery) -> Result<Vec<Question>, StoreError> {
        self.told(history::questions(&self.connection, &self.said, query))
    }
}

fn open(path: &Path, new_epoch: Epoch) -> Result<Connection, StoreError> {
    close_to_others(path)?;
    let mut connection = Connection::open(path)?;
    check(&connection, path)?;
    // Before the first table, or it does nothing.
    connection.pragma_update(None, "auto_vacuum", INCREMENTAL)?;
    version::upgrade(&mut connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute("INSERT OR IGNORE INTO meta (name, value) VALUES ('epoch', ?1)", [new_epoch.to_string()])?;
    reorganize(&connection, path);
    Ok(connection)
}

/// Whether a file that is not too large for it is a whole database: better known now than in the middle of a change.
fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    if std::fs::metadata(path).map_or(0, |file| file.len()) > CHECK {
        return Ok(());
    }
    let verdict = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    let verdict = verdict.map_err(|error| StoreError::from(error).at(path));
    match verdict {
        Ok(verdict) if verdict != "ok" => Err(StoreError::Damaged { path: path.to_owned(), cause: verdict }),
        Err(error) if matches!(error, StoreError::Damaged { .. }) => Err(error),
        // A row that cannot be read, which can end the check, hides only itself.
        Ok(_) | Err(_) => Ok(()),
    }
}

fn load(store: &SqliteStore) -> Result<Loaded, StoreError> {
    let epoch: String = store.connection.query_row("SELECT value FROM meta WHERE name = 'epoch'", [], |row| row.get(0))?;
    let (events, seq) = store.events()?;
    Ok(Loaded {
        epoch: epoch.parse().map_err(corrupt("epoch"))?,
        seq,
        events,
        active: store.rows(ACTIVE, parse_record)?,
        schedules: store
            .rows("SELECT id, plan FROM schedules ORDER BY id", |plan| serde_json::from_slice(plan).map_err(corrupt("schedule")))?,
        questions: store.rows(OPEN_QUESTIONS, parse_question)?,
    })
}

fn tokens(store: &SqliteStore) -> Result<Vec<StoredToken>, StoreError> {
    let mut select = store.connection.prepare("SELECT id, sha256, token FROM tokens")?;
    let rows = select.query_map([], |row| Ok((bytes(row, 0)?, bytes(row, 1)?, bytes(row, 2)?)))?;
    let mut tokens = Vec::new();
    for row in rows {
        let (id, hash, token) = row?;
        tokens.extend(store.said.readable(&String::from_utf8_lossy(&id), parse_token(&hash, &token)));
    }
    Ok(tokens)
}

fn parse_token(hash: &[u8], token: &[u8]) -> Result<StoredToken, StoreError> {
    let hash = hash.try_into().map_err(corrupt("token's hash"))?;
    Ok(StoredToken { hash: SecretHash::from_bytes(hash), token: serde_json::from_slice(token).map_err(corrupt("token"))? })
}

/// SQLite makes a database as the umask has it, and its log like the database; a folder that was there before us may be open
/// to others.
fn close_to_others(path: &Path) -> Result<(), StoreError> {
    let companion = |suffix| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let companions = ["-wal", "-shm"].map(companion).into_iter().filter(|path| path.symlink_metadata().is_ok());
    for path in [path.to_owned()].into_iter().chain(companions) {
        private::file::close_to_others(&path).map_err(|source| StoreError::Private { path, source })?;
    }
    Ok(())
}

fn auto_vacuum(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row("PRAGMA auto_vacuum", [], |row| row.get(0))?)
}

/// Has a file of an older version give back space as well. That takes writing all of it anew, so a large one stays as it is:
/// its free space is used again, but the file never shrinks.
fn reorganize(connection: &Connection, path: &Path) {
    let size = std::fs::metadata(path).map_or(0, |file| file.len());
    match auto_vacuum(connection) {
        Ok(INCREMENTAL) => {}
        Ok(_) if size > REORGANIZE => {
            tracing::info!(
                bytes = size,
                "the database is of an older version and too large to reorganize at the start; it will not shrink"
            );
        }
        Ok(_) => match connection.execute_batch("VACUUM") {
            Ok(()) => tracing::info!("reorganized the database, so that it gives back free space"),
            Err(error) => tracing::warn!(%error, "could not reorganize the database; it will not shrink"),
        },
        Err(error) => tracing::warn!(%error, "could not look at the database's settings"),
    }
}

fn record(connection: &Connection, id: JobId) -> Result<Option<Record>, StoreError> {
    let mut select = connection.prepare_cached("SELECT record FROM jobs WHERE id = ?1")?;
    let json = select.query_row([id.to_string()], |row| bytes(row, 0)).optional()?;
    json.as_deref().map(parse_record).transpose()
}

fn question(connection: &Connection, id: QuestionId) -> Result<Option<Question>, StoreError> {
    let mut select = connection.prepare_cached("SELECT question FROM questions WHERE id = ?1")?;
    let json = select.query_row([id.to_string()], |row| bytes(row, 0)).optional()?;
    json.as_deref().map(parse_question).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance;

    #[test]
    fn sqlite_is_a_store() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("doorbell.db");
        conformance::check(|| Box::new(SqliteStore::open(&path, Epoch(7)).unwrap()));
    }

    #[test]
    fn a_file_of_a_newer_version_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("doorbell.db");
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(SqliteStore::open(&path, Epoch(7)), Err(StoreError::Newer { found: 99, .. })));
    }

    #[test]
    fn a_job_that_is_deleted_takes_its_questions_along_and_one_that_changes_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(&folder.path().join("doorbell.db"), Epoch(7)).unwrap();
        let change = conformance::asked(1, 1);
        store.commit(&[change.clone(), change.clone(), conformance::asked(2, 2)].map(Write::Job)).unwrap();
        let questions = |store: &mut SqliteStore| store.load().unwrap().questions.len();
        assert_eq!(questions(&mut store), 2);
        store.commit(&[Write::Delete(change.record.job.id)]).unwrap();
        assert_eq!(questions(&mut store), 1);
    }

    #[test]
    fn a_new_file_gives_back_space_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("doorbell.db"), Epoch(7)).unwrap();
        assert_eq!(auto_vacuum(&store.connection).unwrap(), INCREMENTAL);
    }
}
