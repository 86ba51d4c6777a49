//! Reads progress from a command's output. Pure: bytes in, latest progress out.
//!
//! # Invariants
//! - The result does not depend on where the reads cut the output.
//! - An explicit report (`OSC 9 ; 4`) outranks figures in the text until it is cleared.
//! - Figures are told as they stand in the output, and doubtful ones only after they rose. One exception: as
//!   long as the command runs it is at 99 % at most.
//! - Memory is bounded by `LINE_BYTES` twice, and a line costs little beyond its copy unless it contains a
//!   slash or a percent sign.

mod figure;
mod lexer;
mod message;
mod osc;
mod percent;

use doorbell_protocol::{Progress, Step};

use self::{
    figure::{Figure, Form, Measure},
    lexer::{Lexeme, Lexer},
    osc::Report,
};

/// So many bytes of a line are kept. Figures further to the right are not looked for.
const LINE_BYTES: usize = 1_024;

/// The share of a command that has counted to the end and still runs: only its end is 100 %.
const ALMOST: f64 = 0.99;

/// Follows one stream of output.
#[derive(Debug, Default)]
pub struct Parser {
    lexer: Lexer,
    lines: Lines,
}

#[derive(Debug, Default)]
struct Lines {
    /// The line that is being written.
    current: Vec<u8>,
    /// Whether `current` has grown since it was last looked at.
    unread: bool,
    /// The last line that said something.
    last: Vec<u8>,
    /// The figure in `last`, when it has one that is believed.
    last_figure: Option<Figure>,
    latest: Option<Figure>,
    /// The last guess, and whether a guess with this total has risen.
    guess: Option<(Measure, u64, u64)>,
    risen: Option<(Measure, u64)>,
    terminal: Option<Terminal>,
}

/// What the program told the terminal.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Terminal {
    Share(f64),
    Indeterminate,
}

impl Parser {
    /// Takes the next bytes of output.
    pub fn feed(&mut self, bytes: &[u8]) {
        let lines = &mut self.lines;
        self.lexer.feed(bytes, &mut |lexeme| lines.take(lexeme));
    }

    /// Output was left out here. What comes next begins on a new line.
    pub fn skip(&mut self) {
        self.lexer = Lexer::default();
        self.lines.current.clear();
        self.lines.unread = false;
    }

    /// Whether a line was begun and not ended: a bar that waits for its next redraw, or half of a write.
    #[must_use]
    pub fn is_mid_line(&self) -> bool {
        self.lines.unread
    }

    /// The output paused. A person sees the unfinished line now, so it counts.
    pub fn pause(&mut self) {
        if self.lines.unread {
            self.lines.unread = false;
            let current = self.lines.current.clone();
            self.lines.read(current);
        }
    }

    /// The latest progress, without a time. Empty when nothing was seen.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.lines.progress()
    }

    /// The last line that said something, cleaned.
    #[must_use]
    pub fn last_line(&self) -> Option<String> {
        let unfinished = message::whole(&self.lines.current).filter(|_| self.lines.unread);
        unfinished.or_else(|| message::whole(&self.lines.last))
    }
}

impl Lines {
    fn take(&mut self, lexeme: Lexeme<'_>) {
        match lexeme {
            Lexeme::Text(text) => {
                let room = LINE_BYTES - self.current.len();
                self.current.extend_from_slice(&text[..text.len().min(room)]);
                self.unread = true;
            }
            Lexeme::Backspace => {
                self.current.pop();
            }
            Lexeme::LineBreak => {
                let line = std::mem::take(&mut self.current);
                if std::mem::take(&mut self.unread) {
                    self.current = self.read(line);
                } else {
                    self.current = line;
                }
                self.current.clear();
            }
            Lexeme::Osc(osc) => match Report::parse(osc) {
                Some(Report::Clear) => self.terminal = None,
                Some(Report::Share(Some(share))) => self.terminal = Some(Terminal::Share(share)),
                Some(Report::Indeterminate) => self.terminal = Some(Terminal::Indeterminate),
                Some(Report::Share(None)) | None => {}
            },
        }
    }

