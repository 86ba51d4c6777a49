//! Joins a command to its streams on Windows. A pseudo console has all three streams or none, so a command
//! gets one when all three of ours are a console. Otherwise a stream of ours that is a console is inherited
//! by the command, and what it writes there is not read for progress. All other streams are pipes.

use std::{
    fs::File,
    io::{self, IsTerminal},
    os::windows::{
        io::{AsHandle, AsRawHandle, OwnedHandle, RawHandle},
        process::ExitStatusExt,
    },
    process::{Command, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{
    console::{self, Part},
    copy::{self, Behind, Wait, Waiter, WhenClosed},
    keys,
    plan::{Keyboard, Kind, Ours, OutputVia, Outputs, Plan, TerminalChoice},
    pseudo::{self, Pseudo},
    waiting::Waiting,
};
use crate::{
    lookup,
    output::{OutputSink, Reading, Stream, Tap},
    surroundings::Surroundings,
};

/// When a copy has waited for output for so long after the command's end, it has moved all that the command
/// wrote. Nothing tells whether more is in a pipe, but what is there is read at once.
const DRAIN: Duration = Duration::from_millis(500);
/// A pseudo console that is closed gives the programs in it 5 s.
const CLOSING: Duration = Duration::from_secs(6);

/// A command that runs, joined to our streams.
pub(crate) struct Attached {
    process: Process,
    copies: Vec<Copying>,
    /// Set when the command has exited.
    exited: Arc<AtomicBool>,
    interrupted: Arc<AtomicBool>,
    reading: Reading,
}

enum Process {
    Plain(std::process::Child),
    InConsole(Pseudo, Box<dyn portable_pty::Child + Send + Sync>),
}

/// A thread that moves output.
struct Copying {
    thread: JoinHandle<Option<Behind>>,
    waiting: Waiting,
}

/// Starts `command` with streams like ours.
pub(crate) fn attach_here(command: Command, sink: OutputSink, choice: TerminalChoice) -> io::Result<Attached> {
    let command = lookup::found(command);
    let ours = Ours::now();
    let starting = Starting::new(sink)?;
    if let Some(keyboard) = ours.keyboard(choice) {
        match in_console(&command, ours, keyboard) {
            Ok(started) => return Ok(starting.in_console(started, keyboard)),
            // It is started without one. If it cannot run at all, that start says why.
            Err(e) => tracing::debug!("the command gets no console of its own: {e}"),
        }
    }
    starting.in_pipes(command, ours.plan(choice))
}

/// Starts `command` without input. What it writes is read for its progress and goes nowhere.
pub(crate) fn attach_claimed(command: Command, _surroundings: &Surroundings, sink: OutputSink) -> io::Result<Attached> {
    let mut command = lookup::found(command);
    let mut starting = Starting::new(sink)?;
    command.stdin(Stdio::null());
    command.stdout(starting.pipe(None, Stream::Output)?);
    command.stderr(starting.pipe(None, Stream::Error)?);
    starting.start(command)
}

/// Makes our console raw before the command shows anything, since what it shows is meant for a terminal.
fn in_console(command: &Command, ours: Ours, keyboard: Keyboard) -> io::Result<pseudo::Started> {
    match (keyboard, ours.stdout) {
        (Keyboard::Console, _) => console::make_raw(Part::ScreenAndKeys)?,
        (Keyboard::Input | Keyboard::Nobody, Kind::Terminal) => console::make_raw(Part::Screen)?,
        (Keyboard::Input | Keyboard::Nobody, Kind::Other) => {}
    }
    pseudo::start(command).inspect_err(|_| console::leave())
}

impl Attached {
    /// The handle of the command's process, and its id.
    pub(crate) fn process(&self) -> Option<(RawHandle, u32)> {
        match &self.process {
            Process::Plain(child) => Some((child.as_raw_handle(), child.id())),
            Process::InConsole(_, child) => child.as_raw_handle().zip(child.process_id()),
        }
    }

    /// The console that the command is in, when that is not ours.
    pub(crate) fn pseudo(&self) -> Option<Pseudo> {
        match &self.process {
            Process::Plain(_) => None,
            Process::InConsole(pseudo, _) => Some(pseudo.clone()),
        }
    }

    /// Whether somebody has typed Ctrl-C.
    pub(crate) fn was_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Returns when the command has exited.
    pub(crate) fn wait(&mut self) -> io::Result<ExitStatus> {
        match &mut self.process {
            Process::Plain(child) => child.wait(),
            Process::InConsole(_, child) => child.wait().map(|status| ExitStatus::from_raw(status.exit_code())),
        }
    }

    /// The command has exited. Moves the output that is left, and returns the command's last words.
    pub(crate) fn detach(self) -> Option<String> {
        const LOOK_EVERY: Duration = Duration::from_millis(2);

        self.exited.store(true, Ordering::Relaxed);
        let exited = Instant::now();
        let drain = match self.process {
            Process::Plain(_) => DRAIN,
            Process::InConsole(pseudo, _) => {
                // What is shown last comes while the console is closed. That takes as long as a program in it
                // does not end.
                let _ = thread::Builder::new().name("doorbell-close".to_owned()).spawn(move || pseudo.close());
                CLOSING
            }
        };
        while !self.copies.iter().all(|copy| copy.is_done(exited, drain)) {
            thread::sleep(LOOK_EVERY);
        }
        console::leave();
        self.reading.end()
    }
}

impl Copying {
    /// Whether the thread has ended, or waits only for programs that the command has left behind.
    fn is_done(&self, exited: Instant, drain: Duration) -> bool {
        self.thread.is_finished() || self.waiting.since().is_some_and(|since| since.max(exited).elapsed() >= drain)
    }
}

/// A command that is being joined to its streams.
struct Starting {
    tap: Tap,
    reading: Reading,
    copies: Vec<Copying>,
    exited: Arc<AtomicBool>,
}

impl Starting {
    fn new(sink: OutputSink) -> io::Result<Self> {
        let (tap, reading) = sink.read()?;
        Ok(Self { tap, reading, copies: Vec::new(), exited: Arc::default() })
    }

    /// The command runs already. What fails from here on costs its output or its keys, but not the command.
    fn in_console(mut self, started: pseudo::Started, keyboard: Keyboard) -> Attached {
        let pseudo::Started { pseudo, child, shown } = started;
        let source = self.tap.source(Stream::Both);
        let waiting = Waiting::default();
        let ours = waiting.clone();
        match spawn("doorbell-copy", move || {
            shown.show(source, &ours);
            None
        }) {
            Some(thread) => self.copies.push(Copying { thread, waiting }),
            // Nobody reads the console, so it is closed, or the command would wait.
            None => pseudo.close(),
        }
        let interrupted = Arc::<AtomicBool>::default();
        if keyboard != Keyboard::Nobody {
            // The two threads live as long as the process.
            let (to, interrupted) = (pseudo.clone(), Arc::clone(&interrupted));
            spawn("doorbell-keys", move || keys::hand_on(keyboard, &to, &interrupted));
        }
        let resized = pseudo.clone();
        spawn("doorbell-size", move || resized.follow_size());
        self.attached(Process::InConsole(pseudo, child), interrupted)
    }

    fn in_pipes(mut self, mut command: Command, plan: Plan) -> io::Result<Attached> {
        if plan.stdout == OutputVia::Pipe {
            command.stdout(self.pipe(Some(our(io::stdout())?), Stream::Output)?);
        }
        if plan.stderr == OutputVia::Pipe {
            command.stderr(self.pipe(Some(our(io::stderr())?), Stream::Error)?);
        }
        self.start(command)
    }

    fn start(self, mut command: Command) -> io::Result<Attached> {
        let child = command.spawn()?;
        // The command's ends must be closed here, or the copies would never see the end.
        drop(command);
        Ok(self.attached(Process::Plain(child), Arc::default()))
    }

    /// A pipe for the command to write to, moved to `to`.
    fn pipe(&mut self, to: Option<File>, stream: Stream) -> io::Result<Stdio> {
        let (reader, writer) = io::pipe()?;
        let waiting = Waiting::default();
        let waiter = Blocking { exited: Arc::clone(&self.exited), waiting: waiting.clone() };
        let from = File::from(OwnedHandle::from(reader));
        let thread = copy::spawn(from, to, WhenClosed::Close, waiter, self.tap.source(stream))?;
        self.copies.push(Copying { thread, waiting });
        Ok(writer.into())
    }

    fn attached(self, process: Process, interrupted: Arc<AtomicBool>) -> Attached {
        Attached { process, copies: self.copies, exited: self.exited, interrupted, reading: self.reading }
    }
}

impl Ours {
    fn now() -> Self {
        let kind = |terminal| if terminal { Kind::Terminal } else { Kind::Other };
        Self {
            stdin: kind(io::stdin().is_terminal()),
            stdout: kind(io::stdout().is_terminal()),
            stderr: kind(io::stderr().is_terminal()),
            // Nothing tells whether two pipes are one.
            outputs: Outputs::Different,
        }
    }
}

fn spawn<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> Option<JoinHandle<T>> {
    thread::Builder::new().name(name.to_owned()).spawn(work).inspect_err(|e| tracing::warn!("cannot start {name}: {e}")).ok()
}

/// A handle of our own on one of our streams, without the line buffer that std puts before it.
fn our(stream: impl AsHandle) -> io::Result<File> {
    Ok(stream.as_handle().try_clone_to_owned()?.into())
}

/// Does not wait: the read itself does, and nothing interrupts it.
struct Blocking {
    exited: Arc<AtomicBool>,
    waiting: Waiting,
}

impl Waiter for Blocking {
    fn wait(&mut self) -> io::Result<Wait> {
        self.waiting.begin();
        Ok(if self.exited.load(Ordering::Relaxed) { Wait::Stopped } else { Wait::Readable })
    }

    fn is_readable(&mut self) -> io::Result<bool> {
        self.waiting.begin();
        Ok(true)
    }

    fn has_read(&mut self) {
        self.waiting.end();
    }
}
