//! Logs: what the jobs' commands print, in files beside the database.
//!
//! A log keeps its first 64 KiB and its last 1 MiB. Nothing about it is in memory but who uses it now: what the files hold
//! is the truth, so a log survives a hub that is killed.

mod follow;
mod layout;
mod log;

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use doorbell_protocol::JobId;

pub(crate) use self::{
    follow::Follower,
    log::{AppendError, Log},
};

pub(crate) struct Logs {
    folder: PathBuf,
    /// The logs that somebody appends to or follows now, so that both mean the same one.
    used: Mutex<HashMap<JobId, Weak<Log>>>,
}

impl Logs {
    /// Logs in `folder`, which is made with the first of them, closed to other users.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, used: Mutex::default() }
    }

    pub(crate) fn of(&self, job: JobId) -> Arc<Log> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(log) = used.get(&job).and_then(Weak::upgrade) {
            return log;
        }
        used.retain(|_, log| log.strong_count() > 0);
        let log = Arc::new(Log::new(self.folder.join(job.to_string())));
        used.insert(job, Arc::downgrade(&log));
        log
    }

    /// Removes the logs of jobs that are deleted. What cannot be removed now is swept away when the hub starts.
    pub(crate) async fn delete(&self, jobs: Vec<JobId>) {
        let folder = self.folder.clone();
        let removed = tokio::task::spawn_blocking(move || jobs.into_iter().try_for_each(|job| remove(&folder, job))).await;
        if let Err(error) = removed.unwrap_or_else(|panic| Err(io::Error::other(panic))) {
            tracing::warn!(%error, "could not remove the log of a job that is deleted");
        }
    }

    /// Removes the logs of jobs that are not `known` any more.
    pub(crate) fn sweep(&self, mut known: impl FnMut(JobId) -> io::Result<bool>) -> io::Result<()> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            if let Some(job) = entry?.file_name().to_str().and_then(|name| name.parse().ok())
                && !known(job)?
            {
                remove(&self.folder, job)?;
            }
        }
        Ok(())
    }
}

fn remove(folder: &Path, job: JobId) -> io::Result<()> {
    match fs::remove_dir_all(folder.join(job.to_string())) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn who_uses_a_log_at_the_same_time_uses_the_same_one() {
        let folder = tempfile::tempdir().unwrap();
        let logs = Logs::new(folder.path().join("logs"));
        let [one, two] = [1, 2].map(|n| JobId(Uuid::from_u128(n)));
        let used = logs.of(one);
        assert!(Arc::ptr_eq(&used, &logs.of(one)) && !Arc::ptr_eq(&used, &logs.of(two)));
        drop(used);
        logs.of(two);
        assert_eq!(logs.used.lock().unwrap().len(), 1);
    }

    #[test]
    fn the_log_of_a_job_that_is_gone_is_swept_away_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let logs = Logs::new(folder.path().join("logs"));
        logs.sweep(|_| Ok(false)).unwrap();
        let [stays, goes] = [1, 2].map(|n| JobId(Uuid::from_u128(n)));
        for job in [stays, goes] {
            logs.of(job).append(0, b"x").unwrap();
        }
        fs::write(folder.path().join("logs/notes.txt"), "mine").unwrap();
        logs.sweep(|job| Ok(job == stays)).unwrap();
        let mut left: Vec<_> = fs::read_dir(folder.path().join("logs")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [stays.to_string().as_str(), "notes.txt"]);
    }
}
