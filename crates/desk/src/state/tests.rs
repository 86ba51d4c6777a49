//! What happens, and what the app then does and shows.

use doorbell_protocol::{Counts, Epoch, FeedEvent, Progress, QuestionEvent, Sequence};

use super::*;
use crate::{
    Badge, MenuEntry, Trust,
    samples::{event, job, question},
};

const NOW: Timestamp = Timestamp::EPOCH;

fn later(millis: u64) -> Timestamp {
    NOW + Duration::from_millis(millis)
}

fn id(seq: u64) -> Option<EventId> {
    Some(EventId { epoch: Epoch(7), seq: Sequence(seq) })
}

fn snapshot(seq: u64, running: Vec<Job>) -> Input {
    let counts = Counts { running: u32::try_from(running.len()).unwrap(), ..Counts::default() };
    Input::Told(id(seq), FeedMessage::Snapshot(Snapshot { counts, running, questions: Vec::new(), now: NOW, gap: false }))
}

fn started(seq: u64, running: u32, job: Job) -> Input {
    Input::Told(id(seq), FeedMessage::Event(FeedEvent::JobStarted(Box::new(event(running, job)))))
}

fn finished(seq: u64, running: u32, job: Job, state: JobState) -> Input {
    let event = event(running, Job { state, duration_ms: Some(1_000), ..job });
    Input::Told(id(seq), FeedMessage::Event(FeedEvent::JobFinished(Box::new(event))))
}

fn list(seq: u64, jobs: Vec<Job>) -> RunningList {
    let counts = Counts { running: u32::try_from(jobs.len()).unwrap(), queued: 2, ..Counts::default() };
    RunningList { epoch: Epoch(7), seq: Sequence(seq), now: NOW, counts, jobs }
}

fn live() -> State {
    let mut state = State::default();
    let _ = state.apply(snapshot(0, Vec::new()), NOW);
    let _ = state.apply(Input::Live, NOW);
    state
}

fn missed(seq: u64, running: u32, job: Job, state: JobState) -> Input {
    let event = event(running, Job { state, duration_ms: Some(1_000), ..job });
    let kind = if state == JobState::Running { EventKind::JobStarted } else { EventKind::JobFinished };
    Input::Missed(id(seq), kind, Box::new(event))
}

fn down() -> Input {
    Input::Down { reason: "No hub is running.".to_owned() }
}

fn rings(effects: &[Effect]) -> Vec<&str> {
    let notified = effects.iter().filter_map(|effect| if let Effect::Notify(notification) = effect { Some(notification) } else { None });
    notified.map(|notification| notification.summary.as_str()).collect()
}

#[test]
fn a_run_rings_twice_and_the_badge_goes_up_and_back() {
    let mut state = live();
    let idle = state.tray();
    let start = state.apply(started(1, 1, job(1)), NOW);
    assert_eq!(rings(&start), ["make started"]);
    assert_eq!(state.tray().badge.running, 1);
    let end = state.apply(finished(2, 0, job(1), JobState::Succeeded), NOW);
    assert_eq!(rings(&end), ["make succeeded"]);
    assert_eq!(state.tray(), idle);
    assert!(end.contains(&Effect::ShowTray(idle)));
}

#[test]
fn a_question_rings_when_it_is_asked_and_not_when_it_is_closed() {
    let mut state = live();
    let _ = state.apply(started(1, 1, job(1)), NOW);
    let told = |seq, kind: fn(Box<QuestionEvent>) -> FeedEvent, waiting| {
        let event = Event { question: Some(question(1)), ..event(1, Job { waiting, ..job(1) }) };
        Input::Told(id(seq), FeedMessage::Event(kind(Box::new(QuestionEvent { event, head: None }))))
    };
    let before = state.tray();
    let asked = state.apply(told(2, FeedEvent::QuestionAsked, 1), NOW);
    assert_eq!(rings(&asked), ["make wants an answer"]);
    assert!(matches!(&asked[0], Effect::Notify(ring) if ring.body == "Deploy?" && ring.job == Some(job(1).id)));
    assert_eq!(state.panel(NOW).jobs[0].waiting, 1);
    assert_eq!(state.apply(told(3, FeedEvent::QuestionClosed, 0), NOW), []);
    assert_eq!((state.panel(NOW).jobs[0].waiting, state.tray()), (0, before));
}

