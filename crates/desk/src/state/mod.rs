//! The one state of the app, and all that can happen to it.
//!
//! Pure: [`State::apply`] is a function of the state, the input and the time. It carries nothing out; it says what to do.

use std::time::Duration;

use doorbell_protocol::{Event, EventId, EventKind, FeedMessage, Job, JobState, Snapshot, Timestamp, jobs::RunningList};

use crate::{
    Connection, PanelView,
    missed::Missed,
    notification::{self, Notification},
    tray::{self, Action, TrayView},
};

/// A click this soon after the panel lost the focus is the click that took it: it must not open the panel again.
const SAME_CLICK: Duration = Duration::from_millis(200);
/// A panel that dies twice within this time cannot be opened here.
const TWO_DEATHS: Duration = Duration::from_secs(10);

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The feed told what is, or what happened just now.
    Told(Option<EventId>, FeedMessage),
    /// The feed told what happened while it was down.
    Missed(Option<EventId>, EventKind, Box<Event>),
    /// The feed has told everything that was missed, and tells each change from here on.
    Live,
    /// The feed is down and will be tried again.
    Down {
        /// Why, in one sentence.
        reason: String,
    },
    /// The hub does not accept the token.
    Refused {
        /// Why and what to do, in one sentence.
        reason: String,
    },
    /// A poll was answered, the panel's or that of a feed that is down; `None` when nothing has changed since the last.
    Polled(Option<RunningList>),
    /// A poll failed.
    PollFailed {
        /// Why, in one sentence.
        reason: String,
    },
    /// The test job could not be queued.
    TestJobRefused {
        /// Why, in one sentence.
        reason: String,
    },
    /// The tray icon was clicked.
    TrayClicked {
        /// Where on the screen, if the desktop tells.
        at: Option<Point>,
    },
    /// A job in the menu was chosen.
    JobChosen,
    /// Something in the menu or in the panel was chosen.
    Chosen(Action),
    /// The panel asks to be closed.
    PanelDismissed,
    /// The panel lost the focus.
    PanelBlurred,
    /// The panel is gone, whoever closed it.
    PanelGone,
    /// The panel is gone without having been closed.
    PanelDied,
    /// Part of the desktop does not work, as in `This desktop shows no notifications.`
    Notice(String),
}

/// Something to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Show this in the tray.
    ShowTray(TrayView),
    /// Ring.
    Notify(Notification),
    /// Create the panel and show it.
    OpenPanel {
        /// Where the tray icon is on the screen, if it is known; else beside the pointer.
        near: Option<Point>,
    },
    /// Close the panel and destroy it.
    ClosePanel,
    /// Try the feed at once instead of waiting.
    RetryFeed,
    /// Queue the built-in test job.
    QueueTestJob,
    /// End the app.
    Quit,
}

/// A place on the screen, in physical pixels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Point {
    /// From the left.
    pub x: i32,
    /// From the top.
    pub y: i32,
}

/// What the app knows. Badge, menu, notifications and panel are all derived from it, so they cannot disagree.
#[derive(Clone, Debug)]
pub struct State {
    /// As the feed has it. What is shown is [`State::connection`].
    feed: Connection,
    missed: Missed,
    /// The newest event that is contained in what follows.
    seen: Option<EventId>,
    running: u32,
    queued: u32,
    jobs: Vec<Job>,
    /// How far the hub's clock is ahead of ours, in milliseconds.
    hub_ahead: i64,
    /// By the hub's clock.
    updated_at: Option<Timestamp>,
    /// Why the panel's last poll failed, while the feed still counts as live.
    doubt: Option<String>,
    panel: Panel,
    panel_died_at: Option<Timestamp>,
    notices: Vec<String>,
    shown: TrayView,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Panel {
    Open,
    Closed { blurred_at: Option<Timestamp> },
}

impl Default for State {
    fn default() -> Self {
        let feed = Connection::Connecting;
        let shown = tray::view(&feed, 0, &[]);
        Self {
            feed,
            missed: Missed::default(),
            seen: None,
            running: 0,
            queued: 0,
            jobs: Vec::new(),
            hub_ahead: 0,
            updated_at: None,
            doubt: None,
            panel: Panel::Closed { blurred_at: None },
            panel_died_at: None,
            notices: Vec::new(),
            shown,
        }
    }
}

impl State {
    /// Takes in what happened at `now`, this machine's clock, and says what to do about it, in order.
    #[must_use]
    pub fn apply(&mut self, input: Input, now: Timestamp) -> Vec<Effect> {
        let mut effects = match input {
            Input::Told(id, FeedMessage::Snapshot(snapshot)) => self.snapshot(id, snapshot, now),
            Input::Told(id, FeedMessage::Event(event)) => self.event(id, event.kind(), event.into_data(), now),
            Input::Missed(id, kind, event) => {
                self.missed.add(kind, &event);
                self.take_in(id, *event, now);
                Vec::new()
            }
            Input::Live => self.live(now),
            Input::Down { reason } => self.down(reason, now),
            Input::Refused { reason } => {
                self.connect(Connection::Refused { reason });
                Vec::new()
            }
            Input::Polled(list) => self.polled(list, now),
            Input::PollFailed { reason } => self.poll_failed(reason),
            Input::TestJobRefused { reason } => vec![Effect::Notify(notification::test_job_refused(reason))],
            Input::TrayClicked { at } => self.toggle_panel(at, now),
            Input::JobChosen | Input::Chosen(Action::OpenPanel) => self.open_panel(None),
            Input::Chosen(Action::RunTestJob) => vec![Effect::QueueTestJob],
            Input::Chosen(Action::Quit) => vec![Effect::Quit],
            Input::PanelDismissed => self.close_panel(None),
            Input::PanelBlurred => self.close_panel(Some(now)),
            Input::PanelGone => self.panel_gone(),
            Input::PanelDied => self.panel_died(now),
            Input::Notice(notice) => self.notice(notice),
        };
        let tray = self.tray();
        if tray != self.shown {
            self.shown = tray.clone();
            effects.push(Effect::ShowTray(tray));
        }
        effects
    }

