//! What is known of one hub, and what follows from what happens about it.
//!
//! # Layout
//! - `link`: how the app stands with it · `figures`: what runs there · `questions`: what is asked there · `clock`: its clock

mod clock;
mod figures;
mod link;
mod questions;

use std::collections::BTreeSet;

use doorbell_protocol::{Counts, EventId, FeedEvent, FeedMessage, Job, Question, QuestionId, Snapshot, Timestamp, jobs::RunningList};

use self::{
    clock::HubClock,
    figures::{Authority, Figures, Taken},
    link::Link,
    questions::Questions,
};
use crate::{
    connection::Connection,
    effect::Effect,
    hub_id::HubId,
    input::HubInput,
    rings::{self, About, Missed, Notification},
};

/// What is known of one hub.
#[derive(Clone, Debug)]
pub(crate) struct HubState {
    link: Link,
    clock: HubClock,
    figures: Figures,
    /// When the figures were last known to be right, by the hub's clock.
    updated_at: Option<Timestamp>,
    questions: Questions,
    /// The questions that rang, and were open when something was last heard of them.
    rang: BTreeSet<QuestionId>,
    missed: Missed,
}

impl HubState {
    pub(crate) fn new() -> Self {
        let (clock, figures, updated_at, questions, rang, missed) = Default::default();
        Self { link: Link::new(), clock, figures, updated_at, questions, rang, missed }
    }

    /// Takes in what happened about it at `now`, this machine's clock. `id` is what the app calls it.
    pub(crate) fn apply(&mut self, id: &HubId, input: HubInput, now: Timestamp) -> Vec<Effect> {
        let ring = self.take_in(id, input, now);
        if let Some(Notification { about: About::Question(_, question), .. }) = &ring
            && self.questions.is_open(*question)
        {
            self.rang.insert(*question);
        }
        ring.map(Effect::Notify).into_iter().chain(self.retract(id)).collect()
    }

    /// When [`time`](Self::time) is due, by this machine's clock. While the feed is live the hub itself tells whose time is up.
    pub(crate) fn wakes_at(&self) -> Option<Timestamp> {
        if self.link.is_live() { None } else { self.questions.expires_at().map(|at| self.clock.here(at)) }
    }

    /// Time has passed.
    pub(crate) fn time(&mut self, id: &HubId, now: Timestamp) -> Vec<Effect> {
        if !self.link.is_live() {
            self.questions.expire(self.clock.at(now));
        }
        self.retract(id).collect()
    }

    /// Nobody polls any more who could end a doubt: it is for the feed alone to say how the hub does.
    pub(crate) fn drop_doubt(&mut self) {
        self.link.drop_doubt();
    }

    /// Whether its feed tells each change.
    pub(crate) fn is_live(&self) -> bool {
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

    /// How many of the jobs there wait for an answer. `None` when not all are named that do.
    pub(crate) fn jobs_waiting(&self) -> Option<u32> {
        let asking = self.jobs().iter().filter(|job| job.waiting > 0);
        let (jobs, questions) = asking.fold((0_u32, 0_u32), |(jobs, questions), job| (jobs + 1, questions.saturating_add(job.waiting)));
        (questions == self.counts().waiting).then_some(jobs)
    }

    /// The question there that was asked first, of those that are open.
    pub(crate) fn oldest_question(&self) -> Option<&Question> {
        self.questions.oldest()
    }

    /// When the figures were last known to be right, by the hub's clock.
    pub(crate) fn updated_at(&self) -> Option<Timestamp> {
        self.updated_at
    }

    /// What its clock says at `now`, by this machine's.
    pub(crate) fn time_there(&self, now: Timestamp) -> Timestamp {
        self.clock.at(now)
    }

    /// What this machine's clock says when its says `there`.
    pub(crate) fn time_here(&self, there: Timestamp) -> Timestamp {
        self.clock.here(there)
    }

    /// What rings for it comes back.
    fn take_in(&mut self, id: &HubId, input: HubInput, now: Timestamp) -> Option<Notification> {
        match input {
            HubInput::Told(place, FeedMessage::Snapshot(snapshot)) => {
                self.snapshot(place, snapshot, now);
                None
            }
            HubInput::Told(place, FeedMessage::Event(event)) => {
                self.link.drop_doubt();
                let ring = rings::for_event(id, &event);
                self.event(place, event, now);
                ring
            }
            HubInput::Missed(place, event) => {
                self.missed.add(id, &event);
                self.event(place, event, now);
                None
            }
            HubInput::Live => {
                self.updated_at = Some(self.clock.at(now));
                self.link.live();
                self.missed.keep_asked(|question| self.questions.is_open(question));
                self.missed.ring(id, now)
            }
            HubInput::Down { reason } => {
                self.link.down(reason, self.clock.at(now));
                None
            }
            HubInput::Refused { reason } => {
                self.link.refused(reason);
                None
            }
            HubInput::Polled(list) => {
                self.polled(list, now);
                None
            }
            HubInput::PollFailed { reason } => {
                self.link.poll_failed(reason);
                None
            }
            HubInput::CallFailed { request, reason } => Some(rings::call_failed(id, request, reason)),
        }
    }

    fn snapshot(&mut self, place: Option<EventId>, snapshot: Snapshot, now: Timestamp) {
        self.link.drop_doubt();
        self.hub_said(snapshot.now, now);
        self.questions.snapshot(snapshot.counts, snapshot.questions);
        self.figures.snapshot(place, snapshot.counts, snapshot.running);
    }

    fn event(&mut self, place: Option<EventId>, event: FeedEvent, now: Timestamp) {
        // Only the feed names questions, in its own order.
        self.questions.event(&event);
        if self.figures.event(place, event.into_data()) == Taken::In {
            self.updated_at = Some(self.clock.at(now));
        }
    }

    fn polled(&mut self, list: Option<RunningList>, now: Timestamp) {
        self.link.drop_doubt();
        match list {
            Some(list) => {
                let (hub_now, authority) = (list.now, if self.link.is_live() { Authority::Feed } else { Authority::Anyone });
                if self.figures.polled(list, authority) == Taken::Not {
                    return;
                }
                self.questions.polled(self.figures.counts, &self.figures.jobs);
                self.hub_said(hub_now, now);
            }
            None => self.updated_at = Some(self.clock.at(now)),
        }
        self.link.polled();
    }

    fn hub_said(&mut self, hub: Timestamp, now: Timestamp) {
        self.clock.set(hub, now);
        self.updated_at = Some(hub);
    }

    /// Takes back the rings of questions that are not open any more, whoever closed them.
    fn retract(&mut self, id: &HubId) -> impl Iterator<Item = Effect> {
        let (open, closed): (BTreeSet<_>, BTreeSet<_>) =
            std::mem::take(&mut self.rang).into_iter().partition(|question| self.questions.is_open(*question));
        self.rang = open;
        closed.into_iter().map(|question| Effect::Retract(About::Question(id.clone(), question)))
    }
}
