//! The one state of the app, and all that can happen to it.
//!
//! Pure: [`State::apply`] is a function of the state, the input and the time. It carries nothing out; it says what to do.
//!
//! # Layout
//! - this file: the app's own part, which is the panel, the notices and what the tray shows · `panel`: open or closed ·
//!   `tray`: what the tray shows, worked out of all hubs together

mod panel;
mod tray;

use std::collections::BTreeMap;

use doorbell_protocol::Timestamp;

use self::panel::{Click, Deaths, Panel, Verdict};
use crate::{
    effect::{Effect, Point},
    hub::HubState,
    hub_id::HubId,
    input::{Input, PanelInput},
    opening::Opening,
    panel::{Known, Standing},
    request::Request,
    rings,
    total::Total,
    tray::{Action, TrayView},
};

/// What the app knows. Badge, menu, notifications and panel are all derived from it, so they cannot disagree.
#[derive(Clone, Debug)]
pub struct State {
    /// Where the app starts what it starts itself. One of `hubs`.
    home: HubId,
    hubs: BTreeMap<HubId, HubState>,
    panel: Panel,
    last_opening: Opening,
    panel_deaths: Deaths,
    notices: Vec<String>,
    command: Option<String>,
    shown: TrayView,
}

impl State {
    /// An app that is about to connect with these hubs. What it starts itself runs on `home`.
    #[must_use]
    pub fn new(home: HubId, others: impl IntoIterator<Item = HubId>) -> Self {
        let hubs: BTreeMap<_, _> = others.into_iter().chain([home.clone()]).map(|hub| (hub, HubState::new())).collect();
        let shown = tray::view(&Total::of(&hubs));
        Self {
            home,
            hubs,
            panel: Panel::Closed { blurred_at: None },
            last_opening: Opening::default(),
            panel_deaths: Deaths::default(),
            notices: Vec::new(),
            command: None,
            shown,
        }
    }

    /// Takes in what happened at `now`, this machine's clock, and says what to do about it, in order.
    #[must_use]
    pub fn apply(&mut self, input: Input, now: Timestamp) -> Vec<Effect> {
        let mut effects = match input {
            Input::Hub(id, input) => self.hubs.get_mut(&id).map(|hub| hub.apply(&id, input, now)).unwrap_or_default(),
            Input::Time => self.hubs.iter_mut().flat_map(|(id, hub)| hub.time(id, now)).collect(),
            Input::TrayClicked { at } => match self.panel.click(now) {
                Click::Opens => self.open_panel(at),
                Click::Closes => self.close_panel(None),
                Click::IsDone => Vec::new(),
            },
            Input::JobChosen | Input::QuestionChosen | Input::Chosen(Action::OpenPanel) => self.open_panel(None),
            Input::Chosen(Action::RunTestJob) => vec![Effect::Call { hub: self.home.clone(), request: Request::QueueTestJob }],
            Input::Chosen(Action::Quit) => vec![Effect::Quit],
            Input::Panel(opening, input) if self.panel == Panel::Open(opening) => self.panel(input, now),
            // It was closed before.
            Input::Panel(..) => Vec::new(),
            Input::Command(command) => {
                self.command = Some(command);
                Vec::new()
            }
            Input::Notice(notice) => {
                if !self.notices.contains(&notice) {
                    self.notices.push(notice);
                }
                Vec::new()
            }
        };
        if !self.panel.is_open() {
            self.hubs.values_mut().for_each(HubState::drop_doubt);
        }
        let tray = self.tray();
        if tray != self.shown {
            self.shown = tray.clone();
            effects.push(Effect::ShowTray(tray));
        }
        effects
    }

    /// When [`Input::Time`] is due, by this machine's clock. `None` while nothing but what happens is waited for.
    #[must_use]
    pub fn wakes_at(&self) -> Option<Timestamp> {
        self.hubs.values().filter_map(HubState::wakes_at).min()
    }

    /// All hubs together.
    #[must_use]
    pub fn total(&self) -> Total<'_> {
        Total::of(&self.hubs)
    }

    /// What the tray shows.
    #[must_use]
    pub fn tray(&self) -> TrayView {
        tray::view(&self.total())
    }

    /// How the app stands with a hub at `now`, this machine's clock. `None` when there is no such hub.
    #[must_use]
    pub fn standing(&self, hub: &HubId, now: Timestamp) -> Option<Standing> {
        let hub = self.hubs.get(hub)?;
        let notice = (!self.notices.is_empty()).then(|| self.notices.join(" "));
        Some(Standing {
            connection: hub.connection(),
            now: hub.time_there(now),
            updated_at: hub.updated_at(),
            notice,
            command: self.command.clone(),
        })
    }

    /// What is known of a hub. `None` when there is no such hub.
    #[must_use]
    pub fn known(&self, hub: &HubId) -> Option<Known> {
        let hub = self.hubs.get(hub)?;
        Some(Known { counts: hub.counts(), jobs: hub.jobs().to_vec() })
    }

    /// Whether the panel is open: the only time at which its page may poll.
    #[must_use]
    pub fn panel_is_open(&self) -> bool {
        self.panel.is_open()
    }

    fn panel(&mut self, input: PanelInput, now: Timestamp) -> Vec<Effect> {
        match input {
            PanelInput::Dismissed | PanelInput::Gone => self.close_panel(None),
            PanelInput::Blurred => self.close_panel(Some(now)),
            // It stays closed until it is asked for. Who asks again and again is told of another way.
            PanelInput::Died => {
                let mut effects = self.close_panel(None);
                if self.panel_deaths.another(now) == Verdict::CannotOpen {
                    effects.push(Effect::Notify(rings::panel_dies()));
                }
                effects
            }
        }
    }

    fn open_panel(&mut self, near: Option<Point>) -> Vec<Effect> {
        if !self.panel.is_open() {
            self.last_opening = self.last_opening.next();
            self.panel = Panel::Open(self.last_opening);
        }
        // Asked for while it is open, it comes to the front.
        let mut effects = vec![Effect::OpenPanel { opening: self.last_opening, near }];
        let away = self.hubs.iter().filter(|(_, hub)| !hub.is_live());
        effects.extend(away.map(|(id, _)| Effect::RetryFeed(id.clone())));
        effects
    }

    fn close_panel(&mut self, blurred_at: Option<Timestamp>) -> Vec<Effect> {
        if !self.panel.is_open() {
            return Vec::new();
        }
        self.panel = Panel::Closed { blurred_at };
        vec![Effect::ClosePanel]
    }
}

#[cfg(test)]
mod tests;
