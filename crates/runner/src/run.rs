//! Runs a command in the place where the caller stands, as one job.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io,
    process::ExitStatus,
    time::{Duration, SystemTime},
};

use doorbell_client::EndpointSource;
use doorbell_protocol::{JobId, Origin, Timestamp, jobs::NewJob, limits, text};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    command,
    ending::{Ending, Exit},
    farewell::{Farewell, Typed},
    origin,
    output::{Latest, Log, Output, Words},
    redact::Redactor,
    reporter::{Job, Opening, Reporter},
    stdio::{self, Attached, TerminalChoice},
    stop::{Stopped, Stopper},
};

/// What to run, and what to call it.
#[derive(Clone, Debug)]
pub struct RunSpec {
    /// The program, looked for in `PATH`.
    pub program: OsString,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// What people call the job, 1 to 200 characters.
    pub name: String,
    /// Names the runs of one job; made of the name when left out.
    pub key: Option<String>,
    /// The job that it is a part of.
    pub parent: Option<JobId>,
    /// Words to find it by.
    pub labels: BTreeMap<String, String>,
    /// A page about it.
    pub url: Option<String>,
    /// Its start does not ring, and its end only when it has run for so long.
    pub notify_after: Option<Duration>,
    /// It is stopped when it has run for so long.
    pub timeout: Option<Duration>,
    /// Knows what must not be told.
    pub redactor: Redactor,
    /// Whether what it prints is sent.
    pub prints: Prints,
    /// Whether it gets a terminal.
    pub terminal: TerminalChoice,
    /// Whom to tell.
    pub source: EndpointSource,
}

/// Whether what a command prints may leave this machine.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Prints {
    /// It is sent as the job's log, without its secrets.
    #[default]
    Sent,
    /// Only figures of its progress are.
    Kept,
}

/// Runs the command and gives the exit code to exit with: the command's own, 127 when there is no such command, 126 when it cannot
/// be run, 124 when its time was up. After a command that died of a signal this process dies of it, too. The hub is told in the background and delays nothing but the return, by 2 s at
/// most, when it knows the job but does not take its end.
///
/// Signals to this process are handed on to the command from here on; call it once, and exit when it returns.
#[must_use]
pub fn run(spec: RunSpec) -> i32 {
    let id = JobId(Uuid::now_v7());
    let (latest, progress) = watch::channel(Latest::default());
    let process = command::typed(&spec.program, &spec.args, id);
    let redactor = spec.redactor.clone();
    let log = (spec.prints == Prints::Sent).then(Log::default);
    let output = Output { redactor: redactor.clone(), latest, words: log.clone().map_or(Words::Kept, Words::Sent) };
    // The clock is read before the command starts: once it runs, we may not get the processor for a while.
    let started_at = SystemTime::now().into();
    let started = Started::new(process, |process| stdio::attach_here(process, output, spec.terminal));
    let opening = Opening::Create(Box::new(redacted(new_job(&spec, id, started_at), &redactor)));
    let stopper = started.as_ref().ok().map(Started::stopper);
    if let (Some(stopper), Some(timeout)) = (&stopper, spec.timeout) {
        stopper.stop_after(timeout);
    }
    let job = Job { id, progress, log, redactor, stopper };
    let reporter = Reporter::start(spec.source.clone(), opening, job);
    let (ending, farewell) = match started {
        Ok(started) => started.wait(),
        Err(e) => {
            let exit = command::refused(&spec.program, &e);
            (Ending::of(&exit, &[], None), Farewell::Code(exit.code()))
        }
    };
    reporter.finish(ending);
    farewell.say()
}

fn new_job(spec: &RunSpec, id: JobId, started_at: Timestamp) -> NewJob {
    let line: Vec<String> = std::iter::once(&spec.program).chain(&spec.args).map(|word| word.to_string_lossy().into_owned()).collect();
    NewJob {
        id: Some(id),
        name: spec.name.clone(),
        key: spec.key.clone(),
        origin: Some(origin::here(&line)),
        start: true,
        started_at: Some(started_at),
        parent: spec.parent,
        labels: spec.labels.clone(),
        url: spec.url.clone(),
        notify_after_ms: spec.notify_after.map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX).min(limits::COUNT)),
        ..NewJob::default()
    }
}

/// Whoever types a secret into a command line does not mean to tell it to everybody who sees the job.
fn redacted(new: NewJob, redactor: &Redactor) -> NewJob {
    let text = |text: String| redactor.text(&text);
    NewJob {
        name: text::clean_cut(&redactor.text(&new.name), limits::NAME_CHARS),
        key: new.key.map(text),
        labels: new.labels.into_iter().map(|(name, value)| (name, redactor.text(&value))).collect(),
        url: new.url.map(text),
        origin: new.origin.map(|origin| Origin {
            cwd: origin.cwd.map(text),
            command: origin.command.iter().map(|word| redactor.text(word)).collect(),
            ..origin
        }),
        ..new
    }
}

