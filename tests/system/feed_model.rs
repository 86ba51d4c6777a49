//! The feed, and the desk behind it, against a model of a hub: whatever went wrong, both know what the hub knows as soon as
//! nothing goes wrong any more.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use doorbell_client::{Feed, FeedUpdate, When};
use doorbell_desk::{Badge, HubId, HubInput, Input, Known, State, Trust, Waiting};
use doorbell_protocol::{FeedMessage, Timestamp};
use doorbell_tests::wire::{
    model::ModelHub,
    script::{Cut, Step, answer, feed_head},
    server::{FaultServer, Request},
};
use proptest::{collection::vec, prelude::*};
use tokio::{sync::watch, time::timeout};

/// The longest delay between two attempts, and a moment for the attempt.
const BACKOFF: Duration = Duration::from_secs(31);
/// How long it may take to notice a connection that is open and silent.
const SILENCE: Duration = Duration::from_secs(61);
/// The longest delay between two attempts when the hub was away for minutes, and a moment for the attempt.
const PROBE: Duration = Duration::from_secs(73);
/// What goes wrong for less than this is no reason to look for the hub more rarely, also if it takes its time to end.
const SHORT: Duration = Duration::from_secs(200);

/// Something that happens.
#[derive(Clone, Copy, Debug)]
enum Act {
    Start(u8),
    Finish(u8),
    Ask(u8),
    Answer(u8),
    /// The hub loses what it could replay.
    Forget,
    /// Another hub takes its place.
    Replace,
    /// From now on the way is broken like this. What becomes of connections that are open is said as well.
    Break(Fault, Reach, Cut),
    /// Connections that are open are broken, and the way is as it was.
    Lose(Cut),
    Mend,
    Sleep,
    Look,
    Wait(u16),
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    Close,
    Reset,
    Stall,
    StallAfterHead,
    Html,
    Unavailable,
    Garbage,
    /// So many bytes after the head, whatever they say.
    CutAfter(usize),
}

/// What a fault spoils.
#[derive(Clone, Copy, Debug)]
enum Reach {
    Feed,
    Everything,
}

impl Fault {
    fn play(self, hub: &Arc<ModelHub>, request: &Request) -> Vec<Step> {
        match self {
            Self::CutAfter(bytes) => hub.play_cut(request, bytes),
            Self::Close => Vec::new(),
            Self::Reset => vec![Step::Reset],
            Self::Stall => vec![Step::Hold],
            Self::StallAfterHead => vec![Step::Send(feed_head(None)), Step::Hold],
            Self::Html => vec![Step::Send(answer("200 OK", "Content-Type: text/html\r\n", "<html>"))],
            Self::Unavailable => vec![Step::Send(answer("503 Service Unavailable", "", ""))],
            Self::Garbage => vec![Step::Send([&feed_head(None)[..], b"\xff\0\r\r\ndata: {\nevent: snapshot\n\n"].concat())],
        }
    }
}

/// A hub on a way that can be broken.
struct World {
    hub: Arc<ModelHub>,
    broken: Arc<Mutex<Option<(Fault, Reach)>>>,
    breaks: watch::Sender<Cut>,
    server: FaultServer,
}

impl World {
    async fn new() -> Self {
        let (hub, broken, breaks) = (Arc::<ModelHub>::default(), Arc::<Mutex<_>>::default(), watch::Sender::new(Cut::Next));
        let (model, way, breaking) = (Arc::clone(&hub), Arc::clone(&broken), breaks.clone());
        let server = FaultServer::start(move |request, _| {
            let fault: Option<(Fault, Reach)> = *way.lock().unwrap_or_else(PoisonError::into_inner);
            let steps = match fault {
                Some((fault, Reach::Everything)) => fault.play(&model, request),
                Some((fault, Reach::Feed)) if request.path == "/v1/feed" => fault.play(&model, request),
                _ => model.play(request),
            };
            vec![Step::UntilBroken(steps, breaking.subscribe())]
        })
        .await;
        Self { hub, broken, breaks, server }
    }

    fn breaks(&self, fault: Fault, reach: Reach, cut: Cut) {
        *self.broken.lock().unwrap_or_else(PoisonError::into_inner) = Some((fault, reach));
        self.breaks.send_replace(cut);
    }

