//! Jobs as lines that fit the terminal: state, name, how far, how long.

use std::io::{self, IsTerminal};

use doorbell_protocol::{Job, JobState, Progress, Timestamp, text};

use crate::{cells, duration, job_lookup, moments, paint::Paint};

/// Widest state, `cancelled`.
const STATE: usize = 9;
/// Widest duration, as in `12m 34s`.
const TIME: usize = 8;
/// A terminal that is narrower than this has no room for ids.
const ROOM_FOR_IDS: usize = 60;
/// A name is never cut below this, however narrow the terminal.
const NAME_LEAST: usize = 12;

/// The lines of a table of `jobs`, newest figures as of `now`; `width` columns wide at most.
pub(crate) fn lines(jobs: &[Job], now: Timestamp, width: Option<usize>, paint: Paint) -> Vec<String> {
    let rows: Vec<[String; 3]> = jobs.iter().map(|job| [text::clean(&job.name), time(job, now), detail(job, now)]).collect();
    let longest_name = cells::widest(rows.iter().map(|row| &*row[0]));
    // Half of what remains is for the name; the other half says how far the job is, or why it failed.
    let ids = width.is_none_or(|width| width >= ROOM_FOR_IDS);
    let id_width = if ids { job_lookup::SHORT + 2 } else { 0 };
    let remains = width.map(|width| width.saturating_sub(id_width + STATE + TIME + 6));
    let name_width = remains.map_or(longest_name, |remains| longest_name.min((remains / 2).max(NAME_LEAST)));
    let detail_width = remains.map(|remains| remains.saturating_sub(name_width));
    jobs.iter()
        .zip(rows)
        .map(|(job, [name, time, detail])| {
            let id = if ids { format!("{}  ", paint.faint(&job_lookup::short(job.id))) } else { String::new() };
            let state = paint.state(job.state, &format!("{:<STATE$}", job.state.as_str()));
            let name = cells::filled(&cells::cut(&name, name_width), name_width);
            let detail = detail_width.map_or(detail.clone(), |width| cells::cut(&detail, width));
            format!("{id}{state}  {name}  {time:>TIME$}  {detail}").trim_end().to_owned()
        })
        .collect()
}

/// Columns of the terminal; `None` when the output is none, and lines may be as long as they are.
pub(crate) fn width() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    Some(columns().unwrap_or(80))
}

