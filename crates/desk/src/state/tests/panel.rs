//! The panel, and what the menu offers.

use super::*;

/// Everything that can be said of a panel.
const LATE: [PanelInput; 4] = [PanelInput::Dismissed, PanelInput::Blurred, PanelInput::Gone, PanelInput::Died];

#[test]
fn a_click_opens_and_a_click_closes() {
    let mut state = live();
    let at = Some(Point { x: 5, y: 6 });
    assert_eq!(state.apply(Input::TrayClicked { at }, NOW), [opens(&state, at)]);
    assert!(state.panel_is_open());
    assert_eq!(state.apply(Input::TrayClicked { at }, NOW), [Effect::ClosePanel]);
    assert!(!state.panel_is_open());
}

#[test]
fn the_click_that_takes_the_focus_does_not_open_the_panel_again() {
    let mut state = live();
    let click = || Input::TrayClicked { at: None };
    let _ = state.apply(click(), NOW);
    assert_eq!(state.apply(of_panel(&state, PanelInput::Blurred), later(0)), [Effect::ClosePanel]);
    assert_eq!(state.apply(click(), later(150)), []);
    assert_eq!(state.apply(click(), later(160)), [opens(&state, None)]);
    let _ = state.apply(of_panel(&state, PanelInput::Blurred), later(1_000));
    assert_eq!(state.apply(click(), later(1_200)), [opens(&state, None)]);
}

#[test]
fn asking_for_an_open_panel_brings_it_to_the_front() {
    let mut state = live();
    for _ in 0..2 {
        assert_eq!(state.apply(Input::Chosen(Action::OpenPanel), NOW), [opens(&state, None)]);
    }
}

#[test]
fn a_panel_that_dies_stays_closed_and_the_second_time_another_way_is_offered() {
    let mut state = live();
    let mut dies = |at: u64| {
        let _ = state.apply(Input::Chosen(Action::OpenPanel), later(at));
        assert!(state.panel_is_open());
        let effects = state.apply(of_panel(&state, PanelInput::Died), later(at));
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
    assert_eq!(state.apply(of_panel(&state, PanelInput::Dismissed), NOW), [Effect::ClosePanel]);
    for late in LATE {
        assert_eq!(state.apply(of_panel(&state, late), NOW), [], "{late:?}");
    }
}

#[test]
fn what_is_said_of_a_panel_that_was_closed_does_not_close_the_next() {
    for late in LATE {
        let mut state = live();
        let _ = state.apply(Input::JobChosen, NOW);
        let first = of_panel(&state, late);
        let _ = state.apply(Input::TrayClicked { at: None }, NOW);
        let _ = state.apply(Input::JobChosen, NOW);
        assert_eq!(state.apply(first.clone(), NOW), [], "{late:?}");
        assert!(state.panel_is_open(), "{late:?}");
        // Nor does it stand in the way of the next one's own.
        assert_eq!(state.apply(of_panel(&state, late), NOW), [Effect::ClosePanel], "{late:?}");
    }
}

#[test]
fn who_looks_while_offline_is_not_kept_waiting() {
    let mut state = live();
    let _ = state.apply(down(), NOW);
    let effects = state.apply(Input::Chosen(Action::OpenPanel), NOW);
    assert_eq!(effects, [opens(&state, None), Effect::RetryFeed(hub())]);
}

#[test]
fn a_test_job_that_cannot_be_queued_rings() {
    let mut state = live();
    assert_eq!(state.apply(Input::Chosen(Action::RunTestJob), NOW), [Effect::Call { hub: hub(), request: Request::QueueTestJob }]);
    let refused = HubInput::CallFailed { request: Request::QueueTestJob, reason: "the disk is full".to_owned() };
    let refused = state.apply(of(refused), NOW);
    assert_eq!(rings(&refused), ["The test job could not be queued"]);
}

#[test]
fn the_panel_knows_what_works_for_a_command_that_no_shell_finds() {
    let mut state = live();
    assert_eq!(standing(&state, NOW).command, None);
    let _ = state.apply(Input::Command("/opt/doorbell".to_owned()), NOW);
    assert_eq!(standing(&state, NOW).command.as_deref(), Some("/opt/doorbell"));
}

#[test]
fn a_notice_is_said_once() {
    let mut state = live();
    for _ in 0..2 {
        let _ = state.apply(Input::Notice("No bell here.".to_owned()), NOW);
    }
    assert_eq!(standing(&state, NOW).notice.as_deref(), Some("No bell here."));
}
