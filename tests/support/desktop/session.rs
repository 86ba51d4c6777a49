//! The folders and the environment of one desktop, and the end of everything that was started in it.
//!
//! Three nets, because a test may end in any way: each [`Process`] kills its group when dropped; dropping the session
//! kills whatever still carries its mark in the environment (programs that made a group of their own); and when the test
//! process itself is killed, the kernel kills display and bus, which ends their clients.

use std::{
    cell::Cell,
    ffi::OsString,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

use super::process::{Process, Stdout};

/// Names the desktop in the environment of every process on it.
const MARK: &str = "DOORBELL_TEST_DESKTOP";

/// What programs need from the machine: where programs are, and what the developer asked for.
const INHERITED: [&str; 4] = ["PATH", "USER", "LOGNAME", "DOORBELL_LOG"];

/// Folders and environment of one desktop.
#[derive(Debug)]
pub struct Session {
    folder: tempfile::TempDir,
    env: Vec<(String, OsString)>,
    logs: Cell<u32>,
}

impl Session {
    /// Makes the folders.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn create() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("doorbell-desktop-").tempdir().context("cannot make a temporary folder")?;
        let path = |name: &str| folder.path().join(name);
        for name in ["run", "config", "data", "cache", "home", "logs"] {
            fs::create_dir(path(name))?;
        }
        fs::set_permissions(path("run"), fs::Permissions::from_mode(0o700))?;
        let mut env: Vec<(String, OsString)> =
            INHERITED.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var_os(name)?))).collect();
        for (name, value) in [
            (MARK, folder.path()),
            ("HOME", &path("home")),
            ("XDG_RUNTIME_DIR", &path("run")),
            ("XDG_CONFIG_HOME", &path("config")),
            ("XDG_DATA_HOME", &path("data")),
            ("XDG_CACHE_HOME", &path("cache")),
        ] {
            env.push((name.to_owned(), value.into()));
        }
        for (name, value) in [
            ("LANG", "C.UTF-8"),
            ("XDG_SESSION_TYPE", "x11"),
            ("XDG_CURRENT_DESKTOP", "XFCE"),
            ("GDK_BACKEND", "x11"),
            // Settings would go to a service, accessibility to another: both would be started for each test.
            ("GSETTINGS_BACKEND", "memory"),
            ("NO_AT_BRIDGE", "1"),
        ] {
            env.push((name.to_owned(), value.into()));
        }
        Ok(Self { folder, env, logs: Cell::new(0) })
    }

    /// A file or folder of this session: `run`, `config`, `data`, `cache`, `home`, `logs`.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The environment of every program on this desktop. Nothing else of the machine's environment reaches them.
    #[must_use]
    pub fn env(&self) -> &[(String, OsString)] {
        &self.env
    }

    /// Adds to the environment of what is started from now on.
    pub fn set_env(&mut self, name: &str, value: impl Into<OsString>) {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.to_owned(), value.into()));
    }

    /// Writes a configuration file; `@FOLDER@` in it becomes the session's folder.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, name: &str, content: &str) -> Result<PathBuf> {
        let path = self.path(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, content.replace("@FOLDER@", &self.folder.path().to_string_lossy()))?;
        Ok(path)
    }

    /// A program in this environment, to be changed before it is started with [`Session::start`].
    #[must_use]
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args).env_clear().envs(self.env.iter().map(|(name, value)| (name, value))).current_dir(self.path("home"));
        command
    }

    /// Starts a command in a process group of its own.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(&self, command: &mut Command, stdout: Stdout) -> Result<Process> {
        self.logs.set(self.logs.get() + 1);
        let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
        Process::spawn(command, &self.path(&format!("logs/{}-{program}.log", self.logs.get())), stdout)
    }

    /// Starts a program whose output is logged.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn spawn(&self, program: &str, args: &[&str]) -> Result<Process> {
        self.start(&mut self.command(program, args), Stdout::Logged)
    }

    /// A program that the kernel kills when the thread that starts it ends: for what does not end with display or bus.
    #[must_use]
    pub fn dependent_command(&self, program: &str, args: &[&str]) -> Command {
        let mut command = self.command("setpriv", &["--pdeathsig", "KILL", program]);
        command.args(args);
        command
    }

    /// Runs a tool of the desktop to its end and returns what it prints.
    ///
    /// # Errors
    /// It cannot be started or fails: the message has what it says.
    pub fn run(&self, program: &str, args: &[&str]) -> Result<String> {
        let output = self
            .command(program, args)
            .output()
            .with_context(|| format!("cannot start {program}; `cargo xtask test` installs what the desktop tests need"))?;
        anyhow::ensure!(output.status.success(), "{program} {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr).trim());
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Every process on this desktop, whoever has started it.
    #[must_use]
    pub fn marked_processes(&self) -> Vec<Pid> {
        let mark = format!("{MARK}={}", self.folder.path().display());
        let carries_mark = |pid: &i32| {
            fs::read(format!("/proc/{pid}/environ")).is_ok_and(|env| env.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes()))
        };
        let pids = fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter(carries_mark).filter_map(Pid::from_raw).collect()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Twice: what was being started while the first sweep went by is caught by the second.
        for _ in 0..2 {
            for pid in self.marked_processes() {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }
}
