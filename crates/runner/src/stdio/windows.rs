//! Joins a command to its streams where there are no pseudo-terminals of the Unix kind: terminals are inherited, so their
//! progress is not seen, and everything else goes through pipes.

use std::{
    fs::File,
    io::{self, IsTerminal, PipeReader},
    os::windows::io::{AsHandle, OwnedHandle},
    process::{Child, Command, Stdio},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use super::{
    copy::{self, Wait, Waiter, WhenClosed},
    plan::{Kind, Ours, Output, Outputs, TerminalChoice},
};
use crate::output::{Output as Told, Reading, Source, Stream};

/// How long the copies may go on once the command has exited. There is no way to ask a pipe here whether more is coming.
const DRAIN: Duration = Duration::from_millis(500);

/// A command that runs, joined to our streams.
pub(crate) struct Attached {
    pub(crate) child: Child,
    copies: Vec<JoinHandle<()>>,
    reading: Reading,
}

/// Starts `command` with streams like ours.
pub(crate) fn attach_here(mut command: Command, told: Told, choice: TerminalChoice) -> io::Result<Attached> {
    let kind = |terminal| if terminal { Kind::Terminal } else { Kind::Other };
    let ours = Ours {
        stdin: kind(io::stdin().is_terminal()),
        stdout: kind(io::stdout().is_terminal()),
        stderr: kind(io::stderr().is_terminal()),
        outputs: Outputs::Different,
    };
    let plan = ours.plan(choice);
    let (tap, reading) = told.read()?;
    let mut copies = Vec::new();
    if plan.stdout == Output::Pipe {
        command.stdout(pipe(Some(our(io::stdout())?), tap.source(Stream::Output), &mut copies)?);
    }
    if plan.stderr == Output::Pipe {
        command.stderr(pipe(Some(our(io::stderr())?), tap.source(Stream::Error), &mut copies)?);
    }
    let child = command.spawn()?;
    drop(command);
    Ok(Attached { child, copies, reading })
}

/// Starts `command` without input. What it writes is read for its progress and goes nowhere.
pub(crate) fn attach_claimed(mut command: Command, told: Told) -> io::Result<Attached> {
    let (tap, reading) = told.read()?;
    let mut copies = Vec::new();
    command.stdin(Stdio::null());
    command.stdout(pipe(None, tap.source(Stream::Output), &mut copies)?);
    command.stderr(pipe(None, tap.source(Stream::Error), &mut copies)?);
    let child = command.spawn()?;
    drop(command);
    Ok(Attached { child, copies, reading })
}

impl Attached {
    /// The command has exited: moves what it left, and gives its last words.
    pub(crate) fn detach(self) -> Option<String> {
        let deadline = Instant::now() + DRAIN;
        while Instant::now() < deadline && !self.copies.iter().all(JoinHandle::is_finished) {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.reading.end()
    }
}

fn pipe(to: Option<File>, source: Source, copies: &mut Vec<JoinHandle<()>>) -> io::Result<Stdio> {
    let (reader, writer): (PipeReader, _) = io::pipe()?;
    let from = File::from(OwnedHandle::from(reader));
    copies.push(copy::spawn(from, to, WhenClosed::Close, Blocking, source)?);
    Ok(writer.into())
}

fn our(stream: impl AsHandle) -> io::Result<File> {
    Ok(stream.as_handle().try_clone_to_owned()?.into())
}

/// Leaves the waiting to the read itself.
struct Blocking;

impl Waiter for Blocking {
    fn wait(&mut self) -> io::Result<Wait> {
        Ok(Wait::Readable)
    }

    fn is_readable(&mut self) -> io::Result<bool> {
        Ok(true)
    }
}
