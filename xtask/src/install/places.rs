//! What goes where for one user, and what is to be typed so that a shell finds it. Pure.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use super::entry;
use crate::tool;

/// The folders of one user, as the XDG Base Directory Specification has them.
#[derive(Clone, Debug)]
pub(super) struct Places {
    home: PathBuf,
    programs: PathBuf,
    data: PathBuf,
    path: OsString,
    /// The name of the user's shell.
    shell: String,
}

/// What `doorbell` means to the user's shell.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Found {
    /// The program that is put in place.
    Ours,
    /// One that comes before it, or that is found in its stead.
    Other(PathBuf),
    Nothing,
}

impl Places {
    /// As the environment says.
    pub(super) fn of_user(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self> {
        let home = variable("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
        let home = home.context("there is no home folder to put anything into: HOME is not set")?;
        // The specification says to ignore a path that is relative.
        let folder = |name, usual| variable(name).map(PathBuf::from).filter(|path| path.is_absolute()).unwrap_or_else(|| home.join(usual));
        let shell = variable("SHELL").map(PathBuf::from).unwrap_or_default();
        Ok(Self {
            programs: folder("XDG_BIN_HOME", ".local/bin"),
            data: folder("XDG_DATA_HOME", ".local/share"),
            path: variable("PATH").unwrap_or_default(),
            shell: shell.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            home,
        })
    }

    /// The folder of the programs.
    pub(super) fn programs(&self) -> &Path {
        &self.programs
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    pub(super) fn desktop_entry(&self) -> PathBuf {
        self.data.join("applications").join(entry::ID).with_added_extension("desktop")
    }

    pub(super) fn icon(&self) -> PathBuf {
        self.data.join("icons/hicolor/scalable/apps").join(entry::ID).with_added_extension("svg")
    }

    /// What a shell finds as `program`, of the files that there are.
    pub(super) fn found(&self, program: &str, is_file: impl Fn(&Path) -> bool) -> Found {
        match env::split_paths(&self.path).map(|folder| folder.join(program)).find(|file| is_file(file)) {
            // Without the slashes and dots that may stand in PATH.
            Some(file) if file.components().eq(self.program(program).components()) => Found::Ours,
            Some(file) => Found::Other(file),
            None => Found::Nothing,
        }
    }

    /// The program's path as a shell takes it.
    pub(super) fn typed(&self, program: &str) -> String {
        tool::typed(&self.program(program))
    }

    /// What puts the folder of the programs into `PATH`, from the next terminal on.
    pub(super) fn how_to_extend_path(&self) -> String {
        if self.shell == "fish" {
            return format!("fish_add_path {}", tool::typed(&self.programs));
        }
        let folder = match self.programs.strip_prefix(&self.home) {
            Ok(below) => format!("$HOME/{}", below.display()),
            Err(_) => self.programs.display().to_string(),
        };
        let file = if self.shell == "zsh" { ".zshrc" } else { ".bashrc" };
        format!("echo 'export PATH=\"{folder}:$PATH\"' >> ~/{file}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(variables: &[(&str, &str)]) -> Places {
        let variables = [&[("HOME", "/home/me")], variables].concat();
        Places::of_user(|name| variables.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| value.into())).unwrap()
    }

    #[test]
    fn the_folders_are_the_users_own() {
        let usual = places(&[]);
        assert_eq!(usual.program("doorbell"), Path::new("/home/me/.local/bin/doorbell"));
        assert_eq!(usual.desktop_entry(), Path::new("/home/me/.local/share/applications/dev.doorbell.Doorbell.desktop"));
        assert_eq!(usual.icon(), Path::new("/home/me/.local/share/icons/hicolor/scalable/apps/dev.doorbell.Doorbell.svg"));
        let named = places(&[("XDG_BIN_HOME", "/opt/me/bin"), ("XDG_DATA_HOME", "share")]);
        assert_eq!(named.program("doorbell"), Path::new("/opt/me/bin/doorbell"));
        assert_eq!(named.icon(), usual.icon(), "a path that is relative counts for nothing");
        assert!(Places::of_user(|_| None).is_err());
    }

    #[test]
    fn what_a_shell_finds_is_ours_another_or_nothing() {
        let found = |path: &str, files: &[&str]| {
            places(&[("PATH", path)]).found("doorbell", |file| files.iter().any(|known| Path::new(known) == file))
        };
        let (ours, other) = ("/home/me/.local/bin/doorbell", "/usr/bin/doorbell");
        assert_eq!(found("/usr/bin:/home/me/.local/bin/", &[ours]), Found::Ours);
        assert_eq!(found("/usr/bin:/home/me/.local/bin", &[ours, other]), Found::Other(other.into()));
        assert_eq!(found("/home/me/.local/bin:/usr/bin", &[ours, other]), Found::Ours);
        assert_eq!(found("/usr/bin", &[ours]), Found::Nothing);
        assert_eq!(found("", &[ours]), Found::Nothing);
    }

    #[test]
    fn what_is_to_be_typed_fits_the_shell() {
        for (shell, typed) in [
            ("/bin/bash", "echo 'export PATH=\"$HOME/.local/bin:$PATH\"' >> ~/.bashrc"),
            ("/usr/bin/zsh", "echo 'export PATH=\"$HOME/.local/bin:$PATH\"' >> ~/.zshrc"),
            ("/usr/bin/fish", "fish_add_path /home/me/.local/bin"),
        ] {
            assert_eq!(places(&[("SHELL", shell)]).how_to_extend_path(), typed);
        }
        assert!(places(&[("XDG_BIN_HOME", "/opt/bin")]).how_to_extend_path().contains("PATH=\"/opt/bin:$PATH\""));
    }
}
