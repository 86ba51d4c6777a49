//! All hubs together: what the tray tells.

use std::collections::BTreeMap;

use doorbell_protocol::{Job, Question, Timestamp};

use crate::{
    connection::{Connection, Trust},
    hub::HubState,
    hub_id::HubId,
    waiting::Waiting,
};

/// What all hubs have together, derived from what is known of each.
#[derive(Clone, Debug, PartialEq)]
pub struct Total<'a> {
    /// How the app stands with each.
    pub connections: Vec<Connection>,
    /// How many jobs run, also on hubs that are away: as many as ran there when they were last seen.
    pub running: u32,
    /// The running jobs, oldest start first. A hub of thousands names only those that started last.
    pub jobs: Vec<(&'a HubId, &'a Job)>,
    /// How much waits for an answer, on hubs that are there: elsewhere nobody could give one.
    pub waiting: Waiting,
    /// Of these questions, the one that was asked first.
    pub oldest_question: Option<OldestQuestion<'a>>,
}

/// The question that somebody should look at first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OldestQuestion<'a> {
    /// Where it was asked.
    pub hub: &'a HubId,
    /// What is asked.
    pub question: &'a Question,
    /// The job that waits. `None` when its hub runs so many that it does not name this one.
    pub job: Option<&'a Job>,
}

impl<'a> Total<'a> {
    pub(crate) fn of(hubs: &'a BTreeMap<HubId, HubState>) -> Self {
        let running = hubs.values().fold(0_u32, |sum, hub| sum.saturating_add(hub.counts().running));
        let started = |hub: &HubState, job: &Job| job.started_at.map(|at| hub.time_here(at));
        let mut jobs: Vec<(Option<Timestamp>, &HubId, &Job)> =
            hubs.iter().flat_map(|(id, hub)| hub.jobs().iter().map(move |job| (started(hub, job), id, job))).collect();
        // Each hub's own order is kept.
        jobs.sort_by_key(|(started, ..)| *started);
        let jobs = jobs.into_iter().map(|(_, id, job)| (id, job)).collect();
        Self {
            connections: hubs.values().map(HubState::connection).collect(),
            running,
            jobs,
            waiting: waiting(hubs),
            oldest_question: oldest_question(hubs),
        }
    }

    /// Whether the figures are known to be right, for which every hub must be there.
    #[must_use]
    pub fn trust(&self) -> Trust {
        let is_away = |connection: &Connection| connection.trust() == Trust::Stale;
        if self.connections.iter().any(is_away) { Trust::Stale } else { Trust::Live }
    }
}

/// The hubs whose figures are known to be right.
fn there(hubs: &BTreeMap<HubId, HubState>) -> impl Iterator<Item = (&HubId, &HubState)> {
    hubs.iter().filter(|(_, hub)| hub.connection().trust() == Trust::Live)
}

fn waiting(hubs: &BTreeMap<HubId, HubState>) -> Waiting {
    let jobs = there(hubs).try_fold(0_u32, |sum, (_, hub)| hub.jobs_waiting().map(|jobs| sum.saturating_add(jobs)));
    let questions = || there(hubs).fold(0_u32, |sum, (_, hub)| sum.saturating_add(hub.counts().waiting));
    jobs.map_or_else(|| Waiting::Questions(questions()), Waiting::Jobs)
}

fn oldest_question(hubs: &BTreeMap<HubId, HubState>) -> Option<OldestQuestion<'_>> {
    let of_each = there(hubs).filter_map(|(id, hub)| Some((id, hub, hub.oldest_question()?)));
    let (id, hub, question) = of_each.min_by_key(|(_, hub, question)| hub.time_here(question.asked_at))?;
    Some(OldestQuestion { hub: id, question, job: hub.jobs().iter().find(|job| job.id == question.job) })
}
