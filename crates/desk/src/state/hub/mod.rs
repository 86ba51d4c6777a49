//! What is known of one hub, and what follows from what happens about it.
//!
//! # Layout
//! - `link`: how the app stands with it · `figures`: what runs there · `clock`: its clock

mod clock;
mod figures;
mod link;

use doorbell_protocol::{Counts, EventId, FeedEvent, FeedMessage, Job, Snapshot, Timestamp, jobs::RunningList};

use self::{
    clock::HubClock,
    figures::{Authority, Figures, Taken},
    link::Link,
};
use crate::{
    Connection, Effect, HubId, HubInput,
    rings::{self, Missed},
};

/// What is known of one hub.
#[derive(Clone, Debug)]
pub(crate) struct HubState {
    link: Link,
    clock: HubClock,
    figures: Figures,
    /// When the figures were last known to be right, by the hub's clock.
    updated_at: Option<Timestamp>,
    missed: Missed,
}

impl HubState {
    pub(super) fn new() -> Self {
        let (clock, figures, updated_at, missed) = Default::default();
        Self { link: Link::new(), clock, figures, updated_at, missed }
    }

    /// Takes in what happened about it at `now`, this machine's clock. `id` is what the app calls it.
    pub(super) fn apply(&mut self, id: &HubId, input: HubInput, now: Timestamp) -> Vec<Effect> {
        match input {
            HubInput::Told(place, FeedMessage::Snapshot(snapshot)) => self.snapshot(place, snapshot, now),
            HubInput::Told(place, FeedMessage::Event(event)) => {
                self.link.drop_doubt();
                let ring = rings::for_event(id, &event).map(Effect::Notify);
                self.take_in(place, event, now);
                ring.into_iter().collect()
            }
            HubInput::Missed(place, event) => {
                self.missed.add(id, &event);
                self.take_in(place, event, now);
                Vec::new()
            }
            HubInput::Live => {
                self.updated_at = Some(self.clock.at(now));
                self.link.live();
                self.missed.ring(id, now).map(Effect::Notify).into_iter().collect()
            }
            HubInput::Down { reason } => {
                self.link.down(reason, self.clock.at(now));
                Vec::new()
            }
            HubInput::Refused { reason } => {
                self.link.refused(reason);
                Vec::new()
            }
            HubInput::Polled(list) => self.polled(list, now),
            HubInput::PollFailed { reason } => {
                self.link.poll_failed(reason);
                Vec::new()
            }
            HubInput::CallFailed { request, reason } => vec![Effect::Notify(rings::call_failed(id, request, reason))],
        }
    }

    /// Nobody polls any more who could end a doubt: it is for the feed alone to say how the hub does.
    pub(super) fn drop_doubt(&mut self) {
        self.link.drop_doubt();
    }

    /// Whether its feed tells each change.
    pub(super) fn is_live(&self) -> bool {
        self.link.is_live()
    }

    /// How the app stands with it, in the tray and in the panel.
    pub(crate) fn connection(&self) -> Connection {
        self.link.shown(self.updated_at)
    }

    /// How many jobs it has.
    pub(crate) fn counts(&self) -> Counts {
        self.figures.counts
    }

    /// What runs there, oldest start first. Of thousands, those that started last.
    pub(crate) fn jobs(&self) -> &[Job] {
        &self.figures.jobs
    }

    /// When the figures were last known to be right, by the hub's clock.
    pub(crate) fn updated_at(&self) -> Option<Timestamp> {
        self.updated_at
    }

    /// What its clock says at `now`, by this machine's.
    pub(crate) fn time(&self, now: Timestamp) -> Timestamp {
        self.clock.at(now)
    }

    /// What this machine's clock says when its says `there`.
    pub(crate) fn time_here(&self, there: Timestamp) -> Timestamp {
        self.clock.here(there)
    }

    fn snapshot(&mut self, place: Option<EventId>, snapshot: Snapshot, now: Timestamp) -> Vec<Effect> {
        self.link.drop_doubt();
        self.hub_said(snapshot.now, now);
        self.figures.snapshot(place, snapshot.counts, snapshot.running);
        Vec::new()
    }

    fn take_in(&mut self, place: Option<EventId>, event: FeedEvent, now: Timestamp) {
        if self.figures.event(place, event.into_data()) == Taken::In {
            self.updated_at = Some(self.clock.at(now));
        }
    }

    fn polled(&mut self, list: Option<RunningList>, now: Timestamp) -> Vec<Effect> {
        self.link.drop_doubt();
        match list {
            Some(list) => {
                let (hub_now, authority) = (list.now, if self.link.is_live() { Authority::Feed } else { Authority::Anyone });
                if self.figures.polled(list, authority) == Taken::Not {
                    return Vec::new();
                }
                self.hub_said(hub_now, now);
            }
            None => self.updated_at = Some(self.clock.at(now)),
        }
        self.link.polled();
        Vec::new()
    }

    fn hub_said(&mut self, hub: Timestamp, now: Timestamp) {
        self.clock.set(hub, now);
        self.updated_at = Some(hub);
    }
}