#[cfg(unix)]
fn columns() -> Option<usize> {
    rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

#[cfg(not(unix))]
fn columns() -> Option<usize> {
    crossterm::terminal::size().ok().map(|(columns, _)| usize::from(columns)).filter(|columns| *columns > 0)
}

pub(crate) fn time(job: &Job, now: Timestamp) -> String {
    let taken = match job.state {
        JobState::Queued => Some(now.since(job.created_at)),
        JobState::Running => job.started_at.map(|started| now.since(started)),
        JobState::Succeeded | JobState::Failed | JobState::Cancelled | JobState::Lost | JobState::Unknown => {
            job.duration_ms.map(std::time::Duration::from_millis)
        }
    };
    taken.map(duration::show).unwrap_or_default()
}

/// Who cancelled a job that was cancelled, as in `by Ada`.
pub(crate) fn cancelled_by(job: &Job) -> Option<String> {
    job.cancelled_by.as_ref().filter(|_| job.state == JobState::Cancelled).map(|by| format!("by {by}"))
}

/// What one wants to know beside state and time: what it waits for, how far it is, or when and why it ended.
pub(crate) fn detail(job: &Job, now: Timestamp) -> String {
    let parts = match job.state {
        JobState::Queued => vec![waits_for(job, now)],
        JobState::Running => {
            let asks = (job.waiting > 0).then(|| "waits for an answer".to_owned());
            let by = job.cancelled_by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
            let stops = job.cancel_requested.then(|| format!("is asked to stop{by}"));
            vec![asks, stops, job.progress.as_ref().map(how_far)]
        }
        JobState::Succeeded | JobState::Failed | JobState::Cancelled | JobState::Lost | JobState::Unknown => {
            vec![job.finished_at.map(|at| duration::ago(now.since(at))), cancelled_by(job), job.failure.clone()]
        }
    };
    let parts: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    text::clean(&parts.join(" · "))
}

fn waits_for(job: &Job, now: Timestamp) -> Option<String> {
    let at = job.not_before.filter(|at| *at > now).map(|at| format!("not before {}", moments::show(at)));
    let after = match job.after.as_slice() {
        [] => None,
        [one] => Some(format!("after {}", job_lookup::short(one))),
        more => Some(format!("after {} jobs", more.len())),
    };
    let host = job.host.as_ref().map(|host| format!("for {host}"));
    let parts: Vec<String> = [at, after, host].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

pub(crate) fn how_far(progress: &Progress) -> String {
    let percent = progress.fraction.map(|fraction| format!("{:.0}%", (fraction * 100.0).floor()));
    let figures = match (&progress.step, progress.done, progress.total) {
        (Some(step), _, _) => Some(format!("step {}/{}", step.index, step.count)),
        (None, Some(done), Some(total)) => Some(format!("{done}/{total}")),
        (None, done, _) => done.map(|done| done.to_string()),
    };
    let of_what = match &progress.step {
        Some(step) => step.label.clone(),
        None => progress.unit.clone().filter(|_| progress.done.is_some()),
    };
    let share: Vec<String> = [percent, figures, of_what].into_iter().flatten().collect();
    let parts = [share.join(" "), progress.message.clone().unwrap_or_default()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use doorbell_protocol::JobId;

    use super::*;

    fn job(name: &str) -> Job {
        let id = JobId("0192f0c1-7a3b-7c4d-8e5f-0123456789ab".parse().map(|id: JobId| id.0).unwrap());
        let json = serde_json::json!({
            "id": id, "key": "k", "name": name, "state": "running", "attempt": 1,
            "created_at": "2026-11-21T10:00:00.000Z", "started_at": "2026-11-21T10:00:00.000Z",
            "progress": {"done": 3, "total": 20, "unit": "tables", "fraction": 0.15, "message": "Scanning"},
        });
        serde_json::from_value(json).unwrap()
    }

    fn now() -> Timestamp {
        "2026-11-21T10:03:04.000Z".parse().unwrap()
    }

    #[test]
    fn a_line_says_state_name_time_and_how_far() {
        let lines = lines(&[job("nightly ingest")], now(), None, Paint::Plain);
        assert_eq!(lines, ["6789ab  running    nightly ingest    3m 04s  15% 3/20 tables · Scanning"]);
    }

    #[test]
    fn lines_fit_the_terminal() {
        for width in [40, 60, 80] {
            let lines = lines(&[job(&"x".repeat(150)), job(&"夜間取込".repeat(30)), job("short")], now(), Some(width), Paint::Plain);
            assert!(lines.iter().all(|line| cells::width(line) <= width), "{width}: {lines:#?}");
        }
    }

    #[test]
    fn a_failure_stands_where_progress_was() {
        let failure = Some("exit code 3".to_owned());
        let failed = Job { state: JobState::Failed, failure, duration_ms: Some(12_000), finished_at: Some(now()), ..job("x") };
        assert_eq!(lines(&[failed], now(), None, Paint::Plain), ["6789ab  failed     x       12s  just now · exit code 3"]);
    }

    #[test]
    fn a_queued_job_says_what_it_waits_for() {
        let host = Some("gpu-1".to_owned());
        let queued = Job { state: JobState::Queued, after: vec![job("x").id], host, ..job("x") };
        assert_eq!(lines(&[queued], now(), None, Paint::Plain), ["6789ab  queued     x    3m 04s  after 6789ab, for gpu-1"]);
    }

    #[test]
    fn colours_are_for_terminals() {
        assert!(lines(&[job("x")], now(), None, Paint::Colour)[0].contains("\u{1b}[34mrunning  \u{1b}[0m"));
    }
}
