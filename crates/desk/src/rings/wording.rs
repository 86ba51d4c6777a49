//! What a ring says.

use std::time::Duration;

use doorbell_protocol::{Job, JobState};

use super::{
    notification::{About, Notification, Tone},
    policy::{Before, Occasion},
};
use crate::{hub_id::HubId, request::Request, words};

/// The ring for an occasion on this hub.
pub(super) fn notification(hub: &HubId, occasion: &Occasion<'_>) -> Notification {
    let (job, said, body, tone) = match *occasion {
        Occasion::Started(job) => (job, "started".to_owned(), started(job), Tone::Quiet),
        Occasion::Ended(job, before) => {
            let (said, body, tone) = ended(job);
            let late = if before == Before::Lost { " after all" } else { "" };
            (job, format!("{said}{late}"), body, tone)
        }
        Occasion::Asked(job, question) => (job, "wants an answer".to_owned(), question.map(|question| question.prompt.clone()), Tone::Bad),
    };
    let about = match occasion {
        Occasion::Asked(_, Some(question)) => About::Question(hub.clone(), question.id),
        Occasion::Started(_) | Occasion::Ended(..) | Occasion::Asked(_, None) => About::Run(hub.clone(), job.id),
    };
    Notification { about, summary: format!("{} {said}", job.name), body: body.unwrap_or_default(), tone }
}

/// The ring for a call that came to nothing.
pub(crate) fn call_failed(hub: &HubId, request: Request, reason: String) -> Notification {
    let summary = match request {
        Request::QueueTestJob => "The test job could not be queued",
    };
    Notification { about: About::Call(hub.clone(), request), summary: summary.to_owned(), body: reason, tone: Tone::Bad }
}

/// The ring for a panel that cannot be opened here.
pub(crate) fn panel_dies() -> Notification {
    let body = "It ended twice by itself. `doorbell open --browser` shows it in your browser.".to_owned();
    Notification { about: About::Panel, summary: "The panel does not open".to_owned(), body, tone: Tone::Bad }
}

fn ended(job: &Job) -> (&'static str, Option<String>, Tone) {
    match job.state {
        JobState::Succeeded => ("succeeded", took(job).map(|took| format!("It took {took}.")), Tone::Good),
        JobState::Cancelled => ("was cancelled", cancelled(job), Tone::Quiet),
        JobState::Lost => ("is lost", reason(job), Tone::Bad),
        JobState::Failed => ("failed", reason(job), Tone::Bad),
        JobState::Queued | JobState::Running | JobState::Unknown => ("ended", after(job), Tone::Quiet),
    }
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

fn cancelled(job: &Job) -> Option<String> {
    match (&job.cancelled_by, after(job)) {
        (Some(by), Some(after)) => Some(format!("By {by}.\n{after}")),
        (Some(by), None) => Some(format!("By {by}.")),
        (None, after) => after,
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
    use crate::samples::{hub, job, question};

    fn started(name: &str, command: &[&str], cwd: Option<&str>) -> Notification {
        let command = command.iter().map(ToString::to_string).collect();
        let origin = Origin { command, cwd: cwd.map(str::to_owned), ..Origin::default() };
        notification(&hub(), &Occasion::Started(&Job { name: name.to_owned(), origin: Some(origin), ..job(1) }))
    }

    fn ended(change: impl FnOnce(&mut Job)) -> Notification {
        let mut job = Job { state: JobState::Failed, duration_ms: Some(131_000), ..job(1) };
        change(&mut job);
        notification(&hub(), &Occasion::Ended(&job, Before::Nothing))
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
            (
                ended(|job| (job.state, job.cancelled_by) = (JobState::Cancelled, Some("Ada".to_owned()))),
                ("make was cancelled", "By Ada.\nAfter 2 min 11 s.", Tone::Quiet),
            ),
            (ended(|job| job.state = JobState::Lost), ("make is lost", "After 2 min 11 s.", Tone::Bad)),
            (ended(|job| job.state = JobState::Unknown), ("make ended", "After 2 min 11 s.", Tone::Quiet)),
        ] {
            assert_eq!((said.summary.as_str(), said.body.as_str(), said.tone), shown);
        }
    }

    #[test]
    fn an_end_that_was_told_as_lost_says_so() {
        let job = Job { state: JobState::Succeeded, ..job(1) };
        assert_eq!(notification(&hub(), &Occasion::Ended(&job, Before::Lost)).summary, "make succeeded after all");
    }

    #[test]
    fn a_question_is_told_beside_its_run_and_not_in_its_place() {
        let (job, question) = (job(1), question(1));
        let asked = notification(&hub(), &Occasion::Asked(&job, Some(&question)));
        assert_eq!((asked.summary.as_str(), asked.body.as_str(), asked.tone), ("make wants an answer", "Deploy?", Tone::Bad));
        assert_eq!(asked.about, About::Question(hub(), question.id));
        assert_eq!(notification(&hub(), &Occasion::Started(&job)).about, About::Run(hub(), job.id));
    }
}
