//! What the supervisor decides, without sockets and without waiting.

use doorbell_protocol::{Counts, Epoch, Sequence, Timestamp};

use super::*;

/// A machine, the clock that it is told, and what it did.
struct Run {
    machine: Machine,
    start: Instant,
    now: Instant,
    opened: Vec<u64>,
    polls: Vec<u64>,
    told: Vec<FeedUpdate>,
}

fn seconds(s: u64) -> Duration {
    Duration::from_secs(s)
}

fn broken() -> Input {
    Input::Ended(End::Broken("cut".to_owned()))
}

fn unreachable() -> Input {
    Input::Ended(End::Unreachable("refused".to_owned()))
}

fn list() -> RunningList {
    RunningList { epoch: Epoch(1), seq: Sequence(1), now: Timestamp::EPOCH, counts: Counts::default(), jobs: Vec::new() }
}

impl Run {
    fn new() -> Self {
        let start = Instant::now();
        let (machine, orders) = Machine::new(start);
        let mut run = Self { machine, start, now: start, opened: Vec::new(), polls: Vec::new(), told: Vec::new() };
        run.note(orders);
        run
    }

    fn live() -> Self {
        let mut run = Self::new();
        run.input(Input::CaughtUp);
        run
    }

    fn is_connecting(&self) -> bool {
        matches!(self.machine.state(), State::Connecting { .. })
    }

    fn note(&mut self, orders: Vec<Order>) {
        let at = self.now.duration_since(self.start).as_secs();
        for order in orders {
            match order {
                Order::Open => self.opened.push(at),
                Order::Poll => self.polls.push(at),
                Order::Tell(update) => self.told.push(update),
                Order::Close | Order::DropPoll | Order::CheckEndpoint => {}
            }
        }
    }

    fn input(&mut self, input: Input) {
        let orders = self.machine.decide(input, self.now, 1.0);
        self.note(orders);
    }

    /// Lets the machine sleep for as long as it wants, up to `until`. Says whether it woke.
    fn sleeps_until(&mut self, until: u64) -> bool {
        let until = self.start + seconds(until);
        match self.machine.wakes_at().filter(|at| *at <= until) {
            Some(at) => {
                self.now = self.now.max(at);
                self.input(Input::Time);
                true
            }
            None => {
                self.now = until;
                false
            }
        }
    }

    /// Time passes; each attempt ends at once, and each poll as `end` says, until one was made at `until`.
    fn polls_until(&mut self, until: u64, end: fn() -> Input) {
        while self.polls.last() != Some(&until) {
            let polls = self.polls.len();
            if self.is_connecting() {
                self.input(broken());
            }
            assert!(self.sleeps_until(until), "{:?}", self.polls);
            if self.polls.len() > polls {
                self.input(end());
            }
        }
    }

    /// Time passes up to the next attempt, which ends as `end` says.
    fn attempt_ends(&mut self, end: fn() -> Input) {
        while !self.is_connecting() {
            assert!(self.sleeps_until(3_600));
        }
        self.input(end());
    }

    /// Time passes; each attempt ends as `end` says, at once.
    fn fails_until(&mut self, until: u64, end: fn() -> Input) {
        loop {
            if self.is_connecting() {
                self.input(end());
            }
            if !self.sleeps_until(until) {
                return;
            }
        }
    }
}

#[test]
fn ten_minutes_without_a_hub_are_an_exact_number_of_attempts_and_no_poll() {
    let mut run = Run::new();
    run.fails_until(600, unreachable);
    assert_eq!(run.opened, [0, 1, 3, 7, 15, 31, 61, 91, 121, 151, 181, 211, 241, 271, 301, 373, 445, 517, 589]);
    assert_eq!(run.polls, [] as [u64; 0]);
    let offline = run.told.iter().filter(|update| matches!(update, FeedUpdate::Offline { .. })).count();
    assert_eq!(offline, 5);
    run.input(Input::CaughtUp);
    assert!(matches!(run.machine.state(), State::Offline { .. }), "only a connection can be live");
    while !run.is_connecting() {
        assert!(run.sleeps_until(661));
    }
    run.input(Input::CaughtUp);
    assert_eq!((run.told.last(), run.machine.wakes_at()), (Some(&FeedUpdate::Live), None));
}

#[test]
fn a_live_feed_has_no_timer() {
    assert_eq!(Run::live().machine.wakes_at(), None);
}

