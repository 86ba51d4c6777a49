//! A terminal as a person has it: the program is its session's leader, and keys that are typed make signals.

use std::{
    fs::File,
    io::Write,
    os::fd::{AsFd, OwnedFd},
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use pty_process::blocking::Command;
use rustix::termios::{Termios, Winsize};

use crate::{Home, Running, home::program, hub::SOON, shell_code};

/// A program in a terminal.
#[derive(Debug)]
pub struct Terminal {
    /// The program.
    pub program: Running,
    keyboard: File,
    /// Keeps the other end open, so that its settings can be read when the program has gone.
    screen: OwnedFd,
    found: Termios,
    /// How much of the output was looked at by [`shows_anew`](Self::shows_anew).
    seen: usize,
}

#[expect(clippy::expect_used, reason = "a test without a terminal cannot go on")]
impl Terminal {
    /// Starts `doorbell` in a terminal of `rows` × `columns`. `stdout` takes the place of the terminal when given.
    ///
    /// # Panics
    /// It cannot be started.
    #[must_use]
    pub fn start(home: &Home, args: &[&str], size: (u16, u16), stdout: Option<Stdio>) -> Self {
        let mut command = std::process::Command::new(program());
        command.args(args);
        Self::start_as(home, command, size, stdout)
    }

    /// Starts a shell with job control in a terminal, whose prompt is `ready> ` and for which `doorbell` is the one of this build.
    ///
    /// # Panics
    /// There is no `bash`.
    #[must_use]
    pub fn shell(home: &Home, size: (u16, u16)) -> Self {
        let mut shell = std::process::Command::new("bash");
        let folder = program().parent().expect("its folder").to_owned();
        let path =
            std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())));
        shell.args(["--norc", "--noprofile", "--noediting", "-i"]).env("PS1", "ready> ").env("PATH", path.expect("a path"));
        shell.env("TERM", "xterm").env("LC_ALL", "C.UTF-8");
        let terminal = Self::start_as(home, shell, size, None);
        terminal.program.says("ready> ");
        terminal
    }

    /// Starts a program of this user in a terminal.
    ///
    /// # Panics
    /// It cannot be started.
    #[must_use]
    pub fn start_as(home: &Home, mut std_command: std::process::Command, (rows, columns): (u16, u16), stdout: Option<Stdio>) -> Self {
        let (pty, pts) = pty_process::blocking::open().expect("a terminal");
        let keyboard = File::from(OwnedFd::from(pty));
        rustix::termios::tcsetwinsize(&keyboard, size(rows, columns)).expect("its size");
        let screen = pts.as_fd().try_clone_to_owned().expect("its other end");
        let found = rustix::termios::tcgetattr(&screen).expect("its settings");
        home.live_in(&mut std_command);
        let mut command = Command::from(std_command);
        if let Some(stdout) = stdout {
            command = command.stdout(stdout);
        }
        let process = command.spawn(pts).expect("the program starts");
        let program = Running::reading(process, keyboard.try_clone().expect("the terminal"));
        Self { program, keyboard, screen, found, seen: 0 }
    }

    /// Waits until the screen shows `text` after what it showed when this was called last.
    ///
    /// # Panics
    /// It never does.
    pub fn shows_anew(&mut self, text: &str) {
        let start = Instant::now();
        self.seen = loop {
            let output = self.program.output();
            let news = output.get(self.seen..).unwrap_or_default();
            if let Some(at) = news.find(text) {
                break self.seen + at + text.len();
            }
            assert!(start.elapsed() < SOON, "the screen never showed {text:?}, but {news:?}");
            thread::sleep(Duration::from_millis(10));
        };
    }

    /// Types on the keyboard.
    ///
    /// # Panics
    /// The terminal is gone.
    pub fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("keys");
    }

    /// Drags the window's corner.
    ///
    /// # Panics
    /// The terminal is gone.
    pub fn resizes(&self, rows: u16, columns: u16) {
        rustix::termios::tcsetwinsize(&self.keyboard, size(rows, columns)).expect("a new size");
    }

    /// Whether its settings are those that the program found.
    ///
    /// # Panics
    /// The terminal is gone.
    #[must_use]
    pub fn is_as_found(&self) -> bool {
        let now = rustix::termios::tcgetattr(&self.screen).expect("its settings");
        let modes = |t: &Termios| (t.input_modes, t.output_modes, t.local_modes, t.control_modes);
        modes(&now) == modes(&self.found)
    }

    /// Waits for the program's end, and gives the code that a shell has for it and what the terminal showed.
    ///
    /// # Panics
    /// The program does not end, or the terminal is not as it was found.
    #[must_use]
    pub fn end(mut self) -> (Option<i32>, String) {
        let status = self.program.wait();
        assert!(self.is_as_found(), "the terminal is not as it was found");
        // The reader ends when the last other end is closed.
        drop(self.screen);
        let (_, output) = self.program.end();
        (shell_code(status), output)
    }
}

fn size(rows: u16, columns: u16) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}