    /// Takes in a line, and returns a buffer that is no longer needed.
    fn read(&mut self, line: Vec<u8>) -> Vec<u8> {
        if line.iter().all(|b| *b <= b' ') {
            return line;
        }
        self.last_figure = best(&line).filter(|figure| self.believes(figure));
        if self.last_figure.is_some() {
            self.latest.clone_from(&self.last_figure);
        }
        std::mem::replace(&mut self.last, line)
    }

    fn believes(&mut self, figure: &Figure) -> bool {
        match figure.form {
            Form::Step | Form::Count => true,
            // Where something was counted for sure, a doubtful percentage is of something else.
            Form::Guess if figure.measure == Measure::Share && self.latest.as_ref().is_some_and(|known| known.form != Form::Guess) => false,
            Form::Guess => {
                let (key, done) = ((figure.measure, figure.total), figure.done);
                let before = self.guess.replace((figure.measure, done, figure.total));
                if before.is_some_and(|(measure, before, total)| (measure, total) == key && before < done) {
                    self.risen = Some(key);
                }
                self.risen == Some(key)
            }
        }
    }

    fn progress(&self) -> Progress {
        let message = match &self.last_figure {
            Some(figure) if figure.form == Form::Step => message::whole(label(&self.last, figure)),
            Some(figure) => message::around(&self.last, &figure.span),
            None => message::whole(&self.last),
        };
        match (self.terminal, &self.latest) {
            (Some(Terminal::Share(share)), _) => Progress { fraction: Some(share.min(ALMOST)), message, ..Progress::default() },
            (Some(Terminal::Indeterminate), _) | (None, None) => Progress { message, ..Progress::default() },
            (None, Some(figure)) => match step(figure, message.as_deref().filter(|_| self.last_figure.is_some())) {
                Some(step) if self.last_figure.is_some() => Progress { step: Some(step), ..Progress::default() },
                Some(step) => Progress { step: Some(step), message, ..Progress::default() },
                None if figure.measure == Measure::Share => {
                    #[expect(clippy::cast_precision_loss, reason = "at most 1,000")]
                    let share = figure.done as f64 / figure.total as f64;
                    Progress { fraction: Some(share.min(ALMOST)), message, ..Progress::default() }
                }
                None => {
                    let unit = figure.unit.clone();
                    let fraction = (figure.done == figure.total).then_some(ALMOST);
                    Progress { fraction, done: Some(figure.done), total: Some(figure.total), unit, message, ..Progress::default() }
                }
            },
        }
    }
}

/// The best of several figures: a sure one before a guess, and a count before a share, since it says more.
fn best(line: &[u8]) -> Option<Figure> {
    let named = percent::named(line);
    if named.is_some() {
        return named;
    }
    let (count, share) = (figure::find(line), percent::find(line));
    match (&count, &share) {
        (Some(Figure { form: Form::Guess, .. }), Some(Figure { form: Form::Count, .. })) => share,
        (Some(_), _) => count,
        (None, _) => share,
    }
}

fn step(figure: &Figure, label: Option<&str>) -> Option<Step> {
    if figure.form != Form::Step || figure.done == 0 {
        return None;
    }
    let (index, count) = (u32::try_from(figure.done).ok()?, u32::try_from(figure.total).ok()?);
    Some(Step { index, count, label: label.map(str::to_owned) })
}

/// What follows the colon of a step.
fn label<'a>(line: &'a [u8], figure: &Figure) -> &'a [u8] {
    let after = line[figure.span.end..].trim_ascii_start();
    after.strip_prefix(b":").unwrap_or(after)
}

#[cfg(test)]
mod recordings;
#[cfg(test)]
mod tests;
