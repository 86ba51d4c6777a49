//! The feed, and the desk behind it, against a model of a hub: whatever went wrong, both know what the hub knows as soon as
//! nothing goes wrong any more.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use doorbell_client::{Feed, FeedUpdate, When};
use doorbell_desk::{Badge, Input, State, Trust};
use doorbell_protocol::{FeedMessage, Timestamp};
use doorbell_tests::wire::{
    model::ModelHub,
    script::{Step, answer, feed_head},
    server::FaultServer,
};
use proptest::{collection::vec, prelude::*};
use tokio::{sync::watch, time::timeout};

/// The longest delay between two attempts, and a moment for the attempt.
const BACKOFF: Duration = Duration::from_secs(31);
/// How long it may take to notice a connection that is open and silent.
const SILENCE: Duration = Duration::from_secs(61);

/// Something that happens.
#[derive(Clone, Copy, Debug)]
enum Act {
    Start(u8),
    Finish(u8),
    /// The hub loses what it could replay.
    Forget,
    /// Another hub takes its place.
    Replace,
    /// From now on the way is broken like this, also for connections that are open.
    Break(Fault, Reach),
    Mend,
    Sleep,
    Look,
    Wait(u8),
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
}

/// What a fault spoils.
#[derive(Clone, Copy, Debug)]
enum Reach {
    Feed,
    Everything,
}

impl Fault {
    fn play(self) -> Vec<Step> {
        match self {
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
    breaks: watch::Sender<()>,
    server: FaultServer,
}

impl World {
    async fn new() -> Self {
        let (hub, broken, breaks) = (Arc::<ModelHub>::default(), Arc::<Mutex<_>>::default(), watch::Sender::new(()));
        let (model, way, breaking) = (Arc::clone(&hub), Arc::clone(&broken), breaks.clone());
        let server = FaultServer::start(move |request, _| {
            let fault: Option<(Fault, Reach)> = *way.lock().unwrap_or_else(PoisonError::into_inner);
            let steps = match fault {
                Some((fault, Reach::Everything)) => fault.play(),
                Some((fault, Reach::Feed)) if request.path == "/v1/feed" => fault.play(),
                _ => model.play(request),
            };
            vec![Step::UntilBroken(steps, breaking.subscribe())]
        })
        .await;
        Self { hub, broken, breaks, server }
    }

    fn set(&self, fault: Option<(Fault, Reach)>) {
        *self.broken.lock().unwrap_or_else(PoisonError::into_inner) = fault;
        if fault.is_some() {
            self.breaks.send_replace(());
        }
    }

    /// What a tray should show: how many jobs run, and their names.
    fn truth(&self) -> (Badge, Vec<String>) {
        let running = self.hub.running();
        let badge = Badge { running: u32::try_from(running.len()).expect("few jobs"), trust: Trust::Live };
        (badge, running.iter().map(|n| format!("job {n}")).collect())
    }
}

/// What the app makes of an update.
fn take_in(state: &mut State, update: FeedUpdate) {
    let input = match update {
        FeedUpdate::Connecting => return,
        FeedUpdate::Live => Input::Live,
        FeedUpdate::Message { when: When::Missed, id, message: FeedMessage::Event(kind, event) } => Input::Missed(id, kind, event),
        FeedUpdate::Message { id, message, .. } => Input::Told(id, message),
        FeedUpdate::Polled(list) => Input::Polled(list.map(|list| *list)),
        FeedUpdate::PollFailed { reason } => Input::PollFailed { reason },
        FeedUpdate::Down { reason, .. } | FeedUpdate::Offline { reason, .. } => Input::Down { reason },
        FeedUpdate::Refused { reason } => panic!("{reason}"),
    };
    let _ = state.apply(input, Timestamp::EPOCH);
}

fn shown(state: &State) -> (Badge, Vec<String>) {
    let jobs = state.panel(Timestamp::EPOCH).jobs.into_iter().map(|job| job.name);
    (state.tray().badge, jobs.collect())
}

/// Plays `acts`, then mends the way and waits for as long as it may take.
async fn play(acts: &[Act]) {
    let world = World::new().await;
    let (feed, mut updates) = Feed::open(world.server.source());
    let mut state = State::default();
    for act in acts {
        let mut wait = Duration::from_millis(10);
        match *act {
            Act::Start(n) => world.hub.start(n),
            Act::Finish(n) => world.hub.finish(n),
            Act::Forget => world.hub.forget(),
            Act::Replace => {
                world.hub.replace();
                world.breaks.send_replace(());
            }
            Act::Break(fault, reach) => world.set(Some((fault, reach))),
            Act::Mend => world.set(None),
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
    // What hangs goes on hanging when the way is mended.
    let last_fault = acts.iter().rev().find_map(|act| if let Act::Break(fault, _) = act { Some(*fault) } else { None });
    let hangs = matches!(last_fault, Some(Fault::Stall | Fault::StallAfterHead));
    world.set(None);
    let limit = if hangs { SILENCE + BACKOFF } else { BACKOFF };
    let right = timeout(limit, async {
        while !feed_is_right(&state, &world) {
            take_in(&mut state, updates.recv().await.expect("the feed goes on"));
        }
    });
    assert!(right.await.is_ok(), "after {limit:?}: {:?}, and the hub: {:?}", shown(&state), world.truth());
    assert!(world.server.seen().peak <= 1, "{} connections at once", world.server.seen().peak);
}

fn feed_is_right(state: &State, world: &World) -> bool {
    state.panel(Timestamp::EPOCH).connection == doorbell_desk::Connection::Live && shown(state) == world.truth()
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
    ];
    let reach = prop_oneof![Just(Reach::Feed), Just(Reach::Everything)];
    prop_oneof![
        4 => (0..6_u8).prop_map(Act::Start),
        4 => (0..6_u8).prop_map(Act::Finish),
        1 => Just(Act::Forget),
        1 => Just(Act::Replace),
        4 => (fault, reach).prop_map(|(fault, reach)| Act::Break(fault, reach)),
        2 => Just(Act::Mend),
        1 => Just(Act::Sleep),
        1 => Just(Act::Look),
        4 => (1..12_u8).prop_map(Act::Wait),
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
    let mut state = State::default();
    world.hub.start(1);
    world.set(Some((Fault::Html, Reach::Feed)));
    for n in 2..6 {
        world.hub.start(n);
        let right = timeout(Duration::from_secs(7), async {
            while shown(&state) != world.truth() {
                take_in(&mut state, updates.recv().await.expect("the feed goes on"));
            }
        });
        assert!(right.await.is_ok(), "{:?}, and the hub: {:?}", shown(&state), world.truth());
    }
    assert_ne!(state.panel(Timestamp::EPOCH).connection, doorbell_desk::Connection::Live);
}
