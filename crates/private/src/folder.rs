//! Folders that nobody else can write to: whoever could might put a file of theirs in the place of ours.

use std::{
    fs::{self, DirBuilder},
    io,
    path::Path,
};

/// Makes the folder, and those above it, closed to other users. One that exists must be as [`check`] wants it. Nothing is made in a folder
/// of somebody else, as root could: with `sudo` the folders are often still those of the user, who could then not write to what is made.
///
/// # Errors
/// It cannot be made, or is not ours alone.
pub fn make(path: &Path) -> io::Result<()> {
    check_above(path)?;
    match private(DirBuilder::new().recursive(true)).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => check(path),
    }
}

/// Makes the folder, but none above it, closed to other users. One that exists must be as [`check`] wants it.
///
/// # Errors
/// It cannot be made, or is not ours alone. [`io::ErrorKind::NotFound`] when the one above it is gone.
pub fn make_in_place(path: &Path) -> io::Result<()> {
    match private(&mut DirBuilder::new()).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => check(path),
    }
}

/// Whether what is made there is made in a folder of this user or of root.
fn check_above(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(above) = path.ancestors().filter_map(|above| fs::metadata(above).ok()).find(fs::Metadata::is_dir) {
        crate::owner::check(&above, "run this as that user, or set DOORBELL_DATA_DIR to a folder of your own")?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Whether the folder belongs to this user and no other user can write to it. They may read it.
///
/// # Errors
/// It is not so, and what to do. [`io::ErrorKind::NotFound`] when there is none.
pub fn check(path: &Path) -> io::Result<()> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_dir() {
        return Err(io::Error::new(io::ErrorKind::NotADirectory, "it is no folder; move it away"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        crate::owner::check(&metadata, "run this as that user, or set DOORBELL_DATA_DIR to a folder of your own")?;
        if metadata.permissions().mode() & 0o022 != 0 {
            let advice = format!("run `chmod go-w {}`, or set DOORBELL_DATA_DIR to a folder of your own", path.display());
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("other users can write to it; {advice}")));
        }
    }
    Ok(())
}

/// What is made is closed to others.
fn private(builder: &mut DirBuilder) -> &mut DirBuilder {
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(builder, 0o700);
    builder
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt};

    use super::*;

    #[test]
    fn a_folder_is_made_closed_and_stays_as_it_is() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b");
        make(&path).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&root.path().join("a"))), (0o700, 0o700));
        // Others may read it if its owner wants that.
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        make(&path).unwrap();
        assert_eq!(mode(&path), 0o755);
    }

    #[test]
    fn a_folder_that_others_can_write_to_is_refused_with_what_to_do() {
        let root = tempfile::tempdir().unwrap();
        for mode in [0o720, 0o702, 0o775, 0o1777] {
            fs::set_permissions(root.path(), Permissions::from_mode(mode)).unwrap();
            let error = make(root.path()).unwrap_err().to_string();
            assert!(error.contains(&format!("run `chmod go-w {}`", root.path().display())), "{mode:o}: {error}");
        }
        fs::set_permissions(root.path(), Permissions::from_mode(0o755)).unwrap();
        make(root.path()).unwrap();
    }

    #[test]
    fn nothing_is_made_in_a_folder_of_another_user() {
        if !rustix::process::geteuid().is_root() {
            eprintln!("only root can make a folder of another user");
            return;
        }
        let root = tempfile::tempdir().unwrap();
        std::os::unix::fs::chown(root.path(), Some(65_534), None).unwrap();
        let error = make(&root.path().join("a/b")).unwrap_err().to_string();
        assert!(error.contains("uid 65534") && error.contains("run this as that user"), "{error}");
        assert!(!root.path().join("a").exists());
    }

    #[test]
    fn what_is_no_folder_is_told() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(check(&root.path().join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
        fs::write(root.path().join("file"), "").unwrap();
        for used in [check, make, make_in_place] {
            assert_eq!(used(&root.path().join("file")).unwrap_err().to_string(), "it is no folder; move it away");
        }
    }
}
