//! The thread that reads output, at its own pace.

use std::{
    io,
    thread::{self, JoinHandle},
    time::Duration,
};

use super::{
    OutputSink, Stream, Tap, Words,
    observer::Observer,
    tap::{Block, Taken},
};
use crate::redact::{Piece, RedactStream};

/// After this pause an unfinished line counts as it stands: it is what a person sees.
const PAUSE: Duration = Duration::from_millis(200);
/// Pause from one look at the output to the next, so that a command that writes all the time is looked at a
/// hundred times a second at most.
const REST: Duration = Duration::from_millis(10);

/// The thread that reads, and the tap that it reads from.
#[derive(Debug)]
pub(crate) struct Reading {
    tap: Tap,
    thread: JoinHandle<Option<String>>,
}

/// What is known of one stream.
struct Listener {
    stream: Stream,
    redact: RedactStream,
    observer: Observer,
}

impl OutputSink {
    /// Starts to read what is put into the tap.
    pub(crate) fn read(self) -> io::Result<(Tap, Reading)> {
        let tap = Tap::default();
        let ours = tap.clone();
        let thread = thread::Builder::new().name("doorbell-read".to_owned()).spawn(move || self.read_from(&ours))?;
        Ok((tap.clone(), Reading { tap, thread }))
    }

    /// Reads until the tap is closed. Returns the last line on standard error, or of all output where the
    /// streams are one.
    fn read_from(&self, tap: &Tap) -> Option<String> {
        let mut listeners: Vec<Listener> = Vec::new();
        loop {
            let is_mid_line = listeners.iter().any(|listener| listener.observer.is_mid_line());
            match tap.take(is_mid_line.then_some(PAUSE)) {
                Taken::Blocks(blocks) => {
                    for block in blocks {
                        self.saw(&mut listeners, &block);
                        tap.give_back(block.bytes);
                    }
                }
                Taken::Nothing => listeners.iter_mut().for_each(|listener| listener.observer.paused()),
                Taken::Over => break,
            }
            tap.rest(REST);
        }
        let mut last_words = None;
        for mut listener in listeners {
            let mut clean = Vec::new();
            listener.redact.end(&mut clean);
            listener.observer.saw(&clean);
            self.keep(&clean);
            let words = listener.observer.ended();
            if listener.stream != Stream::Output {
                last_words = words;
            }
        }
        last_words.filter(|_| matches!(self.words, Words::Sent(_)))
    }

    fn saw(&self, listeners: &mut Vec<Listener>, block: &Block) {
        let at = listeners.iter().position(|listener| listener.stream == block.stream).unwrap_or_else(|| {
            let observer = Observer::new(block.stream, self.latest.clone(), self.words.clone());
            listeners.push(Listener { stream: block.stream, redact: RedactStream::new(&self.redactor), observer });
            listeners.len() - 1
        });
        let listener = &mut listeners[at];
        let mut clean = Vec::with_capacity(block.bytes.len());
        if block.piece == Piece::AfterGap {
            listener.observer.skipped();
            if let Words::Sent(log) = &self.words {
                log.left_out();
            }
        }
        listener.redact.push(block.piece, &block.bytes, &mut clean);
        listener.observer.saw(&clean);
        self.keep(&clean);
    }

    fn keep(&self, clean: &[u8]) {
        if let Words::Sent(log) = &self.words {
            log.append(clean);
        }
    }
}

impl Reading {
    /// All output is in the tap. Waits until the rest was read, and returns the command's last words.
    pub(crate) fn end(self) -> Option<String> {
        self.tap.close();
        // A reader that panicked has no last words.
        self.thread.join().ok().flatten()
    }
}
