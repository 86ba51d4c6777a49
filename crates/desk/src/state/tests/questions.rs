//! Questions: what the tray says of them, what rings, and what is taken back.

use doorbell_protocol::{Question, QuestionState};

use super::*;
use crate::{OldestQuestion, Waiting};

/// So much runs and waits.
fn counts(running: u32, waiting: u32) -> Counts {
    Counts { running, waiting, ..Counts::default() }
}

/// [`job`], which waits for answers to so many questions.
fn asking(n: u8, waiting: u32) -> Job {
    Job { waiting, ..job(n) }
}

/// `question` was asked or closed, as it says itself; its job then has so many others open, and these are the counts.
fn moved(question: &Question, others: u32, counts: Counts, head: Option<Question>) -> FeedEvent {
    let is_open = question.state == QuestionState::Open;
    let job = Job { id: question.job, waiting: others + u32::from(is_open), ..job(1) };
    let told = Box::new(QuestionEvent { event: Event { counts, ..about(question.clone(), 1, job) }, head });
    if is_open { FeedEvent::QuestionAsked(told) } else { FeedEvent::QuestionClosed(told) }
}

fn closed(question: &Question, state: QuestionState) -> Question {
    Question { state, ..question.clone() }
}

/// A second job has started while so many questions were open.
fn second_started(seq: u64, waiting: u32) -> Input {
    told(seq, FeedEvent::JobStarted(Box::new(Event { counts: counts(2, waiting), ..data(2, job(2)) })))
}

fn first_line(state: &State) -> MenuEntry {
    state.tray().menu.into_iter().next().unwrap()
}

fn snapshot_of(jobs: Vec<Job>, questions: Vec<Question>) -> Input {
    let waiting = u32::try_from(questions.len()).unwrap();
    let counts = counts(u32::try_from(jobs.len()).unwrap(), waiting);
    of(HubInput::Told(id(1), FeedMessage::Snapshot(Snapshot { counts, running: jobs, questions, now: NOW, gap: false })))
}

/// Live, with job 1 running, which has asked question 1.
fn asked() -> State {
    let mut state = live();
    let _ = state.apply(started(1, 1, job(1)), NOW);
    let _ = state.apply(told(2, moved(&question(1), 0, counts(1, 1), None)), NOW);
    state
}

/// The same, when the question is worth asking until then.
fn asked_until(at: Timestamp) -> State {
    let mut state = live();
    let _ = state.apply(started(1, 1, job(1)), NOW);
    let expiring = Question { expires_at: Some(at), ..question(1) };
    let _ = state.apply(told(2, moved(&expiring, 0, counts(1, 1), None)), NOW);
    state
}

fn taken_back(n: u8) -> Effect {
    Effect::Retract(About::Question(hub(), question(n).id))
}

#[test]
fn a_question_rings_shows_first_and_goes_when_it_is_closed() {
    for end in [QuestionState::Answered, QuestionState::Withdrawn, QuestionState::Expired, QuestionState::Closed] {
        let mut state = live();
        let _ = state.apply(started(1, 1, job(1)), NOW);
        let before = state.tray();
        let asked = state.apply(told(2, moved(&question(1), 0, counts(1, 1), Some(question(1)))), NOW);
        assert_eq!(rings(&asked), ["make wants an answer"]);
        assert!(
            matches!(&asked[0], Effect::Notify(ring) if ring.body == "Deploy?" && ring.about == About::Question(hub(), question(1).id))
        );
        assert_eq!(first_line(&state), MenuEntry::Question("1 job waits for your answer".to_owned()));
        assert_eq!(state.tray().tooltip, "Doorbell · 1 job waits for your answer · 1 job running");
        assert_eq!(known(&state).jobs[0].waiting, 1);
        let closed = state.apply(told(3, moved(&closed(&question(1), end), 0, counts(1, 0), None)), NOW);
        assert_eq!(closed, [taken_back(1), Effect::ShowTray(before.clone())], "{end:?}");
        assert_eq!((known(&state).jobs[0].waiting, state.tray()), (0, before));
    }
}

#[test]
fn who_chooses_the_line_sees_the_panel() {
    let mut state = asked();
    assert_eq!(state.apply(Input::QuestionChosen, NOW), [opens(&state, None)]);
}

#[test]
fn a_job_that_asks_twice_waits_once() {
    let mut state = asked();
    let second = Question { job: job(1).id, ..question(2) };
    let effects = state.apply(told(3, moved(&second, 1, counts(1, 2), None)), NOW);
    assert_eq!(rings(&effects), ["make wants an answer"]);
    assert_eq!(state.total().waiting, Waiting::Jobs(1));
    let _ = state.apply(second_started(4, 2), NOW);
    let _ = state.apply(told(5, moved(&question(2), 0, counts(2, 3), None)), NOW);
    assert_eq!(first_line(&state), MenuEntry::Question("2 jobs wait for your answer".to_owned()));
}

