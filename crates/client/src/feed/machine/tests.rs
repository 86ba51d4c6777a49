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

    /// Time passes; each attempt ends as `end` says, at once.
    fn fails_until(&mut self, until: u64, end: fn() -> Input) {
        loop {
            if self.machine.state() == State::Connecting {
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
    while !matches!(run.machine.state(), State::Connecting) {
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
        while run.machine.state() != State::Connecting {
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
            if run.machine.state() == State::Connecting {
                run.input(broken());
            }
            assert!(run.sleeps_until(at), "{:?}", run.polls);
        }
        run.input(Input::Polled(Some(list())));
    }
    assert_eq!(run.told.iter().filter(|update| matches!(update, FeedUpdate::Polled(Some(_)))).count(), 3);
    while run.machine.state() != State::Connecting {
        run.sleeps_until(60);
    }
    let polls = run.polls.len();
    run.input(Input::CaughtUp);
    assert!(!run.sleeps_until(3_600));
    assert_eq!(run.polls.len(), polls);
}

#[test]
fn a_poll_that_fails_is_told_once_and_the_next_comes_after_an_attempt() {
    let mut run = Run::live();
    run.input(broken());
    run.input(Input::Polled(None));
    run.input(Input::PollFailed("gone".to_owned()));
    run.input(Input::PollFailed("gone".to_owned()));
    let failed = FeedUpdate::PollFailed { reason: "gone".to_owned() };
    assert_eq!(run.told.iter().filter(|update| **update == failed).count(), 1);
    assert!(run.sleeps_until(1));
    assert_eq!((run.machine.state(), run.polls.len()), (State::Connecting, 0));
}

#[test]
fn an_attempt_that_hangs_is_covered_by_polls() {
    let mut run = Run::new();
    assert!(run.sleeps_until(3));
    assert_eq!((run.machine.state(), run.polls.as_slice()), (State::Connecting, &[3][..]));
}

#[test]
fn whoever_asks_is_served_at_once_and_not_more_than_once_a_second() {
    let mut run = Run::new();
    run.fails_until(400, unreachable);
    let before = run.opened.len();
    run.input(Input::Asked);
    assert_eq!((run.machine.state(), run.opened.len()), (State::Connecting, before + 1));
    for _ in 0..100 {
        run.input(unreachable());
        run.input(Input::Asked);
    }
    assert_eq!(run.opened.len(), before + 1);
    assert!(run.sleeps_until(401));
    assert_eq!((run.machine.state(), run.opened.len()), (State::Connecting, before + 2));
    let mut live = Run::live();
    live.input(Input::Asked);
    assert!(matches!(live.machine.state(), State::Live { .. }));
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
        let (opened, woke) = (run.opened.len(), run.now);
        let orders = run.machine.decide(Input::Resumed, run.now, 0.0);
        assert_eq!(orders[0], Order::Close);
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
