//! The files: `spool/<job>.json` in the data folder, or in the runtime folder while there is no room in the data folder.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use doorbell_client::Places;
use doorbell_private as private;

use super::Entry;

/// Most ends that wait. When there are more, the oldest are removed.
const FILES: usize = 200;
/// Largest file that is written and read.
const FILE_BYTES: u64 = 256 * 1024;
/// An unfinished file, left by a process that was killed while it wrote, is removed after this time.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

const WAITING: &str = "json";
const UNREADABLE: &str = "unreadable";

/// The folders, whether they exist or not. Only what the one before has no room for goes to the next.
#[derive(Clone, Debug)]
pub(crate) struct Spool(Vec<PathBuf>);

impl Spool {
    /// The spool of the user who runs this process; `None` when there is no home folder.
    pub(crate) fn of_user() -> Option<Self> {
        let places = Places::find().ok()?;
        let mut folders: Vec<_> = [places.data_dir(), places.run_dir()].map(|folder| folder.join("spool")).into();
        folders.dedup();
        Some(Self(folders))
    }

    /// Keeps `entry` until it is removed. It is on disk when this returns.
    pub(crate) fn keep(&self, entry: &Entry) -> io::Result<()> {
        let json = serde_json::to_vec(entry)?;
        if json.len() as u64 > FILE_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        // On the disk that is full is also the database, which is why no hub takes this end.
        let mut kept = Err(io::ErrorKind::NotFound.into());
        for folder in &self.0 {
            kept = keep_in(folder, entry, &json).or_else(|error| kept.or(Err(error)));
            if kept.is_ok() {
                break;
            }
        }
        kept
    }

    /// Removes `entry`, if it is still there.
    pub(crate) fn remove(&self, entry: &Entry) {
        for folder in &self.0 {
            let _ = fs::remove_file(path(folder, entry));
        }
    }

    /// Whether anything waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.files().next().is_none()
    }

    /// What waits, oldest first. A file that cannot be read as an end is put aside, for its owner to look at.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        self.files().filter_map(|path| match read(&path) {
            Ok(entry) => Some(entry),
            // Another process has delivered it.
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => {
                tracing::warn!(path = %path.display(), "put aside, since it is no end of a job: {e}");
                let _ = fs::rename(&path, path.with_extension(UNREADABLE));
                None
            }
        })
    }

    fn files(&self) -> impl Iterator<Item = PathBuf> + '_ {
        self.0.iter().flat_map(|folder| files(folder, WAITING))
    }
}

fn keep_in(folder: &Path, entry: &Entry, json: &[u8]) -> io::Result<()> {
    // The folder above is one that others may have made.
    for folder in folder.parent().into_iter().chain([folder]) {
        private::folder::make(folder)?;
    }
    make_room(folder);
    private::file::replace(&path(folder, entry), |file| {
        file.write_all(json)?;
        file.sync_all()
    })?;
    sync_folder(folder)
}

fn path(folder: &Path, entry: &Entry) -> PathBuf {
    folder.join(format!("{}.{WAITING}", entry.job))
}

/// Removes the oldest files until there is room for one more, and what killed processes have left half
/// written.
fn make_room(folder: &Path) {
    for kind in [WAITING, UNREADABLE] {
        let files = files(folder, kind);
        for oldest in &files[..(files.len() + 1).saturating_sub(FILES)] {
            let _ = fs::remove_file(oldest);
        }
    }
    for part in files(folder, "part") {
        let age = fs::metadata(&part).and_then(|file| file.modified()).ok().and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age > ABANDONED) {
            let _ = fs::remove_file(part);
        }
    }
}

/// Files with this extension, oldest first. Ids are in the order of time, and the names are made of them.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let Ok(folder) = fs::read_dir(folder) else { return Vec::new() };
    let paths = folder.filter_map(|file| Some(file.ok()?.path()));
    let mut files: Vec<_> = paths.filter(|path| path.extension().is_some_and(|e| e == extension)).collect();
    files.sort();
    files
}

fn read(path: &Path) -> io::Result<Entry> {
    Ok(serde_json::from_slice(&private::file::read(path, FILE_BYTES)?)?)
}

/// Puts the names in the folder on disk. Without that, a new file may be gone after a power cut.
fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

#[cfg(test)]
mod tests {
    use doorbell_protocol::{Fence, jobs::NewJob};

    use super::*;
    use crate::spool::{Known, entry::tests::entry};

    fn spool() -> (tempfile::TempDir, Spool) {
        let home = tempfile::tempdir().unwrap();
        let spool = Spool(vec![home.path().join("data/spool")]);
        (home, spool)
    }

    #[test]
    fn what_was_kept_is_there_until_it_is_removed() {
        let (_home, spool) = spool();
        assert!(spool.is_empty());
        let kept: Vec<Entry> = (0..3).map(|_| entry(Known::Nothing(Box::default()))).collect();
        kept.iter().rev().for_each(|entry| spool.keep(entry).unwrap());
        assert_eq!(spool.entries().collect::<Vec<_>>(), kept);
        spool.remove(&kept[1]);
        spool.remove(&kept[1]);
        assert_eq!(spool.entries().collect::<Vec<_>>(), [kept[0].clone(), kept[2].clone()]);
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt;

        let (_home, spool) = spool();
        let entry = entry(Known::Start(Fence(1)));
        spool.keep(&entry).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path(&spool.0[0], &entry)), mode(&spool.0[0])), (0o600, 0o700));
    }

    #[test]
    fn an_unreadable_file_is_put_aside_and_the_rest_is_read() {
        let (_home, spool) = spool();
        let good = entry(Known::Start(Fence(1)));
        spool.keep(&good).unwrap();
        for (name, content) in [("a.json", &b"{\"job\":"[..]), ("b.json", b""), ("c.json", &[0xff; 300_000])] {
            fs::write(spool.0[0].join(name), content).unwrap();
        }
        for _ in 0..2 {
            assert_eq!(spool.entries().collect::<Vec<_>>(), std::slice::from_ref(&good));
        }
        assert_eq!(files(&spool.0[0], UNREADABLE).len(), 3);
    }

    #[test]
    fn its_size_is_bounded_and_the_oldest_give_way() {
        let (_home, spool) = spool();
        let entries: Vec<Entry> = (0..FILES + 5).map(|_| entry(Known::Start(Fence(1)))).collect();
        entries.iter().for_each(|entry| spool.keep(entry).unwrap());
        assert_eq!(spool.entries().collect::<Vec<_>>(), entries[5..]);
        let name = "x".repeat(usize::try_from(FILE_BYTES).unwrap());
        let huge = entry(Known::Nothing(Box::new(NewJob { name, ..NewJob::default() })));
        assert_eq!(spool.keep(&huge).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
