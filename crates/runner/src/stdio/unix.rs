//! Joins a command to its streams and starts it.

use std::{
    fs::File,
    io::{self, IsTerminal, PipeReader, PipeWriter, Read, Write},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::process::CommandExt,
    },
    process::{Child, Command, Stdio},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::Pid,
};

use super::{
    copy::{self, Behind, Wait, Waiter, WhenClosed},
    plan::{Input, Kind, Ours, Output, Outputs, Plan, TerminalChoice},
    terminal::{self, OutputMode, Pseudo},
};
use crate::{
    command,
    farewell::Typed,
    group,
    output::{Output as Told, Reading, Stream, Tap},
    signals::{self, Stop, Whom},
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

/// The terminals between the command and us.
#[derive(Clone, Default)]
pub(crate) struct Terminals(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// Our end of the command's controlling terminal.
    controlling: Option<File>,
    /// Our end of a terminal that controls nothing.
    bare: Option<File>,
    keys: Option<Keys>,
    /// Whether we are stopped because the command is.
    stopped: Mutex<bool>,
    woken: Condvar,
}

/// What is typed goes from our terminal to the command's.
struct Keys {
    interrupted: AtomicBool,
    /// Written to when the terminal may be another's now.
    look: PipeWriter,
    looks: PipeReader,
}

/// Starts `command` with streams like ours.
pub(crate) fn attach_here(command: Command, told: Told, choice: TerminalChoice) -> io::Result<Attached> {
    let plan = Ours::now().plan(choice);
    let starting = Starting::new(told)?;
    let controlling = match plan.stdout {
        Output::Terminal => {
            let output = if plan.stdin == Input::Terminal { OutputMode::LikeOurs } else { OutputMode::Untouched };
            Some(Pseudo::open(io::stdout().as_fd(), output)?)
        }
        Output::BareTerminal | Output::Pipe | Output::WithStdout => None,
    };
    match controlling {
        Some(pseudo) => starting.in_terminal(command, plan, pseudo),
        None => starting.in_pipes(command, plan),
    }
}

/// Starts `command` without input, in a group of its own. What it writes is read for its progress and goes nowhere.
pub(crate) fn attach_claimed(command: Command, told: Told) -> io::Result<Attached> {
    let mut starting = Starting::new(told)?;
    let (stdout, stderr) = (starting.pipe(None, Stream::Output)?, starting.pipe(None, Stream::Error)?);
    let child = command::start(command, |command| {
        command.process_group(0).stdin(Stdio::null()).stdout(stdout.try_clone()?).stderr(stderr.try_clone()?);
        Ok(())
    })?;
    Ok(starting.attached(child, Terminals::default()))
}

impl Attached {
    /// The terminals between the command and us, for the signals that concern them.
    pub(crate) fn terminals(&self) -> Terminals {
        self.terminals.clone()
    }

    /// The command has exited: moves what it left, and gives its last words.
    pub(crate) fn detach(self) -> Option<String> {
        drop(self.running);
        // A copy that panicked has lost output, but there is nobody left to tell.
        let behind = self.copies.into_iter().filter_map(|copy| copy.join().ok().flatten());
        behind.for_each(Behind::move_on);
        terminal::leave();
        self.reading.end()
    }
}

impl Terminals {
    /// Begins to hand on what is typed, as soon as and as long as the terminal is ours.
    fn take_keyboard(&self) {
        if self.0.keys.is_none() {
            return;
        }
        let _ = terminal::make_raw(io::stdin().as_fd());
        let terminals = self.clone();
        // It lives as long as the process.
        let _ = thread::Builder::new().name("doorbell-keys".to_owned()).spawn(move || terminals.hand_on_keys());
    }

    /// Somebody has woken us.
    pub(crate) fn go_on(&self) {
        *self.0.stopped.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.woken.notify_all();
        if let Some(keys) = &self.0.keys {
            let _ = terminal::make_raw(io::stdin().as_fd());
            let _ = (&keys.look).write(&[0]);
        }
        self.resize();
    }

    /// Our terminal has another size.
    pub(crate) fn resize(&self) {
        if let Some(pseudo) = &self.0.controlling {
            terminal::resize(pseudo, io::stdout().as_fd());
        }
        if let Some(pseudo) = &self.0.bare {
            terminal::resize(pseudo, io::stderr().as_fd());
        }
    }

    /// Our end of the terminal that the command's session has, when that is not ours.
    pub(crate) fn controlling(&self) -> Option<BorrowedFd<'_>> {
        self.0.controlling.as_ref().map(AsFd::as_fd)
    }

    /// The group that keys on that terminal mean.
    pub(crate) fn foreground(&self) -> Option<Pid> {
        rustix::termios::tcgetpgrp(self.controlling()?).ok()
    }

    /// What somebody has typed.
    pub(crate) fn typed(&self) -> Typed {
        let interrupted = self.0.keys.as_ref().is_some_and(|keys| keys.interrupted.load(Ordering::Relaxed));
        if interrupted { Typed::Interrupt } else { Typed::Nothing }
    }

    /// The command has stopped: gives our terminal back and stops all of our group, as the key would have without us. Returns when
    /// we go on, or at once when nobody would wake us.
    pub(crate) fn suspend(&self) {
        /// What the command has shown last is moved on in this time.
        const LAST_SHOWN: Duration = Duration::from_millis(50);

        thread::sleep(LAST_SHOWN);
        self.until_woken(|| {
            terminal::give_back();
            signals::stop(Whom::OurGroup)
        });
    }

    /// Stops, and returns when somebody has woken us.
    pub(crate) fn until_woken(&self, stop: impl FnOnce() -> Stop) {
        *self.0.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        match stop() {
            // Another thread may take the stop, and this one runs on meanwhile. Whoever ends it sends the signal that this waits for.
            Stop::Sent => {
                let stopped = self.0.stopped.lock().unwrap_or_else(PoisonError::into_inner);
                let _woken = self.0.woken.wait_while(stopped, |stopped| *stopped);
            }
            Stop::Refused => self.go_on(),
        }
    }

    /// Whether we are stopped, or about to be.
    fn is_stopped(&self) -> bool {
        *self.0.stopped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hand_on_keys(&self) {
        const INTERRUPT: u8 = 0x03;
        /// From one look to the next, whether the terminal is ours: a shell does not tell a job that runs in the background that
        /// it is in the foreground now.
        const LOOK_EVERY: Duration = Duration::from_millis(250);

        let (Some(mut to), Some(keys)) = (self.0.controlling.as_ref(), &self.0.keys) else { return };
        let Ok(from) = io::stdin().as_fd().try_clone_to_owned() else { return };
        let mut from = File::from(from);
        until_led(to);
        let mut block = [0; 4096];
        loop {
            // While another job is in the foreground, to read would stop us.
            if self.is_stopped() || !terminal::hold(from.as_fd()).unwrap_or(false) {
                thread::sleep(LOOK_EVERY);
                continue;
            }
            let mut fds = [PollFd::new(&from, PollFlags::IN), PollFd::new(&keys.looks, PollFlags::IN)];
            let _ = poll(&mut fds, None);
            if !fds[1].revents().is_empty() {
                let _ = (&keys.looks).read(&mut [0]);
                continue;
            }
            if self.is_stopped() || !terminal::is_foreground(from.as_fd()) {
                continue;
            }
            match from.read(&mut block) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Ok(size @ 1..) => {
                    if block[..size].contains(&INTERRUPT) {
                        keys.interrupted.store(true, Ordering::Relaxed);
                    }
                    if to.write_all(&block[..size]).is_err() {
                        return;
                    }
                }
                Ok(0) | Err(_) => return,
            }
        }
    }
}

