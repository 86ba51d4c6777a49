//! Bars of the jobs that run, below the lines that `doorbell watch` prints.
//!
//! # Invariants
//! - The hub is asked for progress only while a job runs and a terminal shows it, and a list that has not changed costs no body.
//! - At most [`MOST`] lines: what has happened stays in sight.

use std::{io, time::Duration};

use doorbell_client::{CallError, Client, rest::Running};
use doorbell_protocol::{Counts, jobs::RunningList};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::{paint::Paint, table};

/// How often the hub is asked, and how often times move on.
const EVERY: Duration = Duration::from_millis(500);
/// Most jobs that have a line.
const MOST: usize = 8;
/// Width of a bar, in columns.
const BAR: usize = 16;
/// The value of a bar that is full.
const STEPS: u64 = 1_000;

pub(crate) struct Bars {
    lines: MultiProgress,
    bars: Vec<ProgressBar>,
    paint: Paint,
    running: u32,
    /// The newest list, its ETag, and when it came: from then on the hub's clock is reckoned by ours.
    read: Option<(RunningList, Option<String>, Instant)>,
    ticks: tokio::time::Interval,
}

impl Bars {
    pub(crate) fn on_terminal(paint: Paint) -> Self {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let lines = MultiProgress::with_draw_target(ProgressDrawTarget::stdout());
        Self { lines, bars: Vec::new(), paint, running: 0, read: None, ticks }
    }

    /// Prints a line above the bars.
    pub(crate) fn print(&self, line: &str) -> io::Result<()> {
        self.lines.println(line)
    }

    /// So many jobs run now.
    pub(crate) fn counted(&mut self, counts: Counts) {
        self.running = counts.running;
        if self.running == 0 {
            self.put_away();
        }
    }

    /// Nobody knows what runs now.
    pub(crate) fn put_away(&mut self) {
        self.running = 0;
        self.read = None;
        self.draw(&[], &[]);
    }

    /// Returns when it is time to draw. Never, while nothing runs.
    pub(crate) async fn due(&mut self) {
        if self.running == 0 {
            std::future::pending::<()>().await;
        }
        self.ticks.tick().await;
    }

    /// Asks the hub how far the jobs are, and draws it.
    pub(crate) async fn refresh(&mut self, client: &Client) {
        match self.ask(client).await {
            Ok(()) => self.show(),
            // The feed says when the hub is away.
            Err(e) => tracing::debug!("cannot ask for progress: {e}"),
        }
    }

    async fn ask(&mut self, client: &Client) -> Result<(), CallError> {
        let etag = self.read.as_ref().and_then(|(_, etag, _)| etag.as_deref());
        if let Running::List { list, etag } = client.running(etag).await? {
            self.read = Some((list, etag, Instant::now()));
        }
        Ok(())
    }

    fn show(&mut self) {
        let Some((list, _, at)) = &self.read else { return };
        let now = list.now + at.elapsed();
        let shown = &list.jobs[..list.jobs.len().min(MOST)];
        let width = table::width().map(|width| width.saturating_sub(BAR + 2));
        let mut lines = table::lines(shown, now, width, self.paint);
        let more = usize::try_from(list.counts.running).unwrap_or(usize::MAX).saturating_sub(shown.len());
        if more > 0 {
            lines.push(self.paint.faint(&format!("… and {more} more")));
        }
        let shares: Vec<Option<f64>> = shown.iter().map(|job| job.progress.as_ref().and_then(|progress| progress.fraction)).collect();
        self.draw(&lines, &shares);
    }

    /// One bar a line; without a share it is only the line.
    fn draw(&mut self, lines: &[String], shares: &[Option<f64>]) {
        for bar in self.bars.drain(lines.len().min(self.bars.len())..) {
            bar.finish_and_clear();
            self.lines.remove(&bar);
        }
        while self.bars.len() < lines.len() {
            self.bars.push(self.lines.add(ProgressBar::new(STEPS)));
        }
        for (at, (bar, line)) in self.bars.iter().zip(lines).enumerate() {
            let share = shares.get(at).copied().flatten();
            bar.set_style(style(share.is_some(), self.paint));
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1,000")]
            bar.set_position((share.unwrap_or(0.0).clamp(0.0, 1.0) * 1_000.0) as u64);
            bar.set_message(line.clone());
            bar.tick();
        }
    }
}

fn style(has_share: bool, paint: Paint) -> ProgressStyle {
    let bar = match paint {
        Paint::Colour => format!("{{bar:{BAR}.blue/black.bright}}"),
        Paint::Plain => format!("{{bar:{BAR}}}"),
    };
    let template = if has_share { format!("{bar}  {{msg}}") } else { format!("{:BAR$}  {{msg}}", "") };
    let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("━━─")
}
