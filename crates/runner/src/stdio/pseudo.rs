//! A pseudo console of Windows, for the command and all that it starts.
//!
//! # Invariants
//! - The command has the environment, the folder and the program that it would have without it. They are set
//!   here, since `portable-pty` would take them from the registry.
//! - Programs that are in it when it is closed are told so, and end.

use std::{
    ffi::OsStr,
    io::{self, Read, Write},
    path::PathBuf,
    process::Command,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtyPair, PtySize, native_pty_system};

use super::{conpty_handshake::Handshake, console, text::Text, waiting::Waiting};
use crate::output::Source;

/// A handle on the pseudo console. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pseudo(Arc<Inner>);

struct Inner {
    /// `None` once it is closed.
    console: Mutex<Option<Box<dyn MasterPty + Send>>>,
    keys: Mutex<Box<dyn Write + Send>>,
}

/// A command that runs in a pseudo console, whose output nobody reads yet.
pub(super) struct Started {
    pub(super) pseudo: Pseudo,
    pub(super) child: Box<dyn Child + Send + Sync>,
    pub(super) shown: Shown,
}

/// What is shown in a pseudo console.
pub(super) struct Shown {
    output: Box<dyn Read + Send>,
    handshake: Handshake,
    answers: Pseudo,
}

/// Starts `command` in a pseudo console as large as our console. The name of its program must be a full path.
///
/// # Errors
/// A pseudo console cannot be made, or the command cannot be started in it. Starting it without one then
/// shows why.
pub(super) fn start(command: &Command) -> io::Result<Started> {
    if !is_plain(command) {
        return Err(io::Error::other("only its usual start can quote for a script what has a meaning to cmd"));
    }
    let built = built(command)?;
    let PtyPair { slave, master } = open()?;
    let (output, keys) = (master.try_clone_reader().map_err(io::Error::other)?, master.take_writer().map_err(io::Error::other)?);
    let child = slave.spawn_command(built).map_err(io::Error::other)?;
    let pseudo = Pseudo(Arc::new(Inner { console: Mutex::new(Some(master)), keys: Mutex::new(keys) }));
    let shown = Shown { output, handshake: Handshake::new(console::cursor()), answers: pseudo.clone() };
    Ok(Started { pseudo, child, shown })
}

impl Shown {
    /// Writes all that is shown to our console, and puts it into the tap. Returns when the pseudo console is
    /// closed.
    pub(super) fn show(mut self, mut source: Source, waiting: &Waiting) {
        let mut text = Text::default();
        let mut to = Some(io::stdout());
        loop {
            waiting.begin();
            let Some(shown) = self.next() else { return };
            waiting.end();
            let shown = text.whole(&shown);
            if let Some(stdout) = &mut to
                && stdout.write_all(shown.as_bytes()).and_then(|()| stdout.flush()).is_err()
            {
                // Read on: a console that nobody reads would block the command.
                to = None;
            }
            for piece in shown.as_bytes().chunks(source.room().len()) {
                source.room()[..piece.len()].copy_from_slice(piece);
                source.moved(piece.len());
            }
        }
    }

    /// Waits for more, and answers what is not meant to be shown.
    fn next(&mut self) -> Option<Vec<u8>> {
        let mut block = [0; 16 * 1024];
        loop {
            match self.output.read(&mut block) {
                Ok(size @ 1..) => {
                    let reply = self.handshake.take(&block[..size]);
                    if !reply.answer.is_empty() {
                        self.answers.type_in(&reply.answer);
                    }
                    return Some(reply.show);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => return None,
            }
        }
    }
}

impl Pseudo {
    /// Types `keys` into the console.
    pub(crate) fn type_in(&self, keys: &[u8]) {
        let mut to = self.0.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(e) = to.write_all(keys).and_then(|()| to.flush()) {
            tracing::debug!("the command reads no keys any more: {e}");
        }
    }

    /// Closes the console. Returns when all programs in it have ended.
    pub(crate) fn close(&self) {
        let console = self.0.console.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(console);
    }

    /// Gives it the size of our console whenever that changes. No event tells that, so it looks again and
    /// again. Returns when it is closed.
    pub(super) fn follow_size(&self) {
        const LOOK_EVERY: Duration = Duration::from_millis(250);

        let mut known = console::size();
        loop {
            thread::sleep(LOOK_EVERY);
            let size = console::size();
            let console = self.0.console.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(console) = &*console else { return };
            if size != known {
                known = size;
                if let Err(e) = console.resize(pty_size(size)) {
                    tracing::debug!("cannot resize the command's console: {e}");
                }
            }
        }
    }
}

/// Opens a pseudo console. The first time, `portable-pty` looks for a `conpty.dll` to use instead of the
/// system's, also in the working folder. Anybody may have put one there, so we change to the system's folder
/// meanwhile.
fn open() -> io::Result<PtyPair> {
    let here = std::env::current_dir()?;
    let system = std::env::var_os("SystemRoot").map_or_else(|| PathBuf::from("C:\\"), PathBuf::from);
    std::env::set_current_dir(system)?;
    let pair = native_pty_system().openpty(pty_size(console::size()));
    std::env::set_current_dir(here)?;
    pair.map_err(io::Error::other)
}

fn built(command: &Command) -> io::Result<CommandBuilder> {
    let mut built = CommandBuilder::new(command.get_program());
    built.args(command.get_args());
    built.env_clear();
    for (name, value) in std::env::vars_os() {
        built.env(name, value);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => built.env(name, value),
            None => built.env_remove(name),
        }
    }
    match command.get_current_dir() {
        Some(folder) => built.cwd(folder),
        None => built.cwd(std::env::current_dir()?),
    }
    Ok(built)
}