#[test]
fn a_connection_that_proved_itself_starts_over_and_a_short_one_does_not() {
    for (lived, delay) in [(29, 2), (30, 1), (3_600, 1)] {
        let mut run = Run::new();
        run.input(broken());
        while !run.is_connecting() {
            run.sleeps_until(10);
        }
        run.input(Input::CaughtUp);
        run.now += seconds(lived);
        run.input(broken());
        assert!(
            matches!(run.told.last(), Some(FeedUpdate::Down { retry_in, .. }) if retry_in.as_secs() == delay),
            "{lived}: {:?}",
            run.told
        );
    }
}

#[test]
fn while_somebody_answers_polls_go_on_every_three_seconds_and_stop_when_live() {
    let mut run = Run::live();
    run.input(broken());
    for at in [3, 6, 9] {
        while run.polls.last() != Some(&at) {
            if run.is_connecting() {
                run.input(broken());
            }
            assert!(run.sleeps_until(at), "{:?}", run.polls);
        }
        run.input(Input::Polled(Some(list())));
    }
    assert_eq!(run.told.iter().filter(|update| matches!(update, FeedUpdate::Polled(Some(_)))).count(), 3);
    while !run.is_connecting() {
        run.sleeps_until(60);
    }
    let polls = run.polls.len();
    run.input(Input::CaughtUp);
    assert!(!run.sleeps_until(3_600));
    assert_eq!(run.polls.len(), polls);
}

#[test]
fn a_poll_that_fails_is_told_once_and_polls_go_on() {
    let mut run = Run::live();
    run.input(broken());
    run.polls_until(9, || Input::Polled(None));
    run.polls_until(18, || Input::PollFailed("503".to_owned()));
    run.polls_until(27, || Input::Polled(Some(list())));
    assert_eq!(run.polls, [3, 6, 9, 12, 15, 18, 21, 24, 27]);
    let told = |wanted: fn(&FeedUpdate) -> bool| run.told.iter().filter(|update| wanted(update)).count();
    assert_eq!(told(|update| matches!(update, FeedUpdate::PollFailed { .. })), 1);
    assert_eq!(told(|update| matches!(update, FeedUpdate::Polled(_))), 6);
}

#[test]
fn polls_end_when_an_attempt_finds_nobody_and_no_poll_was_answered() {
    let mut run = Run::live();
    run.input(broken());
    run.polls_until(6, || Input::Polled(None));
    // One attempt that does not get through says less than a poll that did.
    run.attempt_ends(unreachable);
    run.polls_until(9, || Input::PollFailed("refused".to_owned()));
    run.attempt_ends(unreachable);
    let polls = run.polls.len();
    run.fails_until(600, unreachable);
    assert_eq!(run.polls.len(), polls);
}

#[test]
fn an_attempt_that_hangs_is_covered_by_polls() {
    let mut run = Run::new();
    assert!(run.sleeps_until(3));
    assert_eq!((run.is_connecting(), run.polls.as_slice()), (true, &[3][..]));
}

#[test]
fn whoever_asks_is_served_at_once_and_not_more_than_once_a_second() {
    let mut run = Run::new();
    run.fails_until(400, unreachable);
    let before = run.opened.len();
    run.input(Input::Asked);
    assert_eq!((run.is_connecting(), run.opened.len()), (true, before + 1));
    for _ in 0..100 {
        run.input(unreachable());
        run.input(Input::Asked);
    }
    assert_eq!(run.opened.len(), before + 1);
    assert!(run.sleeps_until(401));
    assert_eq!((run.is_connecting(), run.opened.len()), (true, before + 2));
}

#[test]
fn a_network_that_changes_costs_the_connection_and_what_was_opened_since_is_kept() {
    let mut run = Run::live();
    run.input(Input::Asked);
    assert!(matches!(run.machine.state(), State::Live { .. }), "it was opened just now");
    run.now += BETWEEN;
    let changed = run.now;
    assert_eq!(run.machine.decide(Input::Asked, changed, 0.0)[0], Order::Close);
    assert_eq!(run.machine.wakes_at(), Some(changed + CLOSING));
    let mut run = Run::live();
    run.now += seconds(60);
    let changed = run.now;
    run.input(Input::Asked);
    assert_eq!(run.machine.wakes_at(), Some(changed + RESUME_SPREAD));
    // Another change does not wait that long.
    run.now += BETWEEN;
    run.input(Input::Asked);
    assert_eq!((run.is_connecting(), run.opened.as_slice()), (true, &[0, 61][..]));
}