#[test]
fn where_not_all_jobs_are_named_questions_are_counted() {
    let mut state = live();
    let _ = state.apply(polled(RunningList { counts: counts(5_000, 3), ..list(1, vec![asking(1, 2)]) }), NOW);
    assert_eq!(state.total().waiting, Waiting::Questions(3));
    assert_eq!(first_line(&state), MenuEntry::Question("3 questions wait for your answer".to_owned()));
}

#[test]
fn a_snapshot_tells_what_waits_and_rings_nothing() {
    let mut state = connecting();
    let effects = state.apply(snapshot_of(vec![asking(1, 1), asking(2, 1)], vec![question(2), question(1)]), NOW);
    assert_eq!(rings(&effects), [] as [&str; 0]);
    let _ = state.apply(of(HubInput::Live), NOW);
    assert_eq!(first_line(&state), MenuEntry::Question("2 jobs wait for your answer".to_owned()));
    let (first, job) = (question(1), asking(1, 1));
    assert_eq!(state.total().oldest_question, Some(OldestQuestion { hub: &hub(), question: &first, job: Some(&job) }));
    // It never rang, so there is nothing to take back.
    let effects = state.apply(told(2, moved(&closed(&first, QuestionState::Answered), 0, counts(2, 1), Some(question(2)))), NOW);
    assert_eq!(effects, [Effect::ShowTray(state.tray())]);
    assert_eq!(state.total().oldest_question.unwrap().question.id, question(2).id);
}

#[test]
fn the_oldest_question_is_the_one_that_the_hub_names_also_when_it_was_never_told() {
    let mut state = asked();
    let answered = closed(&question(1), QuestionState::Answered);
    let unheard = Question { prompt: "Which tag?".to_owned(), ..question(9) };
    let _ = state.apply(told(3, moved(&answered, 0, counts(1, 1), Some(unheard.clone()))), NOW);
    assert_eq!(state.total().oldest_question, Some(OldestQuestion { hub: &hub(), question: &unheard, job: None }));
}

#[test]
fn an_old_hub_names_no_oldest_question_and_what_it_told_is_known() {
    let mut state = asked();
    let _ = state.apply(second_started(3, 1), NOW);
    let _ = state.apply(told(4, moved(&question(2), 0, counts(2, 2), None)), NOW);
    assert_eq!(state.total().oldest_question.unwrap().question.id, question(1).id);
    let answered = closed(&question(1), QuestionState::Answered);
    let effects = state.apply(told(5, moved(&answered, 0, counts(2, 1), None)), NOW);
    assert_eq!(effects, [taken_back(1), Effect::ShowTray(state.tray())]);
    assert_eq!(state.total().oldest_question.unwrap().question.id, question(2).id);
}

#[test]
fn of_several_hubs_the_oldest_question_is_first_and_those_that_are_away_ask_nothing() {
    let farm = HubId::new("farm");
    let mut state = State::new(hub(), [farm.clone()]);
    for (id, n) in [(hub(), 2), (farm.clone(), 1)] {
        for input in [snapshot_of(vec![asking(n, 1)], vec![question(n)]), of(HubInput::Live)] {
            let _ = state.apply(on(&id, input), NOW);
        }
    }
    assert_eq!((state.total().waiting, state.total().oldest_question.unwrap().hub), (Waiting::Jobs(2), &farm));
    assert_eq!(state.tray().tooltip, "Doorbell · 2 jobs wait for your answer · 2 jobs running");
    let _ = state.apply(on(&farm, down()), NOW);
    assert_eq!((state.total().waiting, state.total().oldest_question.unwrap().hub), (Waiting::Jobs(1), &hub()));
    let _ = state.apply(down(), NOW);
    assert_eq!((state.total().waiting, state.total().oldest_question), (Waiting::Jobs(0), None));
    assert!(matches!(first_line(&state), MenuEntry::Label(_)));
}

#[test]
fn what_is_closed_while_the_feed_is_down_is_taken_back_by_whoever_tells() {
    let answered = moved(&closed(&question(1), QuestionState::Answered), 0, counts(1, 0), None);
    let no_question = RunningList { counts: counts(1, 0), ..list(3, vec![job(1)]) };
    for told in [of(HubInput::Missed(id(3), answered)), polled(no_question), snapshot_of(vec![job(1)], Vec::new())] {
        let mut state = asked();
        let _ = state.apply(down(), NOW);
        assert!(state.apply(told.clone(), NOW).contains(&taken_back(1)), "{told:?}");
        assert!(!state.apply(of(HubInput::Live), NOW).contains(&taken_back(1)), "twice after {told:?}");
    }
}