#[test]
fn a_snapshot_sets_everything_and_rings_nothing() {
    let mut state = State::default();
    let effects = state.apply(snapshot(9, vec![job(1), job(2)]), NOW);
    assert_eq!(effects, [Effect::ShowTray(state.tray())]);
    assert_eq!(state.apply(Input::Live, NOW), [Effect::ShowTray(state.tray())]);
    assert_eq!((state.tray().badge.running, state.panel(NOW).jobs.len()), (2, 2));
}

#[test]
fn what_changes_nothing_in_the_tray_does_not_touch_it() {
    let mut state = live();
    let _ = state.apply(started(1, 1, job(1)), NOW);
    let moved = Job { progress: Some(Progress { done: Some(7), ..Progress::default() }), ..job(1) };
    let same_counts = RunningList { counts: Counts { running: 1, ..Counts::default() }, ..list(1, vec![moved]) };
    assert_eq!(state.apply(Input::Polled(Some(same_counts)), NOW), []);
    assert_eq!(state.panel(NOW).jobs[0].progress.as_ref().unwrap().done, Some(7));
}

#[test]
fn the_menu_lists_running_jobs_by_age() {
    let mut state = live();
    let _ = state.apply(started(1, 1, job(2)), NOW);
    let _ = state.apply(started(2, 2, job(1)), NOW);
    let menu = state.tray().menu;
    let jobs: Vec<_> = menu.iter().filter_map(|entry| if let MenuEntry::Job(id, _) = entry { Some(*id) } else { None }).collect();
    assert_eq!(jobs, [job(1).id, job(2).id]);
}

#[test]
fn a_poll_that_is_older_than_the_feed_is_dropped() {
    let mut state = live();
    let _ = state.apply(started(5, 1, job(1)), NOW);
    let _ = state.apply(Input::Polled(Some(list(4, vec![]))), NOW);
    assert_eq!(state.panel(NOW).jobs.len(), 1);
    let _ = state.apply(Input::Polled(Some(list(6, vec![]))), NOW);
    assert_eq!((state.panel(NOW).jobs.len(), state.panel(NOW).queued), (0, 2));
    let _ = state.apply(Input::Polled(Some(list(5, vec![job(1)]))), NOW);
    assert_eq!(state.panel(NOW).jobs.len(), 0);
}

#[test]
fn which_hub_counts_is_for_a_live_feed_to_say() {
    let mut state = live();
    let other_epoch = || Input::Polled(Some(RunningList { epoch: Epoch(8), ..list(1, vec![job(1)]) }));
    let _ = state.apply(other_epoch(), NOW);
    assert_eq!(state.panel(NOW).jobs.len(), 0);
    let _ = state.apply(down(), NOW);
    let _ = state.apply(other_epoch(), NOW);
    assert_eq!(state.panel(NOW).jobs.len(), 1);
}

#[test]
fn what_was_missed_rings_once_when_the_feed_is_live_again() {
    let mut state = live();
    let _ = state.apply(down(), NOW);
    let mut effects = Vec::new();
    for n in 0..40_u8 {
        let end = if n % 20 == 7 { JobState::Failed } else { JobState::Succeeded };
        effects.extend(state.apply(missed(u64::from(n) * 2 + 1, 1, job(n), JobState::Running), NOW));
        effects.extend(state.apply(missed(u64::from(n) * 2 + 2, 0, job(n), end), NOW));
    }
    assert_eq!(rings(&effects), [] as [&str; 0]);
    let effects = state.apply(Input::Live, NOW);
    assert_eq!(rings(&effects), ["While you were away: 38 succeeded, 2 failed"]);
    assert_eq!(rings(&state.apply(Input::Live, NOW)), [] as [&str; 0]);
    assert_eq!(rings(&state.apply(started(81, 1, job(50)), NOW)), ["make started"]);
}

#[test]
fn a_hub_that_answers_polls_keeps_the_badge_right() {
    let mut state = live();
    let _ = state.apply(down(), later(1_000));
    assert_eq!(state.tray().badge, Badge { running: 0, trust: Trust::Stale });
    let _ = state.apply(Input::Polled(Some(list(3, vec![job(1)]))), later(2_000));
    assert_eq!(state.tray().badge, Badge { running: 1, trust: Trust::Live });
    // An attempt that fails in between changes nothing, a poll that fails does.
    let _ = state.apply(down(), later(3_000));
    let since = later(1_000);
    assert_eq!(state.panel(NOW).connection, Connection::Polled { since, reason: "No hub is running.".to_owned() });
    let _ = state.apply(Input::PollFailed { reason: "gone".to_owned() }, later(4_000));
    assert_eq!(state.panel(NOW).connection, Connection::Offline { since, reason: "gone".to_owned() });
    assert_eq!(state.tray().badge, Badge { running: 1, trust: Trust::Stale });
}