    /// What the tray shows.
    #[must_use]
    pub fn tray(&self) -> TrayView {
        tray::view(&self.connection(), self.running, &self.jobs)
    }

    /// What the panel shows at `now`, this machine's clock.
    #[must_use]
    pub fn panel(&self, now: Timestamp) -> PanelView {
        PanelView {
            connection: self.connection(),
            now: self.hub_time(now),
            updated_at: self.updated_at,
            running: self.running,
            jobs: self.jobs.clone(),
            queued: self.queued,
            notice: (!self.notices.is_empty()).then(|| self.notices.join(" ")),
        }
    }

    /// Whether the panel is open: the only time at which its page may poll.
    #[must_use]
    pub fn panel_is_open(&self) -> bool {
        self.panel == Panel::Open
    }

    /// How the app stands with its hub, in the tray and in the panel. The feed may not know yet that the hub is gone; a poll that
    /// failed knows.
    fn connection(&self) -> Connection {
        match (&self.feed, &self.doubt, self.updated_at) {
            (Connection::Live, Some(reason), Some(since)) => Connection::Offline { since, reason: reason.clone() },
            (feed, _, _) => feed.clone(),
        }
    }

    fn snapshot(&mut self, id: Option<EventId>, snapshot: Snapshot, now: Timestamp) -> Vec<Effect> {
        self.doubt = None;
        self.set_hub_clock(snapshot.now, now);
        self.seen = id;
        self.running = snapshot.counts.running;
        self.queued = snapshot.counts.queued;
        let known = std::mem::replace(&mut self.jobs, snapshot.running);
        for job in &mut self.jobs {
            job.progress = job.progress.take().or_else(|| known.iter().find(|old| old.id == job.id)?.progress.clone());
        }
        Vec::new()
    }

    fn event(&mut self, id: Option<EventId>, kind: EventKind, event: Event, now: Timestamp) -> Vec<Effect> {
        // The hub speaks.
        self.doubt = None;
        let ring = notification::about(kind, &event).map(Effect::Notify);
        self.take_in(id, event, now);
        ring.into_iter().collect()
    }

    /// What an event changes, unless a poll has told it already.
    fn take_in(&mut self, id: Option<EventId>, event: Event, now: Timestamp) {
        if let (Some(id), Some(seen)) = (id, self.seen)
            && id.epoch == seen.epoch
            && id.seq <= seen.seq
        {
            return;
        }
        self.seen = id.or(self.seen);
        self.updated_at = Some(self.hub_time(now));
        self.running = event.counts.running;
        self.queued = event.counts.queued;
        self.jobs.retain(|job| job.id != event.job.id);
        if event.job.state == JobState::Running {
            self.jobs.push(event.job);
            self.jobs.sort_by_key(|job| (job.started_at, job.id));
        }
    }

    fn live(&mut self, now: Timestamp) -> Vec<Effect> {
        self.updated_at = Some(self.hub_time(now));
        self.connect(Connection::Live);
        self.missed.ring().map(Effect::Notify).into_iter().collect()
    }