#[test]
fn what_was_asked_while_the_feed_was_down_is_taken_back_as_well() {
    let mut state = live();
    let _ = state.apply(down(), NOW);
    let _ = state.apply(of(HubInput::Missed(id(1), event(EventKind::JobStarted, 1, job(1)))), NOW);
    let _ = state.apply(of(HubInput::Missed(id(2), moved(&question(1), 0, counts(1, 1), None))), NOW);
    assert_eq!(rings(&state.apply(of(HubInput::Live), NOW)), ["make wants an answer"]);
    let answered = closed(&question(1), QuestionState::Answered);
    assert!(state.apply(told(3, moved(&answered, 0, counts(1, 0), None)), NOW).contains(&taken_back(1)));
}

#[test]
fn what_was_asked_and_closed_while_the_feed_was_down_does_not_ring() {
    let no_question = RunningList { counts: counts(1, 0), ..list(3, vec![job(1)]) };
    for told in [polled(no_question), snapshot_of(vec![job(1)], Vec::new())] {
        let mut state = live();
        let _ = state.apply(down(), NOW);
        let _ = state.apply(of(HubInput::Missed(id(2), moved(&question(1), 0, counts(1, 1), None))), NOW);
        let _ = state.apply(told.clone(), NOW);
        assert_eq!(rings(&state.apply(of(HubInput::Live), NOW)), [] as [&str; 0], "{told:?}");
    }
}

#[test]
fn while_the_hub_is_away_its_question_is_taken_back_when_its_time_is_up() {
    let mut state = asked_until(later(60_000));
    assert_eq!(state.wakes_at(), None, "a hub that is there tells by itself");
    let _ = state.apply(down(), later(1_000));
    assert_eq!(state.wakes_at(), Some(later(60_000)));
    assert_eq!(state.apply(Input::Time, later(59_999)), [], "a moment too early");
    assert_eq!(state.apply(Input::Time, later(60_000)), [taken_back(1)]);
    assert_eq!(state.wakes_at(), None);
    assert_eq!(state.apply(Input::Time, later(60_001)), []);
}

#[test]
fn time_is_up_by_the_clock_of_the_hub() {
    let mut state = asked_until(later(60_000));
    // The hub's clock stood at 0 when this machine's said 10 s.
    let _ = state.apply(polled(RunningList { counts: counts(1, 1), ..list(3, vec![asking(1, 1)]) }), later(10_000));
    let _ = state.apply(down(), later(11_000));
    assert_eq!(state.wakes_at(), Some(later(70_000)));
    assert_eq!(state.apply(Input::Time, later(60_000)), []);
    assert_eq!(state.apply(Input::Time, later(70_000)), [taken_back(1)]);
}

#[test]
fn a_feed_that_is_back_in_time_leaves_nothing_to_wake_for() {
    let mut state = asked_until(later(60_000));
    let _ = state.apply(down(), later(1_000));
    let _ = state.apply(of(HubInput::Live), later(2_000));
    assert_eq!(state.wakes_at(), None);
    assert_eq!(state.apply(Input::Time, later(60_000)), []);
    assert_eq!(state.total().waiting, Waiting::Jobs(1));
}

#[test]
fn of_several_hubs_the_first_moment_counts() {
    let farm = HubId::new("farm");
    let mut state = State::new(hub(), [farm.clone()]);
    for (id, at) in [(hub(), 9_000), (farm.clone(), 5_000)] {
        let asked = Question { expires_at: Some(later(at)), ..question(1) };
        let _ = state.apply(on(&id, snapshot_of(vec![asking(1, 1)], vec![asked])), NOW);
        let _ = state.apply(on(&id, down()), NOW);
    }
    assert_eq!(state.wakes_at(), Some(later(5_000)));
    let _ = state.apply(Input::Time, later(5_000));
    assert_eq!(state.wakes_at(), Some(later(9_000)));
    let _ = state.apply(Input::Time, later(9_000));
    assert_eq!(state.wakes_at(), None);
}

#[test]
fn a_state_that_knows_of_no_question_is_never_woken() {
    let mut state = connecting();
    assert_eq!(state.wakes_at(), None);
    for input in [snapshot(1, vec![job(1)]), of(HubInput::Live), down(), Input::JobChosen, Input::TrayClicked { at: None }] {
        let _ = state.apply(input, NOW);
        assert_eq!(state.wakes_at(), None);
    }
}
