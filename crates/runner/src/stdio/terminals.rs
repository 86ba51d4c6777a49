//! The terminals between the command and us: what is typed goes from our terminal to the command's, and a new
//! size with it.

use std::{
    fs::File,
    io::{self, PipeReader, PipeWriter, Read, Write},
    os::fd::{AsFd, BorrowedFd},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    process::Pid,
};

use super::terminal;
use crate::processes;

/// The terminals of one command, if it has any. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Terminals(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// Our end of the command's controlling terminal.
    controlling: Option<File>,
    /// Our end of a terminal that is not the controlling one.
    bare: Option<File>,
    keys: Option<Keys>,
    /// Whether we are suspended because the command is.
    is_suspended: Mutex<bool>,
    woken: Condvar,
}

/// Keys that go from our terminal to the command's.
struct Keys {
    interrupted: AtomicBool,
    /// Written to when another group may be in the foreground of our terminal now.
    look: PipeWriter,
    looks: PipeReader,
}

impl Terminals {
    /// The command's session has this terminal. Nothing is typed into it.
    pub(super) fn controlling_only(controlling: File) -> Self {
        Self(Arc::new(Inner { controlling: Some(controlling), ..Inner::default() }))
    }

    /// The command's session has this terminal. What is typed into our terminal goes there, while we are in
    /// the foreground of ours.
    pub(super) fn with_keys(controlling: File) -> io::Result<Self> {
        let (looks, look) = io::pipe()?;
        let keys = Some(Keys { interrupted: AtomicBool::new(false), look, looks });
        let terminals = Self(Arc::new(Inner { controlling: Some(controlling), keys, ..Inner::default() }));
        let _ = terminal::make_raw(io::stdin().as_fd());
        let shared = terminals.clone();
        // The thread lives as long as the process.
        let _ = thread::Builder::new().name("doorbell-keys".to_owned()).spawn(move || shared.hand_on_keys());
        Ok(terminals)
    }

    /// The command has this terminal, if any, and it is not the controlling one.
    pub(super) fn bare(bare: Option<File>) -> Self {
        Self(Arc::new(Inner { bare, ..Inner::default() }))
    }

    /// From now on, until [`go_on`](Self::go_on), no keys are read: we are about to be suspended.
    pub(crate) fn begin_suspension(&self) {
        *self.0.is_suspended.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    /// Returns when [`go_on`](Self::go_on) was called.
    pub(crate) fn wait_for_go_on(&self) {
        let is_suspended = self.0.is_suspended.lock().unwrap_or_else(PoisonError::into_inner);
        let _woken = self.0.woken.wait_while(is_suspended, |is_suspended| *is_suspended);
    }

    /// Somebody has woken us.
    pub(crate) fn go_on(&self) {
        *self.0.is_suspended.lock().unwrap_or_else(PoisonError::into_inner) = false;
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

    /// The process group that keys on that terminal are for.
    pub(crate) fn foreground(&self) -> Option<Pid> {
        rustix::termios::tcgetpgrp(self.controlling()?).ok()
    }

    /// Whether the interrupt key was handed on to that terminal.
    pub(crate) fn was_interrupted(&self) -> bool {
        self.0.keys.as_ref().is_some_and(|keys| keys.interrupted.load(Ordering::Relaxed))
    }

    /// Whether we are suspended, or about to be.
    fn is_suspended(&self) -> bool {
        *self.0.is_suspended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hand_on_keys(&self) {
        const INTERRUPT: u8 = 0x03;
        /// How often to look whether the terminal is ours: a shell does not tell a job that runs in the
        /// background that it is in the foreground now.
        const LOOK_EVERY: Duration = Duration::from_millis(250);

        let (Some(mut to), Some(keys)) = (self.0.controlling.as_ref(), &self.0.keys) else { return };
        let Ok(from) = io::stdin().as_fd().try_clone_to_owned() else { return };
        let mut from = File::from(from);
        wait_until_led(to);
        let mut block = [0; 4096];
        loop {
            // While another job is in the foreground, to read would suspend us.
            if self.is_suspended() || !terminal::hold(from.as_fd()).unwrap_or(false) {
                thread::sleep(LOOK_EVERY);
                continue;
            }
            let mut fds = [PollFd::new(&from, PollFlags::IN), PollFd::new(&keys.looks, PollFlags::IN)];
            let _ = poll(&mut fds, None);
            if !fds[1].revents().is_empty() {
                let _ = (&keys.looks).read(&mut [0]);
                continue;
            }
            if self.is_suspended() || !terminal::is_foreground(from.as_fd()) {
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

/// Returns once the command is in the foreground of its terminal. A Ctrl-Z that is typed sooner would meet
/// the command between its fork and its start, when whoever starts it cannot see that it is suspended.
fn wait_until_led(terminal: &File) {
    const LOOK_EVERY: Duration = Duration::from_millis(1);
    /// A command that leads its session itself, because our program was replaced, never gets there.
    const LOOKS: u32 = 500;

    let foreground = || rustix::termios::tcgetpgrp(terminal).ok();
    // At first that is nobody, or the leader, whose group has the number of the session.
    let is_led = |foreground| processes::session_of(foreground).is_some_and(|session| session != foreground);
    for _ in 0..LOOKS {
        if foreground().is_some_and(is_led) {
            return;
        }
        thread::sleep(LOOK_EVERY);
    }
}
