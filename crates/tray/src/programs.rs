//! The programs that come with this one: where they are, and what a person types for the command.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
};

/// The command that people type, and that runs the jobs of the embedded worker.
const COMMAND: &str = "doorbell";

/// The program beside this one, as a build or an installation puts it, else the one that `PATH` has.
pub(crate) fn program(name: &str) -> PathBuf {
    let name = file_name(name);
    let beside = env::current_exe().ok().map(|program| program.with_file_name(&name)).filter(|program| program.is_file());
    beside.unwrap_or_else(|| name.into())
}

/// The `doorbell` command.
pub(crate) fn command() -> PathBuf {
    program(COMMAND)
}

/// What works in a terminal in place of `doorbell`, when a shell does not find our command by that name. It
/// is looked for where this desktop session looks.
pub(crate) fn command_instead() -> Option<String> {
    instead(&command(), &file_name(COMMAND), &env::var_os("PATH").unwrap_or_default())
}

fn instead(program: &Path, name: &str, path: &OsStr) -> Option<String> {
    if !program.is_absolute() {
        // It is found by its name, or not at all.
        return None;
    }
    let found = env::split_paths(path).map(|folder| folder.join(name)).find(|file| file.is_file());
    // The command in PATH may be a link to ours.
    let is_ours = found.is_some_and(|found| match (found.canonicalize(), program.canonicalize()) {
        (Ok(found), Ok(ours)) => found == ours,
        (_, _) => false,
    });
    (!is_ours).then(|| typed(program))
}

fn file_name(name: &str) -> String {
    format!("{name}{}", env::consts::EXE_SUFFIX)
}

/// A path as a shell takes it: in quotes when it needs them.
fn typed(path: &Path) -> String {
    let word = path.to_string_lossy();
    let is_plain = |c: char| c.is_alphanumeric() || "/\\-_.+:@%".contains(c);
    match word.chars().all(is_plain) {
        true => word.into_owned(),
        false if cfg!(windows) => format!("\"{word}\""),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A folder with a file of that name in it.
    fn folder_with(root: &Path, folder: &str, name: &str) -> PathBuf {
        let folder = root.join(folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), "").unwrap();
        folder
    }

    #[test]
    fn a_command_that_a_shell_finds_needs_nothing_in_its_place() {
        let root = tempfile::tempdir().unwrap();
        let (ours, others) = (folder_with(root.path(), "ours", "doorbell"), folder_with(root.path(), "others", "doorbell"));
        let program = ours.join("doorbell");
        let instead = |folders: &[&Path]| instead(&program, "doorbell", &env::join_paths(folders).unwrap());
        assert_eq!(instead(&[root.path(), &ours, &others]), None);
        assert_eq!(instead(&[&others, &ours]), Some(typed(&program)), "another one is found first");
        assert_eq!(instead(&[root.path()]), Some(typed(&program)));
        assert_eq!(super::instead(Path::new("doorbell"), "doorbell", OsStr::new("")), None, "there is no path to tell");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_the_command_is_the_command() {
        let root = tempfile::tempdir().unwrap();
        let program = folder_with(root.path(), "ours", "doorbell").join("doorbell");
        std::os::unix::fs::symlink(&program, root.path().join("doorbell")).unwrap();
        assert_eq!(instead(&program, "doorbell", root.path().as_os_str()), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_path_is_one_word_for_a_shell() {
        assert_eq!(typed(Path::new("/home/me/bin/doorbell")), "/home/me/bin/doorbell");
        assert_eq!(typed(Path::new("/opt/it's here")), r"'/opt/it'\''s here'");
    }
}
