//! One hub: what its feed and the polls tell.

use super::*;

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
fn a_snapshot_sets_everything_and_rings_nothing() {
    let mut state = connecting();
    let effects = state.apply(snapshot(9, vec![job(1), job(2)]), NOW);
    assert_eq!(effects, [Effect::ShowTray(state.tray())]);
    assert_eq!(state.apply(of(HubInput::Live), NOW), [Effect::ShowTray(state.tray())]);
    assert_eq!((state.tray().badge.running, known(&state).jobs.len()), (2, 2));
}

#[test]
fn what_changes_nothing_in_the_tray_does_not_touch_it() {
    let mut state = live();
    let _ = state.apply(started(1, 1, job(1)), NOW);
    let moved = Job { progress: Some(Progress { done: Some(7), ..Progress::default() }), ..job(1) };
    let same_counts = RunningList { counts: Counts { running: 1, ..Counts::default() }, ..list(1, vec![moved]) };
    assert_eq!(state.apply(polled(same_counts), NOW), []);
    assert_eq!(known(&state).jobs[0].progress.as_ref().unwrap().done, Some(7));
}

#[test]
fn the_menu_lists_running_jobs_by_age() {
    let mut state = live();
    let _ = state.apply(started(1, 1, job(2)), NOW);
    let _ = state.apply(started(2, 2, job(1)), NOW);
    let menu = state.tray().menu;
    let jobs: Vec<_> = menu.iter().filter_map(|entry| if let MenuEntry::Job(_, id, _) = entry { Some(*id) } else { None }).collect();
    assert_eq!(jobs, [job(1).id, job(2).id]);
}

#[test]
fn a_poll_that_is_older_than_the_feed_is_dropped() {
    let mut state = live();
    let _ = state.apply(started(5, 1, job(1)), NOW);
    let _ = state.apply(polled(list(4, vec![])), NOW);
    assert_eq!(known(&state).jobs.len(), 1);
    let _ = state.apply(polled(list(6, vec![])), NOW);
    assert_eq!((known(&state).jobs.len(), known(&state).counts.queued), (0, 2));
    let _ = state.apply(polled(list(5, vec![job(1)])), NOW);
    assert_eq!(known(&state).jobs.len(), 0);
}

#[test]
fn which_hub_counts_is_for_a_live_feed_to_say() {
    let mut state = live();
    let other_epoch = || polled(RunningList { epoch: Epoch(8), ..list(1, vec![job(1)]) });
    let _ = state.apply(other_epoch(), NOW);
    assert_eq!(known(&state).jobs.len(), 0);
    let _ = state.apply(down(), NOW);
    let _ = state.apply(other_epoch(), NOW);
    assert_eq!(known(&state).jobs.len(), 1);
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
    let effects = state.apply(of(HubInput::Live), NOW);
    assert_eq!(rings(&effects), ["While you were away: 38 succeeded, 2 failed"]);
    assert_eq!(rings(&state.apply(of(HubInput::Live), NOW)), [] as [&str; 0]);
    assert_eq!(rings(&state.apply(started(81, 1, job(50)), NOW)), ["make started"]);
}

#[test]
fn a_hub_that_answers_polls_keeps_the_badge_right() {
    let mut state = live();
    let _ = state.apply(down(), later(1_000));
    assert_eq!(state.tray().badge, Badge { running: 0, trust: Trust::Stale });
    let _ = state.apply(polled(list(3, vec![job(1)])), later(2_000));
    assert_eq!(state.tray().badge, Badge { running: 1, trust: Trust::Live });
    // An attempt that fails in between changes nothing, a poll that fails does.
    let _ = state.apply(down(), later(3_000));
    let since = later(1_000);
    assert_eq!(standing(&state, NOW).connection, Connection::Polled { since, reason: "No hub is running.".to_owned() });
    let _ = state.apply(of(HubInput::PollFailed { reason: "gone".to_owned() }), later(4_000));
    assert_eq!(standing(&state, NOW).connection, Connection::Offline { since, reason: "gone".to_owned() });
    assert_eq!(state.tray().badge, Badge { running: 1, trust: Trust::Stale });
}