#[test]
fn a_replay_does_not_undo_what_a_poll_has_told() {
    let mut state = live();
    let _ = state.apply(down(), NOW);
    let _ = state.apply(Input::Polled(Some(list(2, vec![]))), NOW);
    let _ = state.apply(missed(1, 1, job(1), JobState::Running), NOW);
    assert_eq!((state.tray().badge.running, state.panel(NOW).jobs.len()), (0, 0));
    let _ = state.apply(missed(2, 0, job(1), JobState::Succeeded), NOW);
    assert_eq!(rings(&state.apply(Input::Live, NOW)), ["make succeeded"]);
}

#[test]
fn a_snapshot_keeps_the_progress_that_was_known() {
    let mut state = live();
    let moved = Job { progress: Some(Progress { done: Some(7), ..Progress::default() }), ..job(1) };
    let _ = state.apply(Input::Polled(Some(list(1, vec![moved]))), NOW);
    let _ = state.apply(snapshot(2, vec![job(1), job(2)]), NOW);
    let done: Vec<_> = state.panel(NOW).jobs.iter().map(|job| job.progress.as_ref().and_then(|progress| progress.done)).collect();
    assert_eq!(done, [Some(7), None]);
}

#[test]
fn offline_keeps_the_figures_and_says_that_they_are_old() {
    let mut state = live();
    let _ = state.apply(started(1, 1, job(1)), NOW);
    let _ = state.apply(down(), later(1_000));
    let _ = state.apply(down(), later(9_000));
    let view = state.panel(later(9_000));
    let since = later(1_000);
    assert_eq!(view.connection, Connection::Offline { since, reason: "No hub is running.".to_owned() });
    assert_eq!((view.jobs.len(), view.updated_at, view.now), (1, Some(NOW), later(9_000)));
    assert_eq!((state.tray().badge.running, state.tray().badge.trust), (1, Trust::Stale));
    let _ = state.apply(snapshot(2, vec![]), later(10_000));
    let _ = state.apply(Input::Live, later(10_000));
    assert_eq!((state.panel(NOW).connection, state.tray().badge.trust), (Connection::Live, Trust::Live));
}

fn poll_failed() -> Input {
    Input::PollFailed { reason: "timed out".to_owned() }
}

/// Live, with the panel open and its last poll failed.
fn doubtful() -> State {
    let mut state = live();
    let _ = state.apply(started(1, 1, job(1)), NOW);
    let _ = state.apply(Input::JobChosen, NOW);
    let _ = state.apply(poll_failed(), later(500));
    state
}

#[test]
fn a_failed_poll_shows_in_panel_and_tray_before_the_feed_notices() {
    let mut state = doubtful();
    assert_eq!(state.panel(NOW).connection, Connection::Offline { since: NOW, reason: "timed out".to_owned() });
    assert_eq!(state.tray().badge, Badge { running: 1, trust: Trust::Stale });
    assert_eq!(state.tray().tooltip, "Doorbell · Offline · 1 job running when last seen");
    let effects = state.apply(Input::Polled(None), later(1_000));
    assert_eq!(state.panel(NOW).connection, Connection::Live);
    assert_eq!(effects, [Effect::ShowTray(state.tray())]);
    assert_eq!(state.tray().badge, Badge { running: 1, trust: Trust::Live });
}

#[test]
fn a_hub_that_speaks_is_not_in_doubt() {
    for input in [finished(2, 0, job(1), JobState::Succeeded), Input::Live, snapshot(2, vec![])] {
        let mut state = doubtful();
        let _ = state.apply(input.clone(), later(600));
        assert_eq!((state.panel(NOW).connection, state.tray().badge.trust), (Connection::Live, Trust::Live), "{input:?}");
    }
}

#[test]
fn a_doubt_goes_with_the_panel_that_would_ask_again() {
    for closed in [Input::PanelDismissed, Input::PanelBlurred, Input::PanelGone] {
        let mut state = doubtful();
        let _ = state.apply(closed, later(600));
        assert_eq!(state.tray().badge.trust, Trust::Live);
        // The answer to its last poll may come after it.
        let _ = state.apply(poll_failed(), later(700));
        assert_eq!(state.tray().badge.trust, Trust::Live);
    }
}

