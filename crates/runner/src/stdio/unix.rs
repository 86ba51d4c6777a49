//! Joins a command to its streams and starts it.

use std::{
    fs::File,
    io::{self, IsTerminal, PipeReader, PipeWriter},
    os::{
        fd::{AsFd, OwnedFd},
        unix::process::CommandExt,
    },
    process::{Child, Command, Stdio},
    thread::JoinHandle,
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{
    copy::{self, Behind, Wait, Waiter, WhenClosed},
    plan::{InputVia, Kind, Ours, OutputVia, Outputs, Plan, TerminalChoice},
    terminal::{self, OutputMode, Pseudo},
    terminals::Terminals,
};
use crate::{
    command,
    output::{OutputSink, Reading, Stream, Tap},
    surroundings::Surroundings,
};

/// A command that runs, joined to our streams.
pub(crate) struct Attached {
    pub(crate) child: Child,
    copies: Vec<JoinHandle<Option<Behind>>>,
    /// Closed to tell the copies that the command has exited.
    running: PipeWriter,
    reading: Reading,
    terminals: Terminals,
}

/// Starts `command` with streams like ours.
pub(crate) fn attach_here(command: Command, sink: OutputSink, choice: TerminalChoice) -> io::Result<Attached> {
    let plan = Ours::now().plan(choice);
    let starting = Starting::new(sink)?;
    let controlling = match plan.stdout {
        OutputVia::Terminal => {
            let output = if plan.stdin == InputVia::Terminal { OutputMode::LikeOurs } else { OutputMode::Untouched };
            Some(Pseudo::open(io::stdout().as_fd(), output)?)
        }
        OutputVia::BareTerminal | OutputVia::Pipe | OutputVia::WithStdout => None,
    };
    match controlling {
        Some(pseudo) => starting.in_terminal(command, plan, pseudo),
        None => starting.in_pipes(command, plan),
    }
}

/// Starts `command` without input, in a group of its own. What it writes is read for its progress and goes
/// nowhere.
pub(crate) fn attach_claimed(command: Command, surroundings: &Surroundings, sink: OutputSink) -> io::Result<Attached> {
    let mut starting = Starting::new(sink)?;
    let (stdout, stderr) = (starting.pipe(None, Stream::Output)?, starting.pipe(None, Stream::Error)?);
    let child = surroundings.start(|| {
        command::start(command, |command| {
            command.process_group(0).stdin(Stdio::null()).stdout(stdout.try_clone()?).stderr(stderr.try_clone()?);
            Ok(())
        })
    })?;
    Ok(starting.attached(child, Terminals::default()))
}

impl Attached {
    /// The terminals between the command and us, for the signals that concern them.
    pub(crate) fn terminals(&self) -> Terminals {
        self.terminals.clone()
    }

    /// The command has exited. Moves the output that is left, and returns the command's last words.
    pub(crate) fn detach(self) -> Option<String> {
        drop(self.running);
        // A copy that panicked has lost output, but there is nobody left to tell.
        let behind = self.copies.into_iter().filter_map(|copy| copy.join().ok().flatten());
        behind.for_each(Behind::move_on);
        terminal::leave();
        self.reading.end()
    }
}

/// A command that is being joined to its streams.
struct Starting {
    tap: Tap,
    reading: Reading,
    copies: Vec<JoinHandle<Option<Behind>>>,
    running: PipeWriter,
    stop: PipeReader,
}

impl Starting {
    fn new(sink: OutputSink) -> io::Result<Self> {
        let (stop, running) = io::pipe()?;
        let (tap, reading) = sink.read()?;
        Ok(Self { tap, reading, copies: Vec::new(), running, stop })
    }

    fn in_terminal(mut self, command: Command, plan: Plan, pseudo: Pseudo) -> io::Result<Attached> {
        // This fails as starting the command would. Otherwise only the leader of its session would know why.
        command::find(&command)?;
        let mut command = pty_process::blocking::Command::from(led(&command));
        if plan.stdin == InputVia::Inherited {
            command = command.stdin(Stdio::inherit());
        }
        if plan.stderr == OutputVia::Pipe {
            command = command.stderr(Stdio::from(self.pipe(Some(ours(io::stderr())?), Stream::Error)?));
        }
        let Pseudo { ours: pty, theirs } = pseudo;
        let to = ours(io::stdout())?;
        let stream = if plan.stderr == OutputVia::Pipe { Stream::Output } else { Stream::Both };
        self.copy(pty.try_clone()?, Some(to), WhenClosed::Discard, stream)?;
        // Our terminal is raw before the first output: what the command's terminal has made of it must not be
        // made twice.
        let terminals = match plan.stdin {
            InputVia::Terminal => Terminals::with_keys(pty)?,
            InputVia::Inherited => Terminals::controlling_only(pty),
        };
        let child = command.spawn(theirs).inspect_err(|_| terminal::leave()).map_err(terminal::into_io)?;
        Ok(self.attached(child, terminals))
    }

    fn in_pipes(mut self, command: Command, plan: Plan) -> io::Result<Attached> {
        let mut bare = None;
        let stream = if plan.stderr == OutputVia::WithStdout { Stream::Both } else { Stream::Output };
        let stdout = self.pipe(Some(ours(io::stdout())?), stream)?;
        let stderr = match plan.stderr {
            OutputVia::WithStdout => stdout.try_clone()?,
            OutputVia::BareTerminal => {
                let pseudo = Pseudo::open(io::stderr().as_fd(), OutputMode::Untouched)?;
                self.copy(pseudo.ours.try_clone()?, Some(ours(io::stderr())?), WhenClosed::Discard, Stream::Error)?;
                bare = Some(pseudo.ours);
                pseudo.theirs.as_fd().try_clone_to_owned()?
            }
            OutputVia::Pipe | OutputVia::Terminal => self.pipe(Some(ours(io::stderr())?), Stream::Error)?,
        };
        // The command's ends of the pipes are closed here when this returns. Otherwise the copies would never
        // see an end.
        let child = command::start(command, |command| {
            command.stdin(Stdio::inherit()).stdout(stdout.try_clone()?).stderr(stderr.try_clone()?);
            Ok(())
        })?;
        Ok(self.attached(child, Terminals::bare(bare)))
    }

    /// A pipe for the command to write to, moved to `to`.
    fn pipe(&mut self, to: Option<File>, stream: Stream) -> io::Result<OwnedFd> {
        let (reader, writer) = io::pipe()?;
        self.copy(OwnedFd::from(reader).into(), to, WhenClosed::Close, stream)?;
        Ok(writer.into())
    }

    fn copy(&mut self, from: File, to: Option<File>, when_closed: WhenClosed, stream: Stream) -> io::Result<()> {
        let waiter = Poll { output: from.try_clone()?, stop: self.stop.try_clone()? };
        self.copies.push(copy::spawn(from, to, when_closed, waiter, self.tap.source(stream))?);
        Ok(())
    }

    fn attached(self, child: Child, terminals: Terminals) -> Attached {
        Attached { child, copies: self.copies, running: self.running, reading: self.reading, terminals }
    }
}

impl Ours {
    fn now() -> Self {
        let kind = |terminal| if terminal { Kind::Terminal } else { Kind::Other };
        let same = || {
            let (out, err) = (rustix::fs::fstat(io::stdout()).ok()?, rustix::fs::fstat(io::stderr()).ok()?);
            Some(out.st_dev == err.st_dev && out.st_ino == err.st_ino)
        };
        Self {
            stdin: kind(io::stdin().is_terminal()),
            stdout: kind(io::stdout().is_terminal()),
            stderr: kind(io::stderr().is_terminal()),
            outputs: if same() == Some(true) { Outputs::Same } else { Outputs::Different },
        }
    }
}

/// The command, with a process of ours as the leader of its session.
fn led(command: &Command) -> Command {
    command::in_place_of(command, command::led(command.get_program(), command.get_args()))
}

/// Waits for output, or for the end of the command.
struct Poll {
    output: File,
    stop: PipeReader,
}

impl Waiter for Poll {
    fn wait(&mut self) -> io::Result<Wait> {
        let mut fds = [PollFd::new(&self.output, PollFlags::IN), PollFd::new(&self.stop, PollFlags::IN)];
        loop {
            match poll(&mut fds, None) {
                // This comes first: a grandchild that writes all the time must not hide the command's end.
                Ok(_) if !fds[1].revents().is_empty() => return Ok(Wait::Stopped),
                Ok(_) => return Ok(Wait::Readable),
                Err(rustix::io::Errno::INTR) => {}
                Err(e) => return Err(e.into()),
            }
        }
    }

    fn is_readable(&mut self) -> io::Result<bool> {
        let mut fds = [PollFd::new(&self.output, PollFlags::IN)];
        Ok(poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))? > 0)
    }
}

/// A handle of our own on one of our streams, without the line buffer that std puts before it.
fn ours(stream: impl AsFd) -> io::Result<File> {
    Ok(stream.as_fd().try_clone_to_owned()?.into())
}
