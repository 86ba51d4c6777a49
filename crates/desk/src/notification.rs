//! What rings, and what it says.

use std::time::Duration;

use doorbell_protocol::{Event, EventKind, Job, JobId, JobState};

use crate::words;

/// One ring. A later one about the same job takes the place of the one before.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notification {
    /// The job that it is about, if it is about one.
    pub job: Option<JobId>,
    /// The title: plain text.
    pub summary: String,
    /// One or two short lines: plain text.
    pub body: String,
    /// How it should sound and look.
    pub tone: Tone,
}

/// How a ring should sound and look.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tone {
    /// Good to know.
    Quiet,
    /// Something ended as it should.
    Good,
    /// Something needs a look.
    Bad,
}

/// What rings for an event, if it rings. A question that is closed needs nobody any more, and a job that is a part of
/// another is that one's affair, until it asks.
pub(crate) fn about(kind: EventKind, event: &Event) -> Option<Notification> {
    let job = &event.job;
    if !rings(kind, job) {
        return None;
    }
    let (said, body, tone) = match kind {
        EventKind::JobStarted => ("started", started(job), Tone::Quiet),
        EventKind::JobFinished => match job.state {
            JobState::Succeeded => ("succeeded", took(job).map(|took| format!("It took {took}.")), Tone::Good),
            JobState::Cancelled => ("was cancelled", after(job), Tone::Quiet),
            JobState::Lost => ("is lost", reason(job), Tone::Bad),
            JobState::Failed => ("failed", reason(job), Tone::Bad),
            JobState::Queued | JobState::Running | JobState::Unknown => ("ended", after(job), Tone::Quiet),
        },
        EventKind::QuestionAsked => ("wants an answer", event.question.as_ref().map(|question| question.prompt.clone()), Tone::Bad),
        EventKind::QuestionClosed => return None,
    };
    let late = if event.late { " after all" } else { "" };
    Some(Notification { job: Some(job.id), summary: format!("{} {said}{late}", job.name), body: body.unwrap_or_default(), tone })
}

fn rings(kind: EventKind, job: &Job) -> bool {
    match kind {
        EventKind::JobStarted => job.parent.is_none() && job.notify_after_ms.is_none(),
        EventKind::JobFinished => job.parent.is_none() && job.duration_ms >= job.notify_after_ms,
        EventKind::QuestionAsked | EventKind::QuestionClosed => true,
    }
}

pub(crate) fn test_job_refused(reason: String) -> Notification {
    Notification { job: None, summary: "The test job could not be queued".to_owned(), body: reason, tone: Tone::Bad }
}

pub(crate) fn panel_dies() -> Notification {
    let body = "It ended twice by itself. `doorbell open --browser` shows it in your browser.".to_owned();
    Notification { job: None, summary: "The panel does not open".to_owned(), body, tone: Tone::Bad }
}

/// The command, where the name does not say it already; else where it runs.
fn started(job: &Job) -> Option<String> {
    let origin = job.origin.as_ref()?;
    let command = origin.command.join(" ");
    // The name may quote arguments, and it may be cut.
    let said = bare(&job.name);
    let says_more = !command.is_empty() && !bare(&command).starts_with(said.trim_end_matches('…'));
    if says_more { Some(words::cut(&command, 120)) } else { origin.cwd.as_ref().map(|cwd| format!("in {cwd}")) }
}

fn bare(command: &str) -> String {
    command.chars().filter(|c| !c.is_whitespace() && !matches!(c, '\'' | '"' | '\\')).collect()
}

fn reason(job: &Job) -> Option<String> {
    match (&job.failure, after(job)) {
        (Some(failure), Some(after)) => Some(format!("{failure}\n{after}")),
        (failure, after) => failure.clone().or(after),
    }
}

fn after(job: &Job) -> Option<String> {
    took(job).map(|took| format!("After {took}."))
}

fn took(job: &Job) -> Option<String> {
    job.duration_ms.map(|millis| words::duration(Duration::from_millis(millis)))
}

#[cfg(test)]
mod tests {
    use doorbell_protocol::Origin;

    use super::*;
    use crate::samples::{event, job};

    fn started(name: &str, command: &[&str], cwd: Option<&str>) -> Notification {
        let command = command.iter().map(ToString::to_string).collect();
        let origin = Origin { command, cwd: cwd.map(str::to_owned), ..Origin::default() };
        about(EventKind::JobStarted, &event(1, Job { name: name.to_owned(), origin: Some(origin), ..job(1) })).unwrap()
    }

    fn ended(change: impl FnOnce(&mut Job)) -> Notification {
        let mut job = Job { state: JobState::Failed, duration_ms: Some(131_000), ..job(1) };
        change(&mut job);
        about(EventKind::JobFinished, &event(0, job)).unwrap()
    }

    #[test]
    fn a_start_says_what_the_name_leaves_out() {
        assert_eq!(started("nightly", &["rsync", "-a", "x"], Some("/srv")).body, "rsync -a x");
        assert_eq!(started("rsync -a 'x y'", &["rsync", "-a", "x y"], Some("/srv")).body, "in /srv");
        assert_eq!(started("cargo build…", &["cargo", "build", "--release"], Some("/srv")).body, "in /srv");
        assert_eq!(started("nightly", &[], None).body, "");
    }

    #[test]
    fn an_end_says_how_it_went_and_how_long_it_took() {
        for (said, shown) in [
            (ended(|job| job.state = JobState::Succeeded), ("make succeeded", "It took 2 min 11 s.", Tone::Good)),
            (ended(|job| job.failure = Some("exit 2".to_owned())), ("make failed", "exit 2\nAfter 2 min 11 s.", Tone::Bad)),
            (ended(|job| job.state = JobState::Cancelled), ("make was cancelled", "After 2 min 11 s.", Tone::Quiet)),
            (ended(|job| job.state = JobState::Lost), ("make is lost", "After 2 min 11 s.", Tone::Bad)),
            (ended(|job| job.state = JobState::Unknown), ("make ended", "After 2 min 11 s.", Tone::Quiet)),
        ] {
            assert_eq!((said.summary.as_str(), said.body.as_str(), said.tone), shown);
        }
    }

    #[test]
    fn a_job_rings_no_sooner_than_it_was_told_to() {
        let rings = |kind, notify_after_ms, duration_ms| {
            about(kind, &event(0, Job { notify_after_ms, duration_ms, state: JobState::Failed, ..job(1) })).is_some()
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
        let rings = |kind| about(kind, &event(1, part.clone())).is_some();
        assert!(!rings(EventKind::JobStarted) && !rings(EventKind::JobFinished));
        assert!(rings(EventKind::QuestionAsked));
    }

    #[test]
    fn an_end_that_was_told_as_lost_says_so() {
        let late = Event { late: true, ..event(0, Job { state: JobState::Succeeded, ..job(1) }) };
        assert_eq!(about(EventKind::JobFinished, &late).unwrap().summary, "make succeeded after all");
    }
}
