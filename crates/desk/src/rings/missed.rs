//! What happened while nobody was connected, told as one thing: forty jobs that ended overnight are one ring.

use std::collections::BTreeMap;

use doorbell_protocol::{FeedEvent, JobId, JobState, QuestionId, Timestamp};

use super::notification::{About, Notification, Tone};
use crate::hub_id::HubId;

/// Jobs that are named in a summary, of those that need a look.
const NAMED: usize = 3;

/// Most that is collected: a hub replays about as much, and a longer summary tells nobody more.
const MOST: usize = 1_024;

/// Collects what would have rung.
#[derive(Clone, Debug, Default)]
pub(crate) struct Missed {
    ended: BTreeMap<JobId, (JobState, Notification)>,
    /// Questions that were asked, and are still open.
    asked: BTreeMap<QuestionId, Notification>,
}

impl Missed {
    /// Takes in the hub's next event, in the order of the feed. A start that was missed rings no more: the menu shows what still runs.
    pub(crate) fn add(&mut self, hub: &HubId, event: &FeedEvent) {
        let data = event.data();
        if let (FeedEvent::QuestionClosed(_), Some(question)) = (event, &data.question) {
            self.asked.remove(&question.id);
        }
        let Some(ring) = super::for_event(hub, event) else { return };
        if self.ended.len() + self.asked.len() >= MOST {
            return;
        }
        match (event, &data.question) {
            (FeedEvent::JobFinished(_), _) => {
                self.ended.insert(data.job.id, (data.job.state, ring));
            }
            (FeedEvent::QuestionAsked(_), Some(question)) => {
                self.asked.insert(question.id, ring);
            }
            // A lost job that came back has not ended.
            (FeedEvent::JobStarted(_), _) => {
                self.ended.remove(&data.job.id);
            }
            (FeedEvent::QuestionAsked(_) | FeedEvent::QuestionClosed(_), _) => {}
        }
    }

    /// Forgets the questions that were closed without an event that said so.
    pub(crate) fn keep_asked(&mut self, is_open: impl Fn(QuestionId) -> bool) {
        self.asked.retain(|question, _| is_open(*question));
    }

    /// What rings at `now` for all of it together, and forgets it. One thing alone rings as it would have.
    pub(crate) fn ring(&mut self, hub: &HubId, now: Timestamp) -> Option<Notification> {
        let Self { ended, asked } = std::mem::take(self);
        if ended.len() + asked.len() <= 1 {
            return ended.into_values().map(|(_, ring)| ring).chain(asked.into_values()).next();
        }
        let count = |counted: &[JobState]| ended.values().filter(|(state, _)| counted.contains(state)).count();
        let lost = count(&[JobState::Lost]);
        let failed = count(&[JobState::Failed]);
        let succeeded = count(&[JobState::Succeeded]);
        let other = count(&[JobState::Queued, JobState::Running, JobState::Unknown]);
        let parts = [
            (succeeded, "succeeded"),
            (failed, "failed"),
            (count(&[JobState::Cancelled]), "cancelled"),
            (lost, "lost"),
            (other, "ended"),
            (asked.len(), if asked.len() == 1 { "wants an answer" } else { "want an answer" }),
        ];
        let parts: Vec<String> = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        let tone = match (failed + lost + asked.len(), succeeded) {
            (1.., _) => Tone::Bad,
            (0, 1..) => Tone::Good,
            (0, 0) => Tone::Quiet,
        };
        let needs_a_look = ended.into_values().map(|(_, ring)| ring).chain(asked.into_values()).filter(|ring| ring.tone == Tone::Bad);
        let mut lines: Vec<String> = needs_a_look.map(|ring| ring.summary).collect();
        if lines.len() > NAMED {
            let more = lines.len() - (NAMED - 1);
            lines.truncate(NAMED - 1);
            lines.push(format!("and {more} more"));
        }
        let summary = format!("While you were away: {}", parts.join(", "));
        Some(Notification { about: About::Missed(hub.clone(), now), summary, body: lines.join("\n"), tone })
    }
}

#[cfg(test)]
mod tests {
    use doorbell_protocol::{Event, EventKind, Job, Question, QuestionState};

    use super::*;
    use crate::samples::{about, data, event, hub, job, question, tell};

    const NOW: Timestamp = Timestamp::EPOCH;

    fn ended(missed: &mut Missed, n: u8, state: JobState) {
        missed.add(&hub(), &event(EventKind::JobStarted, 1, job(n)));
        missed.add(&hub(), &event(EventKind::JobFinished, 0, Job { state, name: format!("job {n}"), ..job(n) }));
    }

    fn rung(missed: &mut Missed) -> (String, String, Tone) {
        let ring = missed.ring(&hub(), NOW).unwrap();
        assert_eq!(missed.ring(&hub(), NOW), None);
        (ring.summary, ring.body, ring.tone)
    }

    #[test]
    fn forty_jobs_are_one_ring() {
        let mut missed = Missed::default();
        for n in 0..40 {
            ended(&mut missed, n, if n % 20 == 7 { JobState::Failed } else { JobState::Succeeded });
        }
        let said = ("While you were away: 38 succeeded, 2 failed".to_owned(), "job 7 failed\njob 27 failed".to_owned(), Tone::Bad);
        assert_eq!(rung(&mut missed), said);
    }

    #[test]
    fn one_job_alone_rings_as_it_would_have() {
        let mut missed = Missed::default();
        ended(&mut missed, 1, JobState::Succeeded);
        assert_eq!(rung(&mut missed).0, "job 1 succeeded");
    }

    #[test]
    fn what_started_and_still_runs_does_not_ring() {
        let mut missed = Missed::default();
        missed.add(&hub(), &event(EventKind::JobStarted, 1, job(1)));
        assert_eq!(missed.ring(&hub(), NOW), None);
    }

    #[test]
    fn a_question_that_is_still_open_rings_and_a_closed_one_does_not() {
        let mut missed = Missed::default();
        for (n, then) in [(1, QuestionState::Open), (2, QuestionState::Answered), (3, QuestionState::Open)] {
            let told = |kind, state| tell(kind, about(Question { state, ..question(n) }, 1, job(n)));
            missed.add(&hub(), &told(EventKind::QuestionAsked, QuestionState::Open));
            if then != QuestionState::Open {
                missed.add(&hub(), &told(EventKind::QuestionClosed, then));
            }
        }
        assert_eq!(rung(&mut missed).0, "While you were away: 2 want an answer");
    }

    #[test]
    fn a_job_counts_once_as_it_ended_last() {
        let mut missed = Missed::default();
        ended(&mut missed, 1, JobState::Lost);
        ended(&mut missed, 2, JobState::Cancelled);
        let late = Event { late: true, ..data(0, Job { state: JobState::Succeeded, ..job(1) }) };
        missed.add(&hub(), &tell(EventKind::JobFinished, late));
        assert_eq!(rung(&mut missed), ("While you were away: 1 succeeded, 1 cancelled".to_owned(), String::new(), Tone::Good));
    }

    #[test]
    fn many_that_need_a_look_are_counted() {
        let mut missed = Missed::default();
        for n in 0..9 {
            ended(&mut missed, n, JobState::Failed);
        }
        assert_eq!(rung(&mut missed).1, "job 0 failed\njob 1 failed\nand 7 more");
    }
}
