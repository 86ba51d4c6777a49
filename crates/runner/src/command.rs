//! The command before it is a process: its program and environment.

use std::{
    ffi::{OsStr, OsString},
    io,
    process::Command,
};

#[cfg(unix)]
use std::{path::PathBuf, process::Child};

use doorbell_protocol::{JobId, jobs::Task};

use crate::{ending::Exit, run_secret::RunSecret};

/// Names the job to the command and everything below it.
pub const JOB_VARIABLE: &str = "DOORBELL_JOB";
/// The verb that makes a `doorbell` call lead the session of a command.
#[cfg(unix)]
const SESSION_VERB: &str = "session";
/// A queued job whose program has this name runs this very executable.
const OURSELVES: &str = "doorbell";

/// The command of a command line, as it was typed.
pub(crate) fn typed(program: &OsStr, args: &[OsString], job: JobId, secret: &RunSecret) -> Command {
    let mut command = Command::new(program);
    command.args(args);
    name_run(&mut command, job, secret);
    command
}

/// The command of a queued job.
pub(crate) fn queued(task: &Task, job: JobId, secret: &RunSecret) -> Result<Command, Exit> {
    let (program, args) = task.command.split_first().ok_or_else(|| Exit::NotFound("the job has no command".to_owned()))?;
    let mut command = if program == OURSELVES {
        Command::new(std::env::current_exe().map_err(|e| Exit::NotRunnable(format!("cannot find the doorbell program: {e}")))?)
    } else {
        Command::new(program)
    };
    command.args(args);
    // Where the shell is and was that started the worker does not concern the command.
    command.env_remove("PWD").env_remove("OLDPWD");
    if let Some(folder) = task.cwd.as_ref().map(Into::into).or_else(std::env::home_dir) {
        // A missing folder and a missing program give the same error when the command is started.
        if !folder.is_dir() {
            return Err(Exit::NotRunnable(format!("the working folder {} does not exist", folder.display())));
        }
        command.env("PWD", &folder).current_dir(folder);
    }
    command.envs(&task.env);
    // A task that was queued from inside another job may have brought that one's along.
    name_run(&mut command, job, secret);
    Ok(command)
}

/// The command, started by way of `doorbell session`. When our program's file has been replaced since we were
/// started, the command is started directly, and Ctrl-Z cannot suspend it.
#[cfg(unix)]
pub(crate) fn led(program: impl AsRef<OsStr>, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    match std::env::current_exe().ok().filter(|ours| ours.exists()) {
        Some(ours) => {
            let mut leader = Command::new(ours);
            leader.args([SESSION_VERB, "--"]).arg(program).args(args);
            leader
        }
        None => {
            let mut command = Command::new(program);
            command.args(args);
            command
        }
    }
}

/// `other` with the variables and the folder of `command`.
pub(crate) fn in_place_of(command: &Command, mut other: Command) -> Command {
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => other.env(name, value),
            None => other.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        other.current_dir(folder);
    }
    other
}

/// Starts `command` with the streams that `join` gives it. A script that does not name its interpreter is run
/// by `sh`, as shells do.
#[cfg(unix)]
pub(crate) fn start(mut command: Command, join: impl Fn(&mut Command) -> io::Result<()>) -> io::Result<Child> {
    join(&mut command)?;
    match command.spawn() {
        Err(e) if e.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()) => {
            let mut shell = Command::new("sh");
            shell.arg("--").arg(find(&command)?).args(command.get_args());
            let mut shell = in_place_of(&command, shell);
            join(&mut shell)?;
            shell.spawn()
        }
        started => started,
    }
}

/// Finds the file of the program, in the command's own search path when it has one. The error says why it
/// cannot be run.
#[cfg(unix)]
pub(crate) fn find(command: &Command) -> io::Result<PathBuf> {
    let own = command.get_envs().find(|(name, _)| *name == "PATH");
    let path = own.map_or_else(|| std::env::var_os("PATH"), |(_, path)| path.map(OsStr::to_owned));
    find_in(path, command.get_program())
}

/// Finds the file of `program` in this search path.
#[cfg(unix)]
pub(crate) fn find_in(path: Option<OsString>, program: &OsStr) -> io::Result<PathBuf> {
    use rustix::fs::{Access, access};

    let candidates: Vec<PathBuf> = match path {
        Some(path) if !program.as_encoded_bytes().contains(&b'/') => {
            std::env::split_paths(&path).map(|folder| folder.join(program)).collect()
        }
        // Without `PATH` the system has a default. Whether the program is there shows when it is started.
        None if !program.as_encoded_bytes().contains(&b'/') => return Ok(program.into()),
        Some(_) | None => vec![program.into()],
    };
    let mut found = Err(io::ErrorKind::NotFound.into());
    for path in candidates {
        match std::fs::metadata(&path).and_then(|_| Ok(access(&path, Access::EXEC_OK)?)) {
            Ok(()) => return Ok(path),
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => found = Err(e),
            Err(_) => {}
        }
    }
    found
}

/// Tells the command which run it is.
fn name_run(command: &mut Command, job: JobId, secret: &RunSecret) {
    let (variable, secret) = secret.variable();
    command.env(JOB_VARIABLE, job.to_string()).env(variable, secret);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_working_folder_is_named() {
        let task = Task { command: vec!["true".to_owned()], cwd: Some("/no/such".to_owned()), ..Task::default() };
        let exit = queued(&task, JobId(uuid::Uuid::nil()), &RunSecret::random()).unwrap_err();
        assert_eq!(exit, Exit::NotRunnable("the working folder /no/such does not exist".to_owned()));
    }
}