/// A command that is being joined.
struct Starting {
    tap: Tap,
    reading: Reading,
    copies: Vec<JoinHandle<Option<Behind>>>,
    running: PipeWriter,
    stop: PipeReader,
}

impl Starting {
    fn new(told: Told) -> io::Result<Self> {
        let (stop, running) = io::pipe()?;
        let (tap, reading) = told.read()?;
        Ok(Self { tap, reading, copies: Vec::new(), running, stop })
    }

    fn in_terminal(mut self, command: Command, plan: Plan, pseudo: Pseudo) -> io::Result<Attached> {
        // Fails as its start would, so that the reason is known here and not only to the leader.
        command::find(&command)?;
        let mut command = pty_process::blocking::Command::from(led(&command));
        let keys = match plan.stdin {
            Input::Terminal => {
                let (looks, look) = io::pipe()?;
                Some(Keys { interrupted: AtomicBool::new(false), look, looks })
            }
            Input::Inherited => {
                command = command.stdin(Stdio::inherit());
                None
            }
        };
        if plan.stderr == Output::Pipe {
            command = command.stderr(Stdio::from(self.pipe(Some(ours(io::stderr())?), Stream::Error)?));
        }
        let Pseudo { ours: pty, theirs } = pseudo;
        let to = ours(io::stdout())?;
        let stream = if plan.stderr == Output::Pipe { Stream::Output } else { Stream::Both };
        self.copy(pty.try_clone()?, Some(to), WhenClosed::Discard, stream)?;
        let terminals = Terminals(Arc::new(Inner { controlling: Some(pty), keys, ..Inner::default() }));
        // Before the first output: what the command's terminal has made of it must not be made twice.
        terminals.take_keyboard();
        let child = command.spawn(theirs).inspect_err(|_| terminal::leave()).map_err(terminal::into_io)?;
        Ok(self.attached(child, terminals))
    }