    fn mend(&self) {
        *self.broken.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// What a tray should show.
    fn truth(&self) -> Shown {
        let (running, waiting) = (self.hub.running(), self.hub.waiting());
        let count = |jobs: usize| u32::try_from(jobs).expect("few jobs");
        Shown {
            badge: Badge { running: count(running.len()), trust: Trust::Live },
            jobs: running.iter().map(|n| format!("job {n}")).collect(),
            waiting: Waiting::Jobs(count(waiting.len())),
        }
    }
}

/// What the app makes of an update.
fn take_in(state: &mut State, update: FeedUpdate) {
    let input = match update {
        FeedUpdate::Connecting => return,
        FeedUpdate::Live => HubInput::Live,
        FeedUpdate::Message { when: When::Missed, id, message: FeedMessage::Event(event) } => HubInput::Missed(id, event),
        FeedUpdate::Message { id, message, .. } => HubInput::Told(id, message),
        FeedUpdate::Polled(list) => HubInput::Polled(list.map(|list| *list)),
        FeedUpdate::PollFailed { reason } => HubInput::PollFailed { reason },
        FeedUpdate::Down { reason, .. } | FeedUpdate::Offline { reason, .. } => HubInput::Down { reason },
        FeedUpdate::Refused { reason } => panic!("{reason}"),
    };
    let _ = state.apply(Input::Hub(HubId::discovered(), input), Timestamp::EPOCH);
}

/// An app that knows of nothing yet.
fn app() -> State {
    State::new(HubId::discovered(), [])
}

fn connection(state: &State) -> doorbell_desk::Connection {
    state.standing(&HubId::discovered(), Timestamp::EPOCH).expect("its hub").connection
}

fn known(state: &State) -> Known {
    state.known(&HubId::discovered()).expect("its hub")
}

/// How many jobs run, their names, and how many wait for an answer.
#[derive(Debug, Eq, PartialEq)]
struct Shown {
    badge: Badge,
    jobs: Vec<String>,
    waiting: Waiting,
}

fn shown(state: &State) -> Shown {
    let jobs = known(state).jobs.into_iter().map(|job| job.name);
    Shown { badge: state.tray().badge, jobs: jobs.collect(), waiting: state.total().waiting }
}

/// Plays `acts`, then mends the way and waits for as long as it may take.
async fn play(acts: &[Act]) {
    let world = World::new().await;
    let (feed, mut updates) = Feed::open(world.server.source());
    let mut state = app();
    for act in acts {
        let mut wait = Duration::from_millis(10);
        match *act {
            Act::Start(n) => world.hub.start(n),
            Act::Finish(n) => world.hub.finish(n),
            Act::Ask(n) => world.hub.ask(n),
            Act::Answer(n) => world.hub.answer(n),
            Act::Forget => world.hub.forget(),
            Act::Replace => {
                world.hub.replace();
                world.breaks.send_replace(Cut::Next);
            }
            Act::Break(fault, reach, cut) => world.breaks(fault, reach, cut),
            Act::Lose(cut) => {
                world.breaks.send_replace(cut);
            }
            Act::Mend => world.mend(),
            Act::Sleep => feed.resumed(),
            Act::Look => feed.retry_now(),
            Act::Wait(seconds) => wait = Duration::from_secs(u64::from(seconds)),
        }
        let _ = timeout(wait, async {
            while let Some(update) = updates.recv().await {
                take_in(&mut state, update);
            }
        })
        .await;
    }
    world.mend();
    // What hangs goes on hanging when the way is mended.
    let hangs =
        acts.iter().any(|act| matches!(act, Act::Break(Fault::Stall | Fault::StallAfterHead, ..)) || cut_of(act) == Some(Cut::Silence));
    let waited: u64 = acts.iter().map(|act| if let Act::Wait(seconds) = act { u64::from(*seconds) } else { 0 }).sum();
    let delay = if Duration::from_secs(waited) < SHORT { BACKOFF } else { PROBE };
    let limit = if hangs { SILENCE + delay } else { delay };
    let right = timeout(limit, async {
        while !feed_is_right(&state, &world) {
            take_in(&mut state, updates.recv().await.expect("the feed goes on"));
        }
    });
    assert!(right.await.is_ok(), "after {limit:?}: {:?}, and the hub: {:?}", shown(&state), world.truth());
    assert!(world.server.seen().peak <= 1, "{} connections at once", world.server.seen().peak);
}

/// What an act does to connections that are open.
fn cut_of(act: &Act) -> Option<Cut> {
    match act {
        Act::Break(_, _, cut) | Act::Lose(cut) => Some(*cut),
        Act::Start(_)
        | Act::Finish(_)
        | Act::Ask(_)
        | Act::Answer(_)
        | Act::Forget
        | Act::Replace
        | Act::Mend
        | Act::Sleep
        | Act::Look
        | Act::Wait(_) => None,
    }
}

fn feed_is_right(state: &State, world: &World) -> bool {
    // Only the feed names questions.
    let oldest = state.total().oldest_question.map(|oldest| oldest.question.prompt.clone());
    let is_live = connection(state) == doorbell_desk::Connection::Live;
    is_live && shown(state) == world.truth() && oldest == world.hub.oldest_question()
}

fn act() -> impl Strategy<Value = Act> {
    let fault = prop_oneof![
        Just(Fault::Close),
        Just(Fault::Reset),
        Just(Fault::Stall),
        Just(Fault::StallAfterHead),
        Just(Fault::Html),
        Just(Fault::Unavailable),
        Just(Fault::Garbage),
        (0..1_500_usize).prop_map(Fault::CutAfter),
    ];
    let reach = prop_oneof![Just(Reach::Feed), Just(Reach::Everything)];
    let cut = || prop_oneof![Just(Cut::Next), Just(Cut::Reset), Just(Cut::Silence)];
    prop_oneof![
        4 => (0..6_u8).prop_map(Act::Start),
        4 => (0..6_u8).prop_map(Act::Finish),
        4 => (0..6_u8).prop_map(Act::Ask),
        2 => (0..6_u8).prop_map(Act::Answer),
        1 => Just(Act::Forget),
        1 => Just(Act::Replace),
        4 => (fault, reach, cut()).prop_map(|(fault, reach, cut)| Act::Break(fault, reach, cut)),
        2 => cut().prop_map(Act::Lose),
        2 => Just(Act::Mend),
        1 => Just(Act::Sleep),
        1 => Just(Act::Look),
        4 => (1..12_u16).prop_map(Act::Wait),
        1 => (30..120_u16).prop_map(Act::Wait),
        1 => (300..500_u16).prop_map(Act::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_any_faults_the_app_knows_what_the_hub_knows_within_one_backoff(acts in vec(act(), 1..20)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(play(&acts));
    }
}

#[tokio::test(start_paused = true)]
async fn while_only_the_feed_is_broken_the_badge_is_right_within_seconds() {
    let world = World::new().await;
    let (_feed, mut updates) = Feed::open(world.server.source());
    let mut state = app();
    world.hub.start(1);
    world.breaks(Fault::Html, Reach::Feed, Cut::Next);
    for n in 2..6 {
        world.hub.start(n);
        world.hub.ask(n);
        let right = timeout(Duration::from_secs(7), async {
            while shown(&state) != world.truth() {
                take_in(&mut state, updates.recv().await.expect("the feed goes on"));
            }
        });
        assert!(right.await.is_ok(), "{:?}, and the hub: {:?}", shown(&state), world.truth());
    }
    assert_ne!(connection(&state), doorbell_desk::Connection::Live);
}

#[tokio::test(start_paused = true)]
async fn a_long_outage_of_any_kind_is_offline_and_over_within_one_probe() {
    let faults = [
        Fault::Close,
        Fault::Reset,
        Fault::Stall,
        Fault::StallAfterHead,
        Fault::Html,
        Fault::Unavailable,
        Fault::Garbage,
        Fault::CutAfter(90),
    ];
    for fault in faults {
        for cut in [Cut::Next, Cut::Reset, Cut::Silence] {
            let world = World::new().await;
            let (_feed, mut updates) = Feed::open(world.server.source());
            let mut state = app();
            world.hub.start(1);
            world.breaks(fault, Reach::Everything, cut);
            let mut offline = 0;
            let outage = timeout(Duration::from_secs(600), async {
                while let Some(update) = updates.recv().await {
                    offline += usize::from(matches!(update, FeedUpdate::Offline { .. }));
                    take_in(&mut state, update);
                }
            });
            assert!(outage.await.is_err() && (3..=6).contains(&offline), "{fault:?} {cut:?}: {offline} probes");
            world.hub.start(2);
            world.mend();
            let right = timeout(SILENCE / 2 + PROBE, async {
                while !feed_is_right(&state, &world) {
                    take_in(&mut state, updates.recv().await.expect("the feed goes on"));
                }
            });
            assert!(right.await.is_ok(), "{fault:?} {cut:?}: {:?}, and the hub: {:?}", shown(&state), world.truth());
            assert_eq!(world.server.seen().peak, 1, "{fault:?} {cut:?}: connections at once");
        }
    }
}
