//! Whether something rings.

use doorbell_protocol::{FeedEvent, Job, Question};

/// A reason to ring.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Occasion<'a> {
    /// A job runs.
    Started(&'a Job),
    /// A job is over.
    Ended(&'a Job, Before),
    /// A job waits for an answer to this question. (A hub that does not say which breaks its word, and is heard all the same.)
    Asked(&'a Job, Option<&'a Question>),
}

/// What somebody has heard of an end before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Before {
    Nothing,
    /// It was told as lost, and has ended in another way after all.
    Lost,
}

/// Why an event rings, if it does. A question that is closed needs nobody any more, and a job that is a part of another is that
/// one's affair, until it asks.
pub(super) fn occasion(event: &FeedEvent) -> Option<Occasion<'_>> {
    match event {
        FeedEvent::JobStarted(event) => {
            let job = &event.job;
            (job.parent.is_none() && job.notify_after_ms.is_none()).then_some(Occasion::Started(job))
        }
        FeedEvent::JobFinished(event) => {
            let job = &event.job;
            let before = if event.late { Before::Lost } else { Before::Nothing };
            (job.parent.is_none() && job.duration_ms >= job.notify_after_ms).then_some(Occasion::Ended(job, before))
        }
        FeedEvent::QuestionAsked(asked) => Some(Occasion::Asked(&asked.event.job, asked.event.question.as_ref())),
        FeedEvent::QuestionClosed(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use doorbell_protocol::{EventKind, JobState};

    use super::*;
    use crate::samples::{event, job};

    #[test]
    fn a_job_rings_no_sooner_than_it_was_told_to() {
        let rings = |kind, notify_after_ms, duration_ms| {
            occasion(&event(kind, 0, Job { notify_after_ms, duration_ms, state: JobState::Failed, ..job(1) })).is_some()
        };
        use EventKind::{JobFinished, JobStarted};
        for (kind, after, took, expected) in [
            (JobStarted, None, None, true),
            (JobStarted, Some(0), None, false),
            (JobStarted, Some(10_000), None, false),
            (JobFinished, Some(0), Some(0), true),
            (JobFinished, Some(10_000), Some(9_999), false),
            (JobFinished, Some(10_000), Some(10_000), true),
            (JobFinished, None, None, true),
        ] {
            assert_eq!(rings(kind, after, took), expected, "{kind:?} {after:?} {took:?}");
        }
    }

    #[test]
    fn a_part_of_another_job_rings_only_when_it_asks() {
        let part = Job { parent: Some(job(2).id), ..job(1) };
        let rings = |kind| occasion(&event(kind, 1, part.clone())).is_some();
        for (kind, expected) in [
            (EventKind::JobStarted, false),
            (EventKind::JobFinished, false),
            (EventKind::QuestionAsked, true),
            (EventKind::QuestionClosed, false),
        ] {
            assert_eq!(rings(kind), expected, "{kind:?}");
        }
    }
}
