//! All hubs together: what the tray tells.

use std::collections::BTreeMap;

use doorbell_protocol::{Job, Timestamp};

use crate::{Connection, HubId, Trust, state::hub::HubState};

/// What all hubs have together, derived from what is known of each.
#[derive(Clone, Debug, PartialEq)]
pub struct Total<'a> {
    /// How the app stands with each.
    pub connections: Vec<Connection>,
    /// How many jobs run, also on hubs that are away: as many as ran there when they were last seen.
    pub running: u32,
    /// The running jobs, oldest start first. A hub of thousands names only those that started last.
    pub jobs: Vec<(&'a HubId, &'a Job)>,
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
        Self { connections: hubs.values().map(HubState::connection).collect(), running, jobs }
    }

    /// Whether the figures are known to be right, for which every hub must be there.
    #[must_use]
    pub fn trust(&self) -> Trust {
        let is_away = |connection: &Connection| connection.trust() == Trust::Stale;
        if self.connections.iter().any(is_away) { Trust::Stale } else { Trust::Live }
    }
}
