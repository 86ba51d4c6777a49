//! A user's home of its own for each test: nothing of the real user is read or written.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

#[cfg(target_os = "linux")]
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A home folder that goes with the test, and takes along who still lives there: runners and their commands outlive the hub
/// that they worked for, and would wait for ever for what a test that is over never does.
#[derive(Debug)]
pub struct Home(TempDir);

#[cfg(target_os = "linux")]
impl Drop for Home {
    fn drop(&mut self) {
        let lives_here = format!("HOME={}", self.0.path().display()).into_bytes();
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let ids = processes.filter_map(|process| process.file_name().to_str()?.parse().ok().and_then(Pid::from_raw));
        for id in ids.filter(|id| *id != rustix::process::getpid()) {
            let environment = fs::read(format!("/proc/{}/environ", id.as_raw_pid())).unwrap_or_default();
            if environment.split(|byte| *byte == 0).any(|variable| variable == lives_here) {
                // It may just have ended.
                let _ = kill_process(id, Signal::KILL);
            }
        }
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Home {
    /// An empty one.
    ///
    /// # Panics
    /// There is no room for temporary files.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test without a home cannot go on")]
    pub fn new() -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(home.path().join("run")).expect("a runtime folder");
        Self(home)
    }

    /// A path in it.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    /// Where hubs of this user keep their data.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.path("data/doorbell")
    }

    /// Where a hub of this user is announced.
    #[must_use]
    pub fn hub_file(&self) -> PathBuf {
        self.path("run/doorbell/hub.json")
    }

    /// The `doorbell` program, as this user would start it.
    #[must_use]
    pub fn doorbell(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(args);
        self.live_in(&mut command);
        command
    }

    /// Makes `command` one of this user.
    pub fn live_in(&self, command: &mut Command) {
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("DOORBELL_")) {
            command.env_remove(name);
        }
        command
            .env("HOME", self.0.path())
            .env("XDG_RUNTIME_DIR", self.path("run"))
            .env("XDG_DATA_HOME", self.path("data"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .current_dir(self.0.path());
    }

    /// Makes a script that can be run, for the interpreter on its first line. See [`install`](Self::install).
    ///
    /// # Panics
    /// There is no room for it.
    #[cfg(unix)]
    #[expect(clippy::expect_used, reason = "a test without its program cannot go on")]
    pub fn script(&self, name: &str, text: &str) -> PathBuf {
        let draft = self.path("draft");
        fs::write(&draft, text).expect("a script");
        self.install(name, &draft)
    }

    /// Copies a program here. By another process: one of ours that is started meanwhile would keep a file that we write open, and
    /// what is open for writing cannot be run.
    ///
    /// # Panics
    /// It cannot be copied.
    #[cfg(unix)]
    #[expect(clippy::expect_used, reason = "a test without its program cannot go on")]
    pub fn install(&self, name: &str, from: &Path) -> PathBuf {
        let path = self.path(name);
        let copied = Command::new("install").args(["-D", "-m", "755"]).arg(from).arg(&path).status().expect("`install` starts");
        assert!(copied.success(), "{name} cannot be installed");
        path
    }

    /// Runs `doorbell` to its end.
    ///
    /// # Panics
    /// It cannot be started.
    #[expect(clippy::expect_used, reason = "a test without the program cannot go on")]
    pub fn run(&self, args: &[&str]) -> Output {
        self.doorbell(args).output().expect("doorbell starts")
    }
}

/// The `doorbell` executable of this build.
///
/// # Panics
/// It has not been built.
#[must_use]
#[expect(clippy::expect_used, reason = "a test without the program cannot go on")]
pub fn program() -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let folder = test.parent().and_then(Path::parent).expect("tests are in target/<profile>/deps");
    let program = folder.join(format!("doorbell{}", std::env::consts::EXE_SUFFIX));
    assert!(program.exists(), "{} is not built; use `cargo xtask test`, or run `cargo build -p doorbell-cli` first", program.display());
    program
}