#[test]
fn a_replay_does_not_undo_what_a_poll_has_told() {
    let mut state = live();
    let _ = state.apply(down(), NOW);
    let _ = state.apply(polled(list(2, vec![])), NOW);
    let _ = state.apply(missed(1, 1, job(1), JobState::Running), NOW);
    assert_eq!((state.tray().badge.running, known(&state).jobs.len()), (0, 0));
    let _ = state.apply(missed(2, 0, job(1), JobState::Succeeded), NOW);
    assert_eq!(rings(&state.apply(of(HubInput::Live), NOW)), ["make succeeded"]);
}

#[test]
fn a_snapshot_keeps_the_progress_that_was_known() {
    let mut state = live();
    let moved = Job { progress: Some(Progress { done: Some(7), ..Progress::default() }), ..job(1) };
    let _ = state.apply(polled(list(1, vec![moved])), NOW);
    let _ = state.apply(snapshot(2, vec![job(1), job(2)]), NOW);
    let done: Vec<_> = known(&state).jobs.iter().map(|job| job.progress.as_ref().and_then(|progress| progress.done)).collect();
    assert_eq!(done, [Some(7), None]);
}

#[test]
fn offline_keeps_the_figures_and_says_that_they_are_old() {
    let mut state = live();
    let _ = state.apply(started(1, 1, job(1)), NOW);
    let _ = state.apply(down(), later(1_000));
    let _ = state.apply(down(), later(9_000));
    let view = standing(&state, later(9_000));
    let since = later(1_000);
    assert_eq!(view.connection, Connection::Offline { since, reason: "No hub is running.".to_owned() });
    assert_eq!((known(&state).jobs.len(), view.updated_at, view.now), (1, Some(NOW), later(9_000)));
    assert_eq!((state.tray().badge.running, state.tray().badge.trust), (1, Trust::Stale));
    let _ = state.apply(snapshot(2, vec![]), later(10_000));
    let _ = state.apply(of(HubInput::Live), later(10_000));
    assert_eq!((standing(&state, NOW).connection, state.tray().badge.trust), (Connection::Live, Trust::Live));
}

fn poll_failed() -> Input {
    of(HubInput::PollFailed { reason: "timed out".to_owned() })
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
    assert_eq!(standing(&state, NOW).connection, Connection::Offline { since: NOW, reason: "timed out".to_owned() });
    assert_eq!(state.tray().badge, Badge { running: 1, trust: Trust::Stale });
    assert_eq!(state.tray().tooltip, "Doorbell · Offline · 1 job running when last seen");
    let effects = state.apply(of(HubInput::Polled(None)), later(1_000));
    assert_eq!(standing(&state, NOW).connection, Connection::Live);
    assert_eq!(effects, [Effect::ShowTray(state.tray())]);
    assert_eq!(state.tray().badge, Badge { running: 1, trust: Trust::Live });
}

#[test]
fn a_hub_that_speaks_is_not_in_doubt() {
    for input in [finished(2, 0, job(1), JobState::Succeeded), of(HubInput::Live), snapshot(2, vec![])] {
        let mut state = doubtful();
        let _ = state.apply(input.clone(), later(600));
        assert_eq!((standing(&state, NOW).connection, state.tray().badge.trust), (Connection::Live, Trust::Live), "{input:?}");
    }
}

#[test]
fn a_doubt_goes_with_the_panel_that_would_ask_again() {
    for closed in [PanelInput::Dismissed, PanelInput::Blurred, PanelInput::Gone] {
        let mut state = doubtful();
        let _ = state.apply(of_panel(&state, closed), later(600));
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
    let _ = state.apply(polled(RunningList { counts, ..list(1, vec![job(1), job(2)]) }), NOW);
    let known = known(&state);
    assert_eq!((known.counts.running, known.jobs.len(), state.tray().badge.running), (12, 2, 12));
    assert!(state.tray().menu.contains(&MenuEntry::Label("and 10 more".to_owned())));
}

#[test]
fn times_are_the_hubs() {
    let mut state = connecting();
    let _ = state.apply(snapshot(0, vec![]), later(60_000));
    let view = standing(&state, later(61_000));
    assert_eq!((view.now, view.updated_at), (later(1_000), Some(NOW)));
}