    fn in_pipes(mut self, command: Command, plan: Plan) -> io::Result<Attached> {
        let mut bare = None;
        let stream = if plan.stderr == Output::WithStdout { Stream::Both } else { Stream::Output };
        let stdout = self.pipe(Some(ours(io::stdout())?), stream)?;
        let stderr = match plan.stderr {
            Output::WithStdout => stdout.try_clone()?,
            Output::BareTerminal => {
                let pseudo = Pseudo::open(io::stderr().as_fd(), OutputMode::Untouched)?;
                self.copy(pseudo.ours.try_clone()?, Some(ours(io::stderr())?), WhenClosed::Discard, Stream::Error)?;
                bare = Some(pseudo.ours);
                pseudo.theirs.as_fd().try_clone_to_owned()?
            }
            Output::Pipe | Output::Terminal => self.pipe(Some(ours(io::stderr())?), Stream::Error)?,
        };
        // The command's ends are closed here with the end of this, or the copies would never see the end.
        let child = command::start(command, |command| {
            command.stdin(Stdio::inherit()).stdout(stdout.try_clone()?).stderr(stderr.try_clone()?);
            Ok(())
        })?;
        Ok(self.attached(child, Terminals(Arc::new(Inner { bare, ..Inner::default() }))))
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

/// Returns once the command is in the foreground of its terminal. A key that stops, typed sooner, would meet the command between
/// its fork and its start, when whoever starts it cannot see that it is stopped.
fn until_led(terminal: &File) {
    const LOOK_EVERY: Duration = Duration::from_millis(1);
    /// A command that leads its session itself, see [`led`], never gets there.
    const LOOKS: u32 = 500;

    let foreground = || rustix::termios::tcgetpgrp(terminal).ok();
    // Nobody, or the leader, whose group has the number of the session.
    let is_led = |foreground| group::session_of(foreground).is_some_and(|session| session != foreground);
    for _ in 0..LOOKS {
        if foreground().is_some_and(is_led) {
            return;
        }
        thread::sleep(LOOK_EVERY);
    }
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
                // First: a grandchild that never pauses must not hide the command's end.
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
