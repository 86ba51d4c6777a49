//! A command as a row of phases: the first that fails ends it and is named; each one's time is told at the end.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// The phases of one command that have passed.
pub(crate) struct Phases {
    command: &'static str,
    start: Instant,
    passed: Vec<(&'static str, Duration)>,
    notes: Vec<String>,
}

impl Phases {
    /// None so far.
    pub(crate) fn of(command: &'static str) -> Self {
        Self { command, start: Instant::now(), passed: Vec::new(), notes: Vec::new() }
    }

    /// Runs one.
    pub(crate) fn phase<T>(&mut self, name: &'static str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        eprintln!("\n── {}: {name}", self.command);
        let start = Instant::now();
        let done = work().with_context(|| format!("{} failed in phase \"{name}\" after {}", self.command, seconds(start.elapsed())))?;
        self.passed.push((name, start.elapsed()));
        Ok(done)
    }

    /// Says at the end, too, that something was left out.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        eprintln!("{note}");
        self.notes.push(note);
    }

    /// Says how it went.
    pub(crate) fn finish(self) {
        eprintln!();
        for (name, time) in &self.passed {
            eprintln!("{:>9}  {name}", seconds(*time));
        }
        for note in &self.notes {
            eprintln!("           {note}");
        }
        eprintln!("{}: {} phases passed in {}", self.command, self.passed.len(), seconds(self.start.elapsed()));
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