/// A command that runs, with our signals handed on to it.
pub(crate) struct Started {
    attached: Attached,
    #[cfg(unix)]
    signals: crate::signals::Target,
    #[cfg(not(unix))]
    stopper: Stopper,
    #[cfg(not(unix))]
    told: crate::events::Told,
}

#[cfg(unix)]
impl Started {
    pub(crate) fn new(
        process: std::process::Command,
        attach: impl FnOnce(std::process::Command) -> io::Result<Attached>,
    ) -> io::Result<Self> {
        // Caught first: a signal that comes while the command starts waits for it.
        let signals = crate::signals::Signals::catch()?;
        let attached = attach(process)?;
        let pid = rustix::process::Pid::from_child(&attached.child);
        let signals = signals.hand_on(Some(pid), crate::signals::Company::Ours, attached.terminals())?;
        Ok(Self { attached, signals })
    }

    /// Stops the command when its job is cancelled.
    pub(crate) fn stopper(&self) -> Stopper {
        Stopper::new(self.signals.clone())
    }

    /// Returns when the process has exited, without taking its status: until then its id stays its own, so that a signal
    /// cannot hit another process. While a command with a terminal of its own is stopped, so are we.
    fn wait_for_exit(&self) {
        use rustix::process::{Signal, WaitId, WaitIdOptions, kill_process, waitid};

        let pid = rustix::process::Pid::from_child(&self.attached.child);
        let terminals = self.attached.terminals();
        let stops = if terminals.controlling().is_some() { WaitIdOptions::STOPPED } else { WaitIdOptions::empty() };
        loop {
            match waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | stops) {
                Ok(Some(status)) if status.stopped() => {
                    // Takes this news off the kernel's hands, so that the next wait does not return at once.
                    let _ = waitid(WaitId::Pid(pid), stops | WaitIdOptions::NOHANG);
                    terminals.suspend();
                    let _ = kill_process(pid, Signal::CONT);
                }
                Err(rustix::io::Errno::INTR) => {}
                Ok(_) | Err(_) => return,
            }
        }
    }

    /// Waits for the command's end, and for what it wrote.
    pub(crate) fn wait(mut self) -> (Ending, Farewell) {
        self.wait_for_exit();
        let crate::signals::Gone { mut told_to_stop, stopped } = self.signals.gone();
        let typed = self.attached.terminals().typed();
        if typed == Typed::Interrupt {
            told_to_stop.push(signal_hook::consts::SIGINT);
        }
        let exit = exit_of(self.attached.child.wait());
        let ending = |last_words: Option<&str>| match stopped {
            Some(why) => ending_of(why, &exit),
            None => Ending::of(&exit, &told_to_stop, last_words),
        };
        let farewell = Farewell::of(&exit, &ending(None), typed);
        self.signals.ended_with(farewell);
        let last_words = self.attached.detach();
        (ending(last_words.as_deref()), farewell)
    }
}

#[cfg(not(unix))]
impl Started {
    pub(crate) fn new(
        process: std::process::Command,
        attach: impl FnOnce(std::process::Command) -> io::Result<Attached>,
    ) -> io::Result<Self> {
        // Caught first: a Ctrl-C that comes while the command starts must not end us.
        let events = crate::events::Events::catch()?;
        let attached = attach(process)?;
        let stopper = Stopper::new(attached.process());
        let told = events.hand_on(attached.pseudo())?;
        Ok(Self { attached, stopper, told })
    }

    pub(crate) fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    pub(crate) fn wait(mut self) -> (Ending, Farewell) {
        const INTERRUPT: i32 = 2;

        let status = self.attached.wait();
        let stopped = self.stopper.gone();
        let typed = if self.attached.was_interrupted() { Typed::Interrupt } else { Typed::Nothing };
        let was_told = self.told.to_stop() || typed == Typed::Interrupt;
        let last_words = self.attached.detach();
        let exit = exit_of(status);
        let ending = match stopped {
            Some(why) => ending_of(why, &Stopper::exit(exit.clone())),
            None => Ending::of(&exit, if was_told { &[INTERRUPT] } else { &[] }, last_words.as_deref()),
        };
        let farewell = Farewell::of(&exit, &ending, typed);
        (ending, farewell)
    }
}

/// The end of a job whose command we have stopped.
fn ending_of(why: Stopped, exit: &Exit) -> Ending {
    match why {
        Stopped::Cancelled => Ending::cancelled(exit),
        Stopped::TimedOut(after) => Ending::timed_out(exit, after),
    }
}

fn exit_of(status: io::Result<ExitStatus>) -> Exit {
    match status {
        Ok(status) => match (status.code(), signal_of(status)) {
            (Some(code), _) => Exit::Code(code),
            (None, Some(signal)) => Exit::Signal(signal),
            (None, None) => Exit::Code(1),
        },
        Err(e) => Exit::NotRunnable(format!("cannot learn how the command ended: {e}")),
    }
}

#[cfg(unix)]
fn signal_of(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal_of(_: ExitStatus) -> Option<i32> {
    None
}