#[test]
fn a_list_that_the_hub_cut_short_does_not_change_the_count() {
    let mut state = live();
    let counts = Counts { running: 12, ..Counts::default() };
    let _ = state.apply(Input::Polled(Some(RunningList { counts, ..list(1, vec![job(1), job(2)]) })), NOW);
    let view = state.panel(NOW);
    assert_eq!((view.running, view.jobs.len(), state.tray().badge.running), (12, 2, 12));
    assert!(state.tray().menu.contains(&MenuEntry::Label("and 10 more".to_owned())));
}

#[test]
fn times_are_the_hubs() {
    let mut state = State::default();
    let _ = state.apply(snapshot(0, vec![]), later(60_000));
    let view = state.panel(later(61_000));
    assert_eq!((view.now, view.updated_at), (later(1_000), Some(NOW)));
}

#[test]
fn a_click_opens_and_a_click_closes() {
    let mut state = live();
    let at = Some(Point { x: 5, y: 6 });
    assert_eq!(state.apply(Input::TrayClicked { at }, NOW), [Effect::OpenPanel { near: at }]);
    assert!(state.panel_is_open());
    assert_eq!(state.apply(Input::TrayClicked { at }, NOW), [Effect::ClosePanel]);
    assert!(!state.panel_is_open());
}

#[test]
fn the_click_that_takes_the_focus_does_not_open_the_panel_again() {
    let mut state = live();
    let click = || Input::TrayClicked { at: None };
    let _ = state.apply(click(), NOW);
    assert_eq!(state.apply(Input::PanelBlurred, later(0)), [Effect::ClosePanel]);
    assert_eq!(state.apply(click(), later(150)), []);
    assert_eq!(state.apply(click(), later(160)), [Effect::OpenPanel { near: None }]);
    let _ = state.apply(Input::PanelBlurred, later(1_000));
    assert_eq!(state.apply(click(), later(1_200)), [Effect::OpenPanel { near: None }]);
}

#[test]
fn asking_for_an_open_panel_brings_it_to_the_front() {
    let mut state = live();
    for _ in 0..2 {
        assert_eq!(state.apply(Input::Chosen(Action::OpenPanel), NOW), [Effect::OpenPanel { near: None }]);
    }
}

#[test]
fn a_panel_that_dies_stays_closed_and_the_second_time_another_way_is_offered() {
    let mut state = live();
    let mut dies = |at: u64| {
        assert!(state.apply(Input::Chosen(Action::OpenPanel), later(at)).contains(&Effect::OpenPanel { near: None }));
        let effects = state.apply(Input::PanelDied, later(at));
        assert!(!state.panel_is_open());
        rings(&effects).len()
    };
    assert_eq!([dies(0), dies(10_000)], [0, 0], "not so soon after each other");
    assert_eq!(dies(19_999), 1);
    assert_eq!([dies(20_000), dies(21_000)], [0, 1], "once for each two");
}

#[test]
fn a_panel_is_closed_once_whoever_closes_it() {
    let mut state = live();
    let _ = state.apply(Input::JobChosen, NOW);
    assert_eq!(state.apply(Input::PanelDismissed, NOW), [Effect::ClosePanel]);
    assert_eq!(state.apply(Input::PanelBlurred, NOW), []);
    assert_eq!(state.apply(Input::PanelGone, NOW), []);
    let _ = state.apply(Input::JobChosen, NOW);
    let _ = state.apply(Input::PanelGone, NOW);
    assert!(!state.panel_is_open());
}

#[test]
fn who_looks_while_offline_is_not_kept_waiting() {
    let mut state = live();
    let _ = state.apply(down(), NOW);
    let effects = state.apply(Input::Chosen(Action::OpenPanel), NOW);
    assert_eq!(effects, [Effect::OpenPanel { near: None }, Effect::RetryFeed]);
}

#[test]
fn a_test_job_that_cannot_be_queued_rings() {
    let mut state = live();
    assert_eq!(state.apply(Input::Chosen(Action::RunTestJob), NOW), [Effect::QueueTestJob]);
    let refused = state.apply(Input::TestJobRefused { reason: "the disk is full".to_owned() }, NOW);
    assert_eq!(rings(&refused), ["The test job could not be queued"]);
}

#[test]
fn a_notice_is_said_once() {
    let mut state = live();
    for _ in 0..2 {
        let _ = state.apply(Input::Notice("No bell here.".to_owned()), NOW);
    }
    assert_eq!(state.panel(NOW).notice.as_deref(), Some("No bell here."));
}
