//! Files that their user alone can read.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read},
    path::Path,
};

/// Opens a file of this user to read it.
///
/// # Errors
/// There is none, it is no file, or it is another user's.
pub fn open(path: &Path) -> io::Result<File> {
    open_as(path, File::options().read(true))
}

/// Reads a file of this user, up to so many bytes.
///
/// # Errors
/// See [`open`].
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    read_from(open(path)?, most)
}

/// Reads a file that the user has named, up to so many bytes. It may be a link, and whose it is is the user's affair.
///
/// # Errors
/// There is none, or it is no file.
pub fn read_named(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    check_kind(&fs::metadata(path)?)?;
    read_from(File::open(path)?, most)
}

/// Opens a file to read and write it, and makes it first where there is none.
///
/// # Errors
/// It cannot be made, is no file, or is another user's.
pub fn open_or_make(path: &Path) -> io::Result<File> {
    let file = open_as(path, private(File::options().read(true).write(true).create(true)))?;
    #[cfg(unix)]
    if is_open_to_others(&file.metadata()?) {
        file.set_permissions(closed())?;
    }
    Ok(file)
}

/// Opens a file to append to it, and makes it first where there is none.
///
/// # Errors
/// It cannot be made, is no file, or is another user's.
pub fn append(path: &Path) -> io::Result<File> {
    open_as(path, private(File::options().append(true).create(true)))
}

/// Makes a file to write it.
///
/// # Errors
/// It cannot be made. [`io::ErrorKind::AlreadyExists`] when something is there, whatever it is.
pub fn make(path: &Path) -> io::Result<File> {
    private(File::options().write(true).create_new(true)).open(path)
}

/// Closes a file to other users, and makes an empty one where there is none.
///
/// One that exists is not opened: closing it again would end the locks that this process has on it.
///
/// # Errors
/// It cannot be made or closed to others, is no file, or is another user's.
pub fn close_to_others(path: &Path) -> io::Result<()> {
    match make(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => return made.map(drop),
    }
    let metadata = fs::symlink_metadata(path)?;
    check(&metadata)?;
    #[cfg(unix)]
    if is_open_to_others(&metadata) {
        fs::set_permissions(path, closed())?;
    }
    Ok(())
}

/// Puts a file in the place of the one that is there, in one step: a reader sees all of it or the one before. What `fill` writes
/// stands in a draft until then, whose name nobody can guess.
///
/// # Errors
/// It cannot be made or filled, or what is there is no file. Nothing has changed then.
pub fn replace(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<File> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        there => check_kind(&there?)?,
    }
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    // Made so that only its owner can read it.
    let mut draft = tempfile::Builder::new().prefix(".").suffix(".part").tempfile_in(folder)?;
    fill(draft.as_file_mut())?;
    Ok(draft.persist(path)?)
}

/// Tells a file from every other on this machine, for as long as somebody has it open.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Identity(u64, u64);

/// Which file is there now; `None` when there is none. Where the system deletes no file that is open, all are the same.
#[must_use]
pub fn identity(path: &Path) -> Option<Identity> {
    let metadata = fs::symlink_metadata(path).ok()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;

        Some(Identity(metadata.dev(), metadata.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        Some(Identity(0, 0))
    }
}

fn read_from(file: File, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Looks before it opens, since opening a device may do something, and after, since what is there may have changed between the two.
fn open_as(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        there => check(&there?)?,
    }
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;

        std::os::unix::fs::OpenOptionsExt::custom_flags(options, (OFlags::NONBLOCK | OFlags::NOFOLLOW).bits().cast_signed());
    }
    let file = options.open(path)?;
    check(&file.metadata()?)?;
    Ok(file)
}

/// What is made is closed to others.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn check(metadata: &Metadata) -> io::Result<()> {
    check_kind(metadata)?;
    #[cfg(unix)]
    crate::owner::check(metadata, "move it away")?;
    Ok(())
}

fn check_kind(metadata: &Metadata) -> io::Result<()> {
    let kind = metadata.file_type();
    if kind.is_file() {
        return Ok(());
    }
    let what = if kind.is_dir() {
        "a folder"
    } else if kind.is_symlink() {
        "a link"
    } else {
        special(kind)
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what}, where a file should be; move it away")))
}

#[cfg(unix)]
fn special(kind: fs::FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;

    if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn special(_: fs::FileType) -> &'static str {
    "no file"
}

#[cfg(unix)]
fn is_open_to_others(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;

    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(unix)]
fn closed() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o600)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::{
        fs::Permissions,
        io::Write,
        os::unix::{fs::PermissionsExt, net::UnixListener},
    };

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn fifo(path: &Path) {
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    type Use = fn(&Path) -> io::Result<()>;

    const USES: [(&str, Use); 6] = [
        ("open", |path| open(path).map(drop)),
        ("read", |path| read(path, 10).map(drop)),
        ("open or make", |path| open_or_make(path).map(drop)),
        ("append", |path| append(path).map(drop)),
        ("close to others", |path| close_to_others(path)),
        ("replace", |path| replace(path, |file| file.write_all(b"new")).map(drop)),
    ];

    #[test]
    fn what_is_no_file_is_told_and_nothing_waits_for_it() {
        let root = tempfile::tempdir().unwrap();
        let place = |name: &str| root.path().join(name);
        fs::write(place("target"), "theirs").unwrap();
        fs::create_dir(place("folder")).unwrap();
        std::os::unix::fs::symlink(place("target"), place("link")).unwrap();
        std::os::unix::fs::symlink(place("nowhere"), place("link to nothing")).unwrap();
        fifo(&place("pipe"));
        let _socket = UnixListener::bind(place("socket")).unwrap();
        for (name, what) in
            [("folder", "a folder"), ("link", "a link"), ("link to nothing", "a link"), ("pipe", "a pipe"), ("socket", "a socket")]
        {
            for (use_, used) in USES {
                let error = used(&place(name)).unwrap_err().to_string();
                assert_eq!(error, format!("it is {what}, where a file should be; move it away"), "{use_} {name}");
            }
        }
        for (use_, used) in USES {
            assert!(used(Path::new("/dev/null")).unwrap_err().to_string().contains("a device"), "{use_}");
        }
        assert_eq!(fs::read_to_string(place("target")).unwrap(), "theirs");
        assert!(!place("nowhere").exists());
    }

    #[test]
    fn what_is_made_is_closed_to_others_and_what_was_open_is_closed() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("file");
        for (name, used) in [("open or make", USES[2].1), ("close to others", USES[4].1), ("replace", USES[5].1)] {
            used(&path).unwrap();
            assert_eq!(mode(&path), 0o600, "{name}");
            fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
            used(&path).unwrap();
            assert_eq!(mode(&path), 0o600, "{name}");
            fs::remove_file(&path).unwrap();
        }
        append(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("file");
        replace(&path, |file| file.write_all(b"first")).unwrap();
        let failed = replace(&path, |file| {
            file.write_all(b"half")?;
            Err(io::Error::other("no room"))
        });
        assert!(failed.is_err());
        assert_eq!(read(&path, 3).unwrap(), b"fir");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn a_file_that_the_user_names_may_be_a_link() {
        let root = tempfile::tempdir().unwrap();
        let (file, link, pipe) = (root.path().join("file"), root.path().join("link"), root.path().join("pipe"));
        fs::write(&file, "secret").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        fifo(&pipe);
        assert_eq!(read_named(&link, 100).unwrap(), b"secret");
        assert!(read_named(&pipe, 100).unwrap_err().to_string().contains("a pipe"));
    }
}
