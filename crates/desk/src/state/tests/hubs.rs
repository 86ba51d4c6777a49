//! Several hubs: each is as it is, and the tray tells their total.

use super::*;

fn farm() -> HubId {
    HubId::new("farm")
}

/// This computer's hub and another, both live.
fn two() -> State {
    let mut state = State::new(hub(), [farm()]);
    for id in [hub(), farm()] {
        for input in [snapshot(0, Vec::new()), of(HubInput::Live)] {
            let _ = state.apply(on(&id, input), NOW);
        }
    }
    state
}

fn abouts(effects: Vec<Effect>) -> Vec<About> {
    effects.into_iter().filter_map(|effect| if let Effect::Notify(ring) = effect { Some(ring.about) } else { None }).collect()
}

#[test]
fn the_badge_counts_the_jobs_of_all_hubs() {
    let mut state = two();
    assert_eq!(state.tray().tooltip, "Doorbell · No jobs running");
    let _ = state.apply(started(1, 1, job(2)), NOW);
    let _ = state.apply(on(&farm(), started(5, 2, job(1))), NOW);
    assert_eq!(state.tray().badge, Badge { running: 3, trust: Trust::Live });
    assert_eq!(state.tray().tooltip, "Doorbell · 3 jobs running");
    assert_eq!(known(&state).counts.running, 1);
    assert_eq!(state.known(&farm()).unwrap().counts.running, 2);
}

#[test]
fn a_badge_is_only_as_good_as_the_hub_that_is_known_worst() {
    let mut state = two();
    let _ = state.apply(started(1, 1, job(1)), NOW);
    let _ = state.apply(on(&farm(), started(1, 2, job(2))), NOW);
    let _ = state.apply(on(&farm(), down()), later(1_000));
    assert_eq!(state.tray().badge, Badge { running: 3, trust: Trust::Stale });
    assert_eq!(state.tray().tooltip, "Doorbell · 3 jobs running when last seen · 1 of 2 hubs away");
    assert_eq!(standing(&state, NOW).connection, Connection::Live);
    // Polls of the one that is away make the total right again.
    let _ = state.apply(on(&farm(), polled(list(2, vec![job(2)]))), later(2_000));
    assert_eq!(state.tray().badge, Badge { running: 2, trust: Trust::Live });
    let _ = state.apply(down(), later(3_000));
    let _ = state.apply(on(&farm(), of(HubInput::Refused { reason: "no".to_owned() })), later(3_000));
    assert_eq!(state.tray().tooltip, "Doorbell · 2 jobs running when last seen · 2 of 2 hubs away");
}

#[test]
fn jobs_of_one_id_on_two_hubs_are_two_jobs() {
    let mut state = two();
    let here = abouts(state.apply(started(1, 1, job(1)), NOW));
    let there = abouts(state.apply(on(&farm(), started(1, 1, job(1))), NOW));
    assert_eq!((here, there), (vec![About::Run(hub(), job(1).id)], vec![About::Run(farm(), job(1).id)]));
    let lines = |state: &State| -> Vec<HubId> {
        state.tray().menu.into_iter().filter_map(|entry| if let MenuEntry::Job(hub, ..) = entry { Some(hub) } else { None }).collect()
    };
    assert_eq!(lines(&state), [hub(), farm()]);
    let end = abouts(state.apply(finished(2, 0, job(1), JobState::Succeeded), NOW));
    assert_eq!((end, lines(&state)), (vec![About::Run(hub(), job(1).id)], vec![farm()]));
}

#[test]
fn jobs_stand_in_the_order_of_this_machines_clock() {
    let mut state = two();
    // The farm's clock is an hour ahead.
    let counts = Counts { running: 1, ..Counts::default() };
    let early = Job { started_at: Some(later(3_600_000)), ..job(1) };
    let snapshot = Snapshot { counts, running: vec![early], questions: Vec::new(), now: later(3_600_000), gap: false };
    let _ = state.apply(Input::Hub(farm(), HubInput::Told(id(1), FeedMessage::Snapshot(snapshot))), NOW);
    let _ = state.apply(started(1, 1, job(2)), later(10));
    let jobs: Vec<_> = state.total().jobs.into_iter().map(|(hub, job)| (hub.clone(), job.id)).collect();
    assert_eq!(jobs, [(farm(), job(1).id), (hub(), job(2).id)]);
}

#[test]
fn what_each_hub_missed_is_told_by_itself() {
    let mut state = two();
    for hub in [hub(), farm()] {
        let _ = state.apply(on(&hub, down()), NOW);
        for n in 1..=2 {
            let _ = state.apply(on(&hub, missed(u64::from(n), 0, job(n), JobState::Succeeded)), NOW);
        }
    }
    for hub in [hub(), farm()] {
        assert_eq!(abouts(state.apply(on(&hub, of(HubInput::Live)), later(7))), [About::Missed(hub.clone(), later(7))]);
    }
}

#[test]
fn who_looks_tries_every_hub_that_is_away() {
    let mut state = two();
    let _ = state.apply(on(&farm(), down()), NOW);
    assert_eq!(state.apply(Input::JobChosen, NOW), [opens(&state, None), Effect::RetryFeed(farm())]);
}

#[test]
fn the_test_job_runs_at_home() {
    let effects = two().apply(Input::Chosen(Action::RunTestJob), NOW);
    assert_eq!(effects, [Effect::Call { hub: hub(), request: Request::QueueTestJob }]);
}

#[test]
fn nobody_listens_to_a_hub_that_is_not_ours() {
    let mut state = two();
    let stranger = HubId::new("stranger");
    assert_eq!(state.apply(on(&stranger, started(1, 1, job(1))), NOW), []);
    assert_eq!((state.standing(&stranger, NOW), state.known(&stranger)), (None, None));
}