/// Whether every program takes the arguments as they are meant. Scripts are read by `cmd`, which quotes in
/// its own way.
fn is_plain(command: &Command) -> bool {
    const SPECIAL: &[u8] = b"\"%!^&|<>()\r\n";

    let extension = std::path::Path::new(command.get_program()).extension();
    let is_script = extension.is_some_and(|name| name.eq_ignore_ascii_case("bat") || name.eq_ignore_ascii_case("cmd"));
    let is_plain = |word: &OsStr| !word.as_encoded_bytes().iter().any(|byte| SPECIAL.contains(byte));
    !is_script || command.get_args().chain([command.get_program()]).all(is_plain)
}

fn pty_size((cols, rows): (u16, u16)) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::OpenOptions,
        io::{BufRead, BufReader},
        sync::mpsc::{self, RecvTimeoutError},
    };

    use super::*;

    /// This program, running the test with that name.
    fn program(test: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", &format!("stdio::pseudo::tests::{test}")]);
        command
    }

    #[test]
    #[ignore = "a command for the other tests"]
    fn greets_who_types_a_name() {
        // Whatever our streams are, this is the console.
        let mut screen = OpenOptions::new().write(true).open("CONOUT$").unwrap();
        let keys = OpenOptions::new().read(true).open("CONIN$").unwrap();
        let here = std::env::current_dir().unwrap();
        // Each is written in one piece and without spaces, since a console may move its cursor instead of
        // writing a space.
        let place = format!("<{}:{}>", std::env::var("DOORBELL_TEST").unwrap(), here.file_name().unwrap().display());
        screen.write_all(place.as_bytes()).unwrap();
        let mut name = String::new();
        BufReader::new(keys).read_line(&mut name).unwrap();
        screen.write_all(format!("<hello,{}>", name.trim_end()).as_bytes()).unwrap();
        std::process::exit(7);
    }

    #[test]
    fn a_command_is_seen_and_typed_to_and_finds_its_environment_and_folder_and_its_exit_code_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = program("greets_who_types_a_name");
        command.env("DOORBELL_TEST", "value").current_dir(folder.path());
        let Started { pseudo, mut child, mut shown } = start(&command).unwrap();
        let (to, pieces) = mpsc::channel();
        thread::spawn(move || {
            while let Some(piece) = shown.next() {
                to.send(String::from_utf8_lossy(&piece).into_owned()).unwrap();
            }
        });
        let mut seen = String::new();
        let mut until = |end: &str| {
            while !seen.contains(end) {
                match pieces.recv_timeout(Duration::from_secs(30)) {
                    Ok(piece) => seen.push_str(&piece),
                    Err(e) => panic!("{e} before {end:?}, after {seen:?}"),
                }
            }
        };
        until(&format!("<value:{}>", folder.path().file_name().unwrap().display()));
        pseudo.type_in(b"Ada\r");
        until("<hello,Ada>");
        let (to, ended) = mpsc::channel();
        thread::spawn(move || {
            to.send(child.wait().unwrap().exit_code()).unwrap();
            pseudo.close();
        });
        assert_eq!(ended.recv_timeout(Duration::from_secs(30)), Ok(7));
        // The channel is disconnected when nothing can be shown any more.
        let over = loop {
            if let Err(e) = pieces.recv_timeout(Duration::from_secs(30)) {
                break e;
            }
        };
        assert_eq!(over, RecvTimeoutError::Disconnected);
    }

    #[test]
    fn what_cmd_would_read_in_its_own_way_is_left_to_the_usual_start() {
        let command = |program: &str, args: &[&str]| {
            let mut command = Command::new(program);
            command.args(args);
            is_plain(&command)
        };
        assert!(command(r"C:\node\npm.CMD", &["run", "build all"]));
        assert!(!command(r"C:\node\npm.cmd", &["run", "a&b"]));
        assert!(!command(r"C:\a (b)\npm.bat", &[]));
        assert!(command(r"C:\a (b)\cargo.exe", &["a&b", "%PATH%"]));
    }
}
