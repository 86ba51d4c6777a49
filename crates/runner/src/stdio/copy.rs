//! Moves what the command writes to where we write, in one thread for each stream, and puts it into the tap.
//!
//! # Invariants
//! - Output is written first and put into the tap afterwards, so reading it cannot hold it back.
//! - When our reader has gone, the command's stream is closed, too, as it would be without us.
//! - When the command has exited, all that it wrote is moved. Programs that it has left behind with the
//!   stream are not waited for: what they write is moved by another process, see [`Behind`].

use std::{
    fs::File,
    io::{self, Read, Write},
    thread::{self, JoinHandle},
};

#[cfg(unix)]
use std::process::{Command, Stdio};

use super::bulk::Bulk;
use crate::output::Source;

/// Most that is moved once the command has exited. What it wrote last fits into a pipe or a terminal's
/// buffer; the rest comes from a grandchild, which might go on for ever.
const DRAIN: usize = 1024 * 1024;

/// What to do when our own stream takes no more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum WhenClosed {
    /// Close the command's stream. Its next write fails, as it would have without us.
    Close,
    /// Read on, and drop what comes: a terminal that nobody reads would block the command. It learns from
    /// SIGHUP that our terminal is gone.
    #[cfg_attr(not(unix), expect(dead_code, reason = "only pseudo-terminals are read on"))]
    Discard,
}

/// What a wait for output brought.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Wait {
    /// There is something to read, or the stream is over.
    Readable,
    /// The command has exited. From now on only what it has written already is moved.
    Stopped,
}

/// Waits for output, in the way of the platform.
pub(super) trait Waiter: Send + 'static {
    /// Waits for output.
    fn wait(&mut self) -> io::Result<Wait>;
    /// Whether there is output to read now.
    fn is_readable(&mut self) -> io::Result<bool>;
    /// Something was read and is about to be written, so this no longer counts as waiting.
    fn has_read(&mut self) {}
}

/// A stream that is still in use when the command has exited, such as by a server that it has left in the
/// background.
#[derive(Debug)]
#[cfg_attr(not(unix), expect(dead_code, reason = "nothing takes it over there"))]
pub(super) struct Behind {
    from: File,
    to: Option<File>,
}

#[cfg(unix)]
impl Behind {
    /// Leaves the stream to a process that moves output as long as anybody writes. Without that process, a
    /// write would end its writer.
    pub(super) fn move_on(self) {
        let mut cat = Command::new("cat");
        cat.stdin(self.from).stdout(self.to.map_or_else(Stdio::null, Stdio::from)).stderr(Stdio::null());
        // In a group of its own, since keys that are meant for the next command must not end it.
        std::os::unix::process::CommandExt::process_group(&mut cat, 0);
        if let Err(e) = cat.spawn() {
            tracing::debug!("what is written in the background is lost: {e}");
        }
    }
}

/// Starts a thread that moves `from` to `to`. It gives them back when somebody still has the stream at its
/// end.
pub(super) fn spawn(
    from: File,
    to: Option<File>,
    when_closed: WhenClosed,
    waiter: impl Waiter,
    source: Source,
) -> io::Result<JoinHandle<Option<Behind>>> {
    thread::Builder::new().name("doorbell-copy".to_owned()).spawn(move || copy(from, to, when_closed, waiter, source))
}

fn copy(mut from: File, mut to: Option<File>, when_closed: WhenClosed, mut waiter: impl Waiter, mut source: Source) -> Option<Behind> {
    let mut left = None;
    let mut bulk = Bulk::default();
    loop {
        let readable = match left {
            None => match waiter.wait() {
                Ok(Wait::Readable) => true,
                Ok(Wait::Stopped) => {
                    left = Some(DRAIN);
                    continue;
                }
                Err(_) => return None,
            },
            Some(0) => false,
            Some(_) => waiter.is_readable().ok()?,
        };
        if !readable {
            return Some(Behind { from, to });
        }
        let most = source.room().len();
        let size = if let Some(size) = to.as_ref().and_then(|to| bulk.write(&from, to, most)) {
            from.read_exact(&mut source.room()[..size]).ok()?;
            size
        } else {
            // A terminal whose last writer has gone gives EIO. That is the end of the stream, too.
            let Ok(size @ 1..) = read(&mut from, source.room()) else { return None };
            waiter.has_read();
            if let Some(file) = &mut to
                && write_all(file, &source.room()[..size]).is_err()
            {
                match when_closed {
                    WhenClosed::Close => return None,
                    WhenClosed::Discard => to = None,
                }
            }
            size
        };
        source.moved(size);
        left = left.map(|left| left.saturating_sub(size));
    }
}

fn read(from: &mut File, block: &mut [u8]) -> io::Result<usize> {
    loop {
        match from.read(block) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Like `write_all`, but also works when somebody has made our stream non-blocking.
fn write_all(to: &mut File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match to.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => wait_for_room(to)?,
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

#[cfg(unix)]
fn wait_for_room(to: &File) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, poll};

    match poll(&mut [PollFd::new(to, PollFlags::OUT)], None) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(e) => Err(e.into()),
    }
}

#[cfg(not(unix))]
fn wait_for_room(_: &File) -> io::Result<()> {
    thread::sleep(std::time::Duration::from_millis(1));
    Ok(())
}
