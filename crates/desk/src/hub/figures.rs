//! What runs on a hub and how much of it there is, as of one place in its feed.

use doorbell_protocol::{Counts, Event, EventId, Job, JobState, jobs::RunningList};

/// The newest figures, whoever told them.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures {
    /// The newest event that is contained in what follows.
    seen: Option<EventId>,
    pub(super) counts: Counts,
    /// Oldest start first. Of thousands, the hub names only those that started last.
    pub(super) jobs: Vec<Job>,
}

/// Whether something was newer than what is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Taken {
    In,
    /// It is known already, or of another hub.
    Not,
}

/// Who says which hub stands behind the address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Authority {
    /// The feed, which is live.
    Feed,
    /// Whoever answers.
    Anyone,
}

impl Figures {
    /// Starts over from a snapshot, which leaves progress out.
    pub(super) fn snapshot(&mut self, id: Option<EventId>, counts: Counts, running: Vec<Job>) {
        self.seen = id;
        self.counts = counts;
        let known = std::mem::replace(&mut self.jobs, running);
        for job in &mut self.jobs {
            job.progress = job.progress.take().or_else(|| known.iter().find(|old| old.id == job.id)?.progress.clone());
        }
    }

    /// What an event changes, unless a poll has told it already.
    pub(super) fn event(&mut self, id: Option<EventId>, event: Event) -> Taken {
        if let (Some(id), Some(seen)) = (id, self.seen)
            && id.epoch == seen.epoch
            && id.seq <= seen.seq
        {
            return Taken::Not;
        }
        self.seen = id.or(self.seen);
        self.counts = event.counts;
        self.jobs.retain(|job| job.id != event.job.id);
        if event.job.state == JobState::Running {
            self.jobs.push(event.job);
            self.jobs.sort_by_key(|job| (job.started_at, job.id));
        }
        Taken::In
    }

    /// A list that was polled. It may come late: within one epoch the sequence says which is newer. A list of another epoch is that
    /// of another hub.
    pub(super) fn polled(&mut self, list: RunningList, authority: Authority) -> Taken {
        let is_newer = match self.seen {
            None => true,
            Some(seen) if seen.epoch == list.epoch => list.seq >= seen.seq,
            Some(_) => authority == Authority::Anyone,
        };
        if !is_newer {
            return Taken::Not;
        }
        self.seen = Some(EventId { epoch: list.epoch, seq: list.seq });
        self.counts = list.counts;
        self.jobs = list.jobs;
        Taken::In
    }
}
