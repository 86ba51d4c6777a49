//! A list of jobs that stays on the screen: `doorbell ls --watch`.
//!
//! # Invariants
//! - It asks every [`EVERY`], and a list that has not changed costs no body. What waits and what is over is read anew only when a
//!   job was created, moved or ended.
//! - Only cells that changed are written, so nothing flickers.
//! - The terminal is given back as it was, also after an error.

use std::time::Duration;

use crossterm::event::{Event, EventStream, KeyCode, KeyModifiers};
use doorbell_client::{CallError, Client, rest::Running};
use doorbell_protocol::{Job, JobState, Timestamp, text};
use futures_util::StreamExt;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Modifier, Style, Stylize},
    text::{Line, Span},
    widgets::{LineGauge, Paragraph},
};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::{
    cells, job_lookup,
    listing::{self, Filter, Listing},
    moments, paint, table,
};

/// How often the hub is asked, and how often times move on.
const EVERY: Duration = Duration::from_millis(500);
/// Widest bar, in columns.
const BAR: u16 = 24;

/// What is on the screen.
struct Screen<'a> {
    client: &'a Client,
    filter: &'a Filter,
    listing: Option<Listing>,
    etag: Option<String>,
    /// When the listing came, as the hub's clock goes on from there.
    read: Instant,
    /// Why the hub cannot be asked now.
    trouble: Option<String>,
}

/// Shows the list until somebody has seen enough.
pub(crate) async fn show(client: &Client, filter: &Filter) -> anyhow::Result<()> {
    let mut screen = Screen { client, filter, listing: None, etag: None, read: Instant::now(), trouble: None };
    // Without a hub there is nothing to put on the screen.
    screen.refresh().await?;
    let mut terminal = ratatui::init();
    let result = draw_until_enough(&mut terminal, &mut screen).await;
    ratatui::restore();
    result
}

async fn draw_until_enough(terminal: &mut ratatui::DefaultTerminal, screen: &mut Screen<'_>) -> anyhow::Result<()> {
    let mut keys = EventStream::new();
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        terminal.draw(|frame| screen.draw(frame))?;
        tokio::select! {
            _ = ticks.tick() => screen.trouble = screen.refresh().await.err().map(|e| e.to_string()),
            key = keys.next() => match key {
                Some(Ok(event)) if is_enough(&event) => return Ok(()),
                // A resize, or a key that means nothing: drawing once more is all it takes.
                Some(Ok(_)) => {}
                Some(Err(e)) => return Err(e.into()),
                None => return Ok(()),
            },
        }
    }
}

fn is_enough(event: &Event) -> bool {
    event.as_key_press_event().is_some_and(|key| {
        let interrupts = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
        interrupts || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc)
    })
}

impl Screen<'_> {
    async fn refresh(&mut self) -> Result<(), CallError> {
        let Running::List { list, etag } = self.client.running(self.etag.as_deref()).await? else { return Ok(()) };
        let as_of = (list.seq, list.counts);
        match &mut self.listing {
            Some(listing) if listing.as_of == as_of => {
                listing.running = list.jobs;
                listing.now = list.now;
            }
            _ => self.listing = Some(listing::beside(self.client, list, self.filter).await?),
        }
        self.read = Instant::now();
        self.etag = etag;
        Ok(())
    }

    fn draw(&self, frame: &mut Frame<'_>) {
        let Some(listing) = &self.listing else { return };
        let now = listing.now + self.read.elapsed();
        let [title, rows, foot] = Layout::vertical([Constraint::Length(1), Constraint::Fill(1), Constraint::Length(1)]).areas(frame.area());
        let counts = listing.as_of.1;
        let title_line = format!("{} running, {} queued", counts.running, counts.queued);
        frame.render_widget(Paragraph::new(title_line.bold()), title);
        let jobs: Vec<&Job> = listing.running.iter().chain(&listing.queued).chain(&listing.finished).collect();
        let height = usize::from(rows.height);
        // The last line says how many there is no room for.
        let shown = if jobs.len() > height { height.saturating_sub(1) } else { jobs.len() };
        let widest = cells::widest(jobs.iter().take(shown).map(|job| &*job.name));
        for (row, job) in (rows.y..).zip(&jobs[..shown]) {
            draw_job(frame, Rect { y: row, height: 1, ..rows }, job, widest, now);
        }
        if shown < jobs.len() {
            let more = format!("… and {} more", jobs.len() - shown);
            frame.render_widget(Paragraph::new(more.dim()), Rect { y: rows.bottom().saturating_sub(1), height: 1, ..rows });
        }
        let foot_line = match &self.trouble {
            Some(trouble) => Line::from(Span::styled(text::clean(trouble), style(Color::Red))),
            None if jobs.is_empty() => Line::from(format!("{} q: leave", self.filter.nothing()).dim()),
            None => Line::from(format!("{}  q: leave", moments::show(now)).dim()),
        };
        frame.render_widget(Paragraph::new(foot_line), foot);
    }
}

fn draw_job(frame: &mut Frame<'_>, area: Rect, job: &Job, widest: usize, now: Timestamp) {
    let fraction = job.progress.as_ref().and_then(|progress| progress.fraction).filter(|_| job.state == JobState::Running);
    let name_width = u16::try_from(widest).unwrap_or(u16::MAX).min(area.width / 3);
    let bar_width = if fraction.is_some() { BAR.min(area.width / 4) } else { 0 };
    let id_width = u16::try_from(job_lookup::SHORT).unwrap_or(0);
    let widths = [id_width, 9, name_width, 8, bar_width].map(Constraint::Length);
    let columns = Layout::horizontal(widths.into_iter().chain([Constraint::Fill(1)])).spacing(2).split(area);
    let [id, state, name, time, bar, detail] = columns[..] else { return };
    frame.render_widget(Paragraph::new(job_lookup::short(job.id).dim()), id);
    frame.render_widget(Paragraph::new(Span::styled(job.state.as_str(), style(colour(job.state)))), state);
    frame.render_widget(Paragraph::new(cells::cut(&text::clean(&job.name), usize::from(name_width))), name);
    frame.render_widget(Paragraph::new(table::time(job, now)).right_aligned(), time);
    let rest = if let Some(fraction) = fraction {
        let gauge =
            LineGauge::default().ratio(fraction.clamp(0.0, 1.0)).filled_style(style(Color::Blue)).unfilled_style(style(Color::DarkGray));
        frame.render_widget(gauge.label(""), bar);
        detail
    } else {
        Rect { x: bar.x, width: detail.right().saturating_sub(bar.x), ..detail }
    };
    frame.render_widget(Paragraph::new(cells::cut(&table::detail(job, now), usize::from(rest.width))), rest);
}

fn colour(state: JobState) -> Color {
    match state {
        JobState::Running => Color::Blue,
        JobState::Succeeded => Color::Green,
        JobState::Failed | JobState::Lost => Color::Red,
        JobState::Cancelled => Color::Yellow,
        JobState::Queued | JobState::Unknown => Color::DarkGray,
    }
}

/// Without colours, when somebody wants none.
fn style(colour: Color) -> Style {
    match paint::Paint::for_stdout() {
        paint::Paint::Colour => Style::new().fg(colour),
        paint::Paint::Plain => Style::new().add_modifier(Modifier::empty()),
    }
}
