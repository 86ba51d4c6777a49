//! Finds a program as the shells of Windows do: `npm` may be `npm.cmd` in a folder of `PATH`. The system
//! itself adds nothing but `.exe`.

use std::{ffi::OsString, path::PathBuf, process::Command};

use crate::command;

/// The same command with the full name of its program. It is unchanged when there is no such program;
/// starting it then says so.
pub(crate) fn found(command: Command) -> Command {
    let Some(program) = find(&command) else { return command };
    let mut found = Command::new(program);
    found.args(command.get_args());
    command::in_place_of(&command, found)
}

fn find(command: &Command) -> Option<PathBuf> {
    let folder = std::env::current_dir().ok()?;
    which::which_in(command.get_program(), path_of(command), folder).ok()
}

/// The search path: the command's own, when it has one.
fn path_of(command: &Command) -> Option<OsString> {
    let own = command.get_envs().find(|(name, _)| name.eq_ignore_ascii_case("PATH"));
    own.map_or_else(|| std::env::var_os("PATH"), |(_, value)| value.map(OsString::from))
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsStr, fs, path::Path};

    use super::*;

    #[test]
    fn a_script_is_found_without_its_extension_in_the_commands_own_path() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("tool.cmd"), "@exit /b 5\r\n").unwrap();
        let mut command = Command::new("tool");
        command.arg("a b").env("Path", folder.path()).env("NAME", "value");
        let mut command = found(command);
        assert_eq!(Path::new(command.get_program()).extension().map(OsStr::to_ascii_lowercase), Some("cmd".into()));
        assert_eq!(command.get_args().collect::<Vec<_>>(), ["a b"]);
        assert!(command.get_envs().any(|(name, value)| name == "NAME" && value == Some("value".as_ref())));
        assert_eq!(command.status().unwrap().code(), Some(5));
    }

    #[test]
    fn a_program_that_is_not_there_keeps_its_name() {
        assert_eq!(found(Command::new("no-such-program")).get_program(), "no-such-program");
    }
}
