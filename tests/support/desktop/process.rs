//! One program on the desktop: a process group of its own, a log, and an end.

use std::{
    fs::{self, File},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::wait;

/// A running program. Dropping it kills its whole process group.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` in a process group of its own; standard output (unless the command takes it) and error go to `log`.
    ///
    /// # Errors
    /// The log cannot be written, or the program cannot be started.
    pub fn spawn(command: &mut Command, log: &Path, stdout: Stdout) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        match stdout {
            Stdout::Logged => command.stdout(file.try_clone()?),
            Stdout::Piped => command.stdout(Stdio::piped()),
        };
        let child = command
            .stdin(Stdio::null())
            .stderr(file)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {name}; `cargo xtask test` installs what the desktop tests need"))?;
        Ok(Self { name, child, log: log.to_owned() })
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has written.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// What to say when it let a test down: its name and the end of its log.
    #[must_use]
    pub fn last_words(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        format!("last words of {}:\n{}", self.name, lines[lines.len().saturating_sub(30)..].join("\n"))
    }

    /// The pipe of a program that was started with [`Stdout::Piped`]; once.
    pub fn take_stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.child.stdout.take()
    }

    /// Whether it has not ended yet.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn is_running(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Waits until it ends by itself.
    ///
    /// # Errors
    /// It did not end in time.
    pub async fn ended(&mut self, limit: std::time::Duration) -> Result<ExitStatus> {
        let child = &mut self.child;
        let ended = wait::until_some(&format!("{} ends", self.name), limit, async || Ok(child.try_wait()?)).await;
        ended.with_context(|| self.last_words())
    }

    /// Sends a signal to this process alone, not to its children.
    ///
    /// # Errors
    /// The process is gone.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill_process(Pid::from_child(&self.child), signal).with_context(|| format!("cannot signal {}", self.name))
    }
}

/// Where a program's standard output goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stdout {
    /// To its log.
    Logged,
    /// To [`Process::take_stdout`].
    Piped,
}

impl Drop for Process {
    fn drop(&mut self) {
        // Fails only when the group is gone, which is what is wanted.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}
