//! What happens, and what the app then does and shows: of one hub, of several, of the panel and of questions.

mod feed;
mod hubs;
mod panel;
mod questions;

use std::time::Duration;

use doorbell_protocol::{
    Counts, Epoch, Event, EventId, EventKind, FeedEvent, FeedMessage, Job, JobState, Progress, QuestionEvent, Sequence, Snapshot,
    jobs::RunningList,
};

use super::*;
use crate::{
    About, Badge, Connection, HubInput, MenuEntry, Trust,
    samples::{about, data, event, hub, job, question},
};

const NOW: Timestamp = Timestamp::EPOCH;

fn later(millis: u64) -> Timestamp {
    NOW + Duration::from_millis(millis)
}

fn id(seq: u64) -> Option<EventId> {
    Some(EventId { epoch: Epoch(7), seq: Sequence(seq) })
}

/// About the hub that most tests have.
fn of(input: HubInput) -> Input {
    Input::Hub(hub(), input)
}

/// The same, about this hub.
fn on(id: &HubId, input: Input) -> Input {
    let Input::Hub(_, input) = input else { panic!("{input:?} is about no hub") };
    Input::Hub(id.clone(), input)
}

fn told(seq: u64, event: FeedEvent) -> Input {
    of(HubInput::Told(id(seq), FeedMessage::Event(event)))
}

fn snapshot(seq: u64, running: Vec<Job>) -> Input {
    let counts = Counts { running: u32::try_from(running.len()).unwrap(), ..Counts::default() };
    of(HubInput::Told(id(seq), FeedMessage::Snapshot(Snapshot { counts, running, questions: Vec::new(), now: NOW, gap: false })))
}

fn started(seq: u64, running: u32, job: Job) -> Input {
    told(seq, event(EventKind::JobStarted, running, job))
}

fn finished(seq: u64, running: u32, job: Job, state: JobState) -> Input {
    told(seq, event(EventKind::JobFinished, running, Job { state, duration_ms: Some(1_000), ..job }))
}

fn list(seq: u64, jobs: Vec<Job>) -> RunningList {
    let counts = Counts { running: u32::try_from(jobs.len()).unwrap(), queued: 2, ..Counts::default() };
    RunningList { epoch: Epoch(7), seq: Sequence(seq), now: NOW, counts, jobs }
}

fn polled(list: RunningList) -> Input {
    of(HubInput::Polled(Some(list)))
}

fn connecting() -> State {
    State::new(hub(), [])
}

fn live() -> State {
    let mut state = connecting();
    let _ = state.apply(snapshot(0, Vec::new()), NOW);
    let _ = state.apply(of(HubInput::Live), NOW);
    state
}

fn missed(seq: u64, running: u32, job: Job, state: JobState) -> Input {
    let kind = if state == JobState::Running { EventKind::JobStarted } else { EventKind::JobFinished };
    of(HubInput::Missed(id(seq), event(kind, running, Job { state, duration_ms: Some(1_000), ..job })))
}

fn down() -> Input {
    of(HubInput::Down { reason: "No hub is running.".to_owned() })
}

/// About the panel as it was opened last.
fn of_panel(state: &State, input: PanelInput) -> Input {
    Input::Panel(state.last_opening, input)
}

/// The panel comes, as it was opened last.
fn opens(state: &State, near: Option<Point>) -> Effect {
    Effect::OpenPanel { opening: state.last_opening, near }
}

fn standing(state: &State, now: Timestamp) -> Standing {
    state.standing(&hub(), now).unwrap()
}

fn known(state: &State) -> Known {
    state.known(&hub()).unwrap()
}

fn rings(effects: &[Effect]) -> Vec<&str> {
    let notified = effects.iter().filter_map(|effect| if let Effect::Notify(notification) = effect { Some(notification) } else { None });
    notified.map(|notification| notification.summary.as_str()).collect()
}
