//! A `doorbell` that runs in the background, with its output read as it comes.

use std::{
    io::Read,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{eventually, hub::SOON};

/// The code that a shell gives for this end: 128 + n after signal n.
#[must_use]
pub fn shell_code(status: ExitStatus) -> Option<i32> {
    status.code().or_else(|| Some(128 + std::os::unix::process::ExitStatusExt::signal(&status)?))
}

/// A program that runs. Dropping it kills it.
#[derive(Debug)]
pub struct Running {
    process: Child,
    output: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

#[expect(clippy::expect_used, reason = "a test whose program does not do its part cannot go on")]
impl Running {
    /// Starts `command` and reads its standard output.
    ///
    /// # Panics
    /// It cannot be started.
    #[must_use]
    pub fn start(command: &mut Command) -> Self {
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the program starts");
        let stdout = process.stdout.take().expect("its output");
        Self::reading(process, stdout)
    }

    /// Takes a program that runs, and what it writes.
    #[must_use]
    pub fn reading(process: Child, mut from: impl Read + Send + 'static) -> Self {
        let output = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&output);
        let reader = thread::spawn(move || {
            let mut block = [0; 4096];
            while let Ok(size @ 1..) = from.read(&mut block) {
                shared.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&block[..size]);
            }
        });
        Self { process, output, reader: Some(reader) }
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it has written by now.
    #[must_use]
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&self.output.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// Waits until it has written `text`.
    ///
    /// # Panics
    /// It never does.
    pub fn says(&self, text: &str) {
        eventually(&format!("output {text:?}, after {:?}", self.output()), SOON, || self.output().contains(text).then_some(()));
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// It has ended.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).expect("it takes a signal");
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// It does not end.
    pub fn wait(&mut self) -> ExitStatus {
        eventually("the program ends", SOON, || self.process.try_wait().expect("its end"))
    }

    /// Waits for its end, and gives its status and all that it wrote.
    ///
    /// # Panics
    /// It does not end.
    #[must_use]
    pub fn end(mut self) -> (ExitStatus, String) {
        let status = self.wait();
        if let Some(reader) = self.reader.take() {
            reader.join().expect("its output is read");
        }
        (status, self.output())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
