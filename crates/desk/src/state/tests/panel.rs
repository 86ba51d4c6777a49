//! The panel, and what the menu offers.

use super::*;

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
    assert_eq!(effects, [Effect::OpenPanel { near: None }, Effect::RetryFeed(hub())]);
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
