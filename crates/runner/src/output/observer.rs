//! Joins what is read from a command's streams into one latest progress.

use std::time::SystemTime;

use doorbell_protocol::{Progress, Step, Timestamp};
use tokio::sync::watch;

use super::Words;
use crate::progress::Parser;

/// More than this at once is bulk: the command writes faster than the parser reads. Measured on 300 MB of
/// `3/20` lines (release build): 9.8 s when all is parsed, 0.4 s when bulk is not, 0.1 s without us.
const BULK: usize = 16 * 1024;
/// Only so much of the end of bulk is parsed, since the latest figure is what counts. A report to the
/// terminal (`OSC 9 ; 4`) in the rest is missed.
const BULK_READ: usize = 4 * 1024;

/// The stream that something was read from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stream {
    /// Standard output alone.
    Output,
    /// Standard error alone.
    Error,
    /// Both as one, as in a terminal.
    Both,
}

/// The latest progress of the command, whichever stream told it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latest {
    pub(crate) progress: Progress,
    figures_from: Option<Stream>,
}

/// Reads one stream.
#[derive(Debug)]
pub(crate) struct Observer {
    stream: Stream,
    parser: Parser,
    told: Progress,
    latest: watch::Sender<Latest>,
    words: Words,
}

impl Observer {
    pub(crate) fn new(stream: Stream, latest: watch::Sender<Latest>, words: Words) -> Self {
        Self { stream, parser: Parser::default(), told: Progress::default(), latest, words }
    }

    /// The command wrote this.
    pub(crate) fn saw(&mut self, bytes: &[u8]) {
        if bytes.len() > BULK {
            let tail = &bytes[bytes.len() - BULK_READ..];
            let line = tail.iter().position(|b| matches!(b, b'\n' | b'\r')).map_or(0, |end| end + 1);
            self.parser.skip();
            self.parser.feed(&tail[line..]);
        } else {
            self.parser.feed(bytes);
        }
        self.tell();
    }

    /// Output was left out before what comes next.
    pub(crate) fn skipped(&mut self) {
        self.parser.skip();
    }

    /// Whether a pause would tell something: see [`Parser::is_mid_line`].
    pub(crate) fn is_mid_line(&self) -> bool {
        self.parser.is_mid_line()
    }

    /// The command has written nothing for a moment.
    pub(crate) fn paused(&mut self) {
        self.parser.pause();
        self.tell();
    }

    /// The stream is over. Returns its last line.
    pub(crate) fn ended(mut self) -> Option<String> {
        self.paused();
        self.parser.last_line()
    }

    fn tell(&mut self) {
        let mut progress = self.parser.progress();
        if matches!(self.words, Words::Kept) {
            progress.message = None;
            progress.step = progress.step.map(|step| Step { label: None, ..step });
        }
        if progress != self.told {
            self.told.clone_from(&progress);
            let stream = self.stream;
            self.latest.send_modify(|latest| latest.merge(stream, progress, SystemTime::now().into()));
        }
    }
}

impl Latest {
    /// Takes in `news` from `stream`. A new message replaces the old one. Figures stay until their own stream
    /// has new ones, or the other stream has any.
    fn merge(&mut self, stream: Stream, news: Progress, at: Timestamp) {
        let has_figures = news.fraction.is_some() || news.done.is_some() || news.step.is_some();
        if has_figures || self.figures_from.is_none_or(|from| from == stream) {
            self.figures_from = has_figures.then_some(stream);
            self.progress = news;
        } else {
            self.progress.message = news.message;
        }
        self.progress.at = Some(at);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::UnsentLog, *};

    fn sent() -> Words {
        Words::Sent(UnsentLog::default())
    }

    #[test]
    fn words_that_are_kept_are_not_told_and_figures_are() {
        let (latest, seen) = watch::channel(Latest::default());
        let mut output = Observer::new(Stream::Output, latest, Words::Kept);
        output.saw(b"step 3/8: Scanning tables\nsecret words\n");
        let progress = seen.borrow().progress.clone();
        assert_eq!((progress.message, progress.step.map(|step| (step.index, step.label))), (None, Some((3, None))));
    }

    #[test]
    fn of_bulk_only_the_end_is_read() {
        let (latest, seen) = watch::channel(Latest::default());
        let mut output = Observer::new(Stream::Output, latest, sent());
        let bulk: String = (1..=20_000).map(|i| format!("{i}/20000\n")).collect();
        output.saw(b"an unfinished li");
        output.saw(bulk.as_bytes());
        output.saw(b"[3/8] Scanning\n");
        assert_eq!(seen.borrow().progress.done, Some(3));
        output.saw(bulk.as_bytes());
        assert_eq!(seen.borrow().progress.done, Some(20_000));
        output.saw(&[b'x'; BULK + 1]);
        assert_eq!(seen.borrow().progress.done, Some(20_000));
    }

    #[test]
    fn words_on_standard_error_keep_the_figures_of_the_output() {
        let (latest, seen) = watch::channel(Latest::default());
        let mut output = Observer::new(Stream::Output, latest.clone(), sent());
        let mut error = Observer::new(Stream::Error, latest, sent());
        output.saw(b"[3/8] Scanning\n");
        error.saw(b"warning: slow\n");
        let progress = seen.borrow().progress.clone();
        assert_eq!((progress.done, progress.message.as_deref()), (Some(3), Some("warning: slow")));
        error.saw(b"[1/2] Retrying\n");
        assert_eq!(seen.borrow().progress.done, Some(1));
        error.saw(b"gave up");
        assert_eq!(error.ended().as_deref(), Some("gave up"));
    }
}
