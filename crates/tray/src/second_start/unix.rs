//! Linux and macOS: a lock on a file says who is the first, and a socket beside it is its door. The system
//! lets go of the lock however the first ends, so a socket that was left behind misleads nobody.

use std::{
    fs::{self, File, TryLockError},
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use doorbell_client::Places;
use doorbell_private as private;
use tokio::{
    net::{UnixListener, UnixStream},
    time::{sleep, timeout},
};

use super::{ClaimError, PATIENCE, Start, hear, tell};
use crate::panel::Asker;

/// Between two attempts to reach a first that does not listen yet.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Where other starts of this user come to.
pub(crate) struct Door {
    listener: UnixListener,
    socket: PathBuf,
    /// Held for as long as this process is the first.
    _lock: File,
}

/// Finds out whether this process is the first, and tells the first when it is not.
pub(crate) async fn claim() -> Result<Start, ClaimError> {
    claim_in(Places::find()?.run_dir(), &desktop()).await
}

/// Which desktop this is: one session bus has one tray. Displays may be several, and the panel opens on that
/// of who asks.
fn desktop() -> String {
    let mut hasher = DefaultHasher::new();
    std::env::var_os("DBUS_SESSION_BUS_ADDRESS").hash(&mut hasher);
    format!("tray-{:016x}", hasher.finish())
}

async fn claim_in(folder: &Path, desktop: &str) -> Result<Start, ClaimError> {
    let failed = |what: &str, path: &Path| {
        let what = format!("cannot {what} {}", path.display());
        move |error: io::Error| ClaimError::Io { what, error }
    };
    private::folder::make(folder).map_err(failed("use", folder))?;
    let (lock, socket) = (folder.join(format!("{desktop}.lock")), folder.join(format!("{desktop}.sock")));
    let file = private::file::open_or_make(&lock).map_err(failed("use", &lock))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let told = timeout(PATIENCE, reach(&socket)).await;
            return if told.is_ok() { Ok(Start::Told) } else { Err(ClaimError::NoAnswer) };
        }
        Err(TryLockError::Error(error)) => return Err(failed("lock", &lock)(error)),
    }
    match fs::remove_file(&socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("remove", &socket)(error)),
        _ => {}
    }
    let listener = UnixListener::bind(&socket).map_err(failed("listen at", &socket))?;
    Ok(Start::First(Door { listener, socket, _lock: file }))
}

/// Until the first has heard.
async fn reach(socket: &Path) {
    let asker = Asker::of_this_start();
    loop {
        let told = async { Ok::<_, io::Error>(tell(UnixStream::connect(socket).await?, &asker).await) };
        match told.await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => tracing::debug!(%error, "the first does not listen yet"),
            Err(error) => tracing::debug!(%error, "the first does not listen yet"),
        }
        sleep(LOOK_EVERY).await;
    }
}

impl Door {
    /// Hears others out, one by one, for as long as this process runs.
    pub(crate) async fn listen(self, opened: impl Fn(Asker)) {
        loop {
            match self.listener.accept().await {
                Ok((other, _)) if is_this_user(&other) => {
                    if let Some(asker) = hear(other).await {
                        opened(asker);
                    }
                }
                Ok(_) => tracing::warn!("another user came to the door"),
                Err(error) => {
                    // As when this process has no file left to open.
                    tracing::warn!(%error, "another start could not be heard");
                    sleep(PATIENCE).await;
                }
            }
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.socket);
    }
}

fn is_this_user(other: &UnixStream) -> bool {
    other.peer_cred().is_ok_and(|peer| peer.uid() == rustix::process::geteuid().as_raw())
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    async fn first(folder: &Path) -> Door {
        match claim_in(folder, "tray").await.unwrap() {
            Start::First(door) => door,
            Start::Told => panic!("there was another"),
        }
    }

    #[tokio::test]
    async fn a_second_start_is_heard_by_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let (heard, mut askers) = mpsc::unbounded_channel();
        let listening = tokio::spawn(first(folder.path()).await.listen(move |asker| heard.send(asker).unwrap()));
        for _ in 0..3 {
            assert!(matches!(claim_in(folder.path(), "tray").await.unwrap(), Start::Told));
            askers.recv().await.unwrap();
        }
        listening.abort();
    }

    #[tokio::test]
    async fn one_that_says_nothing_holds_up_nobody_for_long() {
        let folder = tempfile::tempdir().unwrap();
        let door = first(folder.path()).await;
        let silent = UnixStream::connect(&door.socket).await.unwrap();
        let listening = tokio::spawn(door.listen(|_| {}));
        assert!(matches!(claim_in(folder.path(), "tray").await.unwrap(), Start::Told));
        drop(silent);
        listening.abort();
    }

    #[tokio::test]
    async fn a_first_that_ended_leaves_the_place_to_the_next_also_when_it_could_not_clean_up() {
        let folder = tempfile::tempdir().unwrap();
        drop(first(folder.path()).await);
        // As a crash leaves it.
        let _left_behind = std::os::unix::net::UnixListener::bind(folder.path().join("tray.sock")).unwrap();
        first(folder.path()).await;
    }

    #[tokio::test]
    async fn other_desktops_have_residents_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let _one = first(folder.path()).await;
        assert!(matches!(claim_in(folder.path(), "other").await.unwrap(), Start::First(_)));
    }

    #[tokio::test]
    async fn what_is_no_lock_or_in_a_folder_of_others_is_told() {
        use std::{fs::Permissions, os::unix::fs::PermissionsExt};

        let folder = tempfile::tempdir().unwrap();
        let lock = folder.path().join("tray.lock");
        let told = async || match claim_in(folder.path(), "tray").await {
            Err(error) => error.to_string(),
            Ok(_) => panic!("it is the first"),
        };
        assert!(std::process::Command::new("mkfifo").arg(&lock).status().unwrap().success());
        assert!(told().await.starts_with(&format!("cannot use {}: it is a pipe", lock.display())));
        fs::remove_file(&lock).unwrap();
        fs::create_dir(folder.path().join("tray.sock")).unwrap();
        assert!(told().await.contains(&folder.path().join("tray.sock").display().to_string()));
        fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
        assert!(told().await.starts_with(&format!("cannot use {}: other users can write to it", folder.path().display())));
    }

    #[tokio::test(start_paused = true)]
    async fn a_first_that_does_not_answer_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let _door = first(folder.path()).await;
        assert!(matches!(claim_in(folder.path(), "tray").await, Err(ClaimError::NoAnswer)));
    }
}