    fn polled(&mut self, list: Option<RunningList>, now: Timestamp) -> Vec<Effect> {
        self.doubt = None;
        match list {
            Some(list) if self.is_newer(&list) => {
                self.set_hub_clock(list.now, now);
                self.seen = Some(EventId { epoch: list.epoch, seq: list.seq });
                self.running = list.counts.running;
                self.queued = list.counts.queued;
                self.jobs = list.jobs;
            }
            Some(_) => return Vec::new(),
            None => self.updated_at = Some(self.hub_time(now)),
        }
        if let Connection::Offline { since, reason } = &self.feed {
            self.feed = Connection::Polled { since: *since, reason: reason.clone() };
        }
        Vec::new()
    }

    /// An answer may come late. Within one epoch the sequence says which is newer. A list of another epoch is that of another
    /// hub: which one counts is for the feed to say while it is live.
    fn is_newer(&self, list: &RunningList) -> bool {
        self.seen.is_none_or(|seen| if seen.epoch == list.epoch { list.seq >= seen.seq } else { self.feed != Connection::Live })
    }

    fn poll_failed(&mut self, reason: String) -> Vec<Effect> {
        match self.feed {
            Connection::Polled { since, .. } => self.feed = Connection::Offline { since, reason },
            // Without a panel no other poll comes that could end the doubt.
            Connection::Live if self.panel_is_open() => self.doubt = Some(reason),
            Connection::Live | Connection::Connecting | Connection::Offline { .. } | Connection::Refused { .. } => {}
        }
        Vec::new()
    }

    fn down(&mut self, reason: String, now: Timestamp) -> Vec<Effect> {
        self.connect(match self.feed {
            Connection::Offline { since, .. } => Connection::Offline { since, reason },
            // Polls that are answered say more than an attempt that failed.
            Connection::Polled { since, .. } => Connection::Polled { since, reason },
            Connection::Connecting | Connection::Live | Connection::Refused { .. } => {
                Connection::Offline { since: self.hub_time(now), reason }
            }
        });
        Vec::new()
    }

    fn connect(&mut self, feed: Connection) {
        self.doubt = None;
        self.feed = feed;
    }

    fn toggle_panel(&mut self, at: Option<Point>, now: Timestamp) -> Vec<Effect> {
        match self.panel {
            Panel::Open => self.close_panel(None),
            Panel::Closed { blurred_at: Some(at) } if now.since(at) < SAME_CLICK => {
                self.panel = Panel::Closed { blurred_at: None };
                Vec::new()
            }
            Panel::Closed { .. } => self.open_panel(at),
        }
    }

    fn open_panel(&mut self, near: Option<Point>) -> Vec<Effect> {
        self.panel = Panel::Open;
        // Asked for while it is open, it comes to the front.
        let mut effects = vec![Effect::OpenPanel { near }];
        if self.feed != Connection::Live {
            effects.push(Effect::RetryFeed);
        }
        effects
    }

    fn close_panel(&mut self, blurred_at: Option<Timestamp>) -> Vec<Effect> {
        if self.panel != Panel::Open {
            return Vec::new();
        }
        self.closed(blurred_at);
        vec![Effect::ClosePanel]
    }

    fn panel_gone(&mut self) -> Vec<Effect> {
        if self.panel == Panel::Open {
            self.closed(None);
        }
        Vec::new()
    }

    /// It stays closed until it is asked for. Who asks again and again is told of another way.
    fn panel_died(&mut self, now: Timestamp) -> Vec<Effect> {
        let mut effects = self.panel_gone();
        match self.panel_died_at.replace(now) {
            Some(before) if now.since(before) < TWO_DEATHS => {
                self.panel_died_at = None;
                effects.push(Effect::Notify(notification::panel_dies()));
            }
            Some(_) | None => {}
        }
        effects
    }

    fn closed(&mut self, blurred_at: Option<Timestamp>) {
        self.panel = Panel::Closed { blurred_at };
        // Nobody polls any more: it is for the feed alone to say how the hub does.
        self.doubt = None;
    }

    fn notice(&mut self, notice: String) -> Vec<Effect> {
        if !self.notices.contains(&notice) {
            self.notices.push(notice);
        }
        Vec::new()
    }

    fn set_hub_clock(&mut self, hub: Timestamp, now: Timestamp) {
        self.hub_ahead = hub.as_millis().saturating_sub(now.as_millis());
        self.updated_at = Some(hub);
    }

    fn hub_time(&self, now: Timestamp) -> Timestamp {
        Timestamp::from_millis(now.as_millis().saturating_add(self.hub_ahead))
    }
}

#[cfg(test)]
mod tests;