#[test]
fn a_network_that_keeps_changing_costs_an_attempt_a_second_at_most() {
    let mut run = Run::live();
    for tenth in 1..=600 {
        run.now = run.start + Duration::from_millis(100) * tenth;
        if run.machine.wakes_at().is_some_and(|at| at <= run.now) {
            run.input(Input::Time);
        }
        run.input(Input::CaughtUp);
        run.input(Input::Asked);
    }
    assert!((20..=61).contains(&run.opened.len()), "{:?}", run.opened);
}

#[test]
fn an_attempt_that_hangs_is_made_anew_for_whoever_asks_and_what_was_polled_holds() {
    let mut run = Run::new();
    assert!(run.sleeps_until(3));
    run.input(Input::Polled(Some(list())));
    run.now += seconds(1);
    run.input(Input::Asked);
    assert!(run.sleeps_until(5));
    assert_eq!((run.is_connecting(), run.opened.as_slice()), (true, &[0, 4][..]));
    assert!(!run.told.iter().any(|update| matches!(update, FeedUpdate::PollFailed { .. })));
}

#[test]
fn an_attempt_that_tells_nothing_has_failed_in_time_and_so_comes_offline() {
    let mut run = Run::new();
    let mut tries = 0;
    while !run.told.iter().any(|update| matches!(update, FeedUpdate::Offline { .. })) {
        assert!(run.sleeps_until(600), "{:?}", run.told);
        tries += usize::from(!run.is_connecting());
    }
    assert!(run.now >= run.start + seconds(300) && tries > 4);
    // Messages that come show that something is on its way.
    let mut run = Run::new();
    for _ in 0..10 {
        run.now += CATCH_UP - BETWEEN;
        run.input(Input::Told);
        assert!(run.is_connecting());
    }
    run.now += CATCH_UP;
    run.input(Input::Time);
    assert!(matches!(run.machine.state(), State::Backoff { .. }));
}

#[test]
fn attempts_are_a_second_apart_whatever_begins_them() {
    for random in [0.0, 1.0] {
        let (mut machine, _) = Machine::new(Instant::now());
        let start = Instant::now();
        for input in [broken(), unreachable(), Input::Resumed, Input::Asked, Input::Ended(End::Refused("401".to_owned()))] {
            let again = matches!(input, Input::Ended(End::Refused(_)));
            machine.decide(input, start, random);
            if again {
                machine.decide(Input::Asked, start, random);
            }
            assert!(!matches!(machine.state(), State::Connecting { .. }));
            let until = start + BETWEEN - CLOSING;
            assert!(machine.decide(Input::Time, until, random).iter().all(|order| *order != Order::Open));
        }
    }
}

#[test]
fn a_refused_token_waits_for_another() {
    let refused = || Input::Ended(End::Refused("401".to_owned()));
    let mut run = Run::new();
    run.input(refused());
    while run.sleeps_until(3_600) {}
    assert_eq!((run.opened.as_slice(), run.polls.len()), (&[0][..], 0));
    run.input(Input::EndpointChanged);
    assert_eq!(run.opened, [0, 3_600]);
    run.input(refused());
    run.now += seconds(5);
    run.input(Input::Asked);
    assert_eq!(run.opened.len(), 3);
}

#[test]
fn after_a_sleep_the_connection_is_given_up_and_opened_again_within_two_seconds() {
    for mut run in [Run::live(), {
        let mut offline = Run::new();
        offline.fails_until(590, unreachable);
        offline
    }] {
        run.now += BETWEEN;
        let (opened, woke) = (run.opened.len(), run.now);
        let orders = run.machine.decide(Input::Resumed, run.now, 0.0);
        assert!(orders.contains(&Order::Close));
        assert_eq!(run.machine.wakes_at(), Some(woke + CLOSING));
        run.input(Input::Resumed);
        assert_eq!(run.machine.wakes_at(), Some(woke + RESUME_SPREAD));
        run.now = woke + RESUME_SPREAD;
        run.input(Input::Time);
        assert_eq!(run.opened.len(), opened + 1);
        run.input(unreachable());
        assert!(matches!(run.told.last(), Some(FeedUpdate::Down { retry_in, .. }) if *retry_in == seconds(1)));
    }
}
