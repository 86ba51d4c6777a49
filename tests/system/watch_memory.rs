//! `doorbell watch` against servers that send more than it could keep. How much memory it takes is read from /proc, which only Linux has.

use std::time::Duration;

use doorbell_tests::{
    Home, Running,
    wire::{
        script::{Step, feed, feed_head},
        server::{FaultServer, Seen, TOKEN},
    },
};

/// Most memory, in KiB, that a listener may ever have had beyond what it has when nothing comes: the largest block twice over.
const MEMORY: u64 = 12 * 1024;
/// What each server sends, in bytes: more than a listener could keep.
const MUCH: usize = 32 * 1024 * 1024;
/// Or how often it was heard: it sends a block too large each time.
const OFTEN: usize = 5;
/// How long that may take, in a build that is not optimized.
const LONG: Duration = Duration::from_secs(90);

/// The most memory that a process ever had, in KiB.
fn peak_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Watches a server that plays this.
async fn watching(play: Vec<Step>) -> (Home, FaultServer, Running) {
    let home = Home::new();
    let server = FaultServer::start(move |request, _| if request.path == "/v1/feed" { play.clone() } else { Vec::new() }).await;
    let mut command = home.doorbell(&["watch"]);
    let watch = Running::start(command.envs([("DOORBELL_URL", server.url()), ("DOORBELL_TOKEN", TOKEN)]));
    (home, server, watch)
}

async fn comes(server: &FaultServer, enough: impl Fn(&Seen) -> bool) {
    let come = async {
        while !enough(&server.seen()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LONG, come).await.expect("it goes on");
}

#[tokio::test]
async fn nothing_that_a_server_sends_grows_memory_or_ends_the_watch() {
    let endless = |start: &str, piece: &[u8]| vec![feed(start), Step::Endless(piece.repeat(65_536 / piece.len()))];
    let (_home, server, quiet) = watching(vec![]).await;
    comes(&server, |seen| seen.attempts >= 2).await;
    let least = peak_memory(quiet.id());
    let plays = [
        endless("data: ", b"x"),
        endless("", b": x\n"),
        endless("", b"a: b\n"),
        endless("", b"data\n"),
        endless("", format!("data: {}\n\n", "x".repeat(1_016)).as_bytes()),
        endless("", b"event: job.paused\ndata: {}\n\n"),
        vec![Step::Send([&feed_head(None)[..], b"id: "].concat()), Step::Endless(vec![0xff; 65_536])],
        vec![Step::Send(b"HTTP/1.1 200 OK\r\nX: ".to_vec()), Step::Endless(vec![b'x'; 65_536])],
    ];
    let mut watched = Vec::new();
    for play in plays {
        watched.push(watching(play).await);
    }
    for (_home, server, watch) in &watched {
        comes(server, |seen| seen.attempts >= OFTEN || seen.sent >= MUCH).await;
        let peak = peak_memory(watch.id());
        assert!(peak < least + MEMORY, "{peak} KiB, and {least} KiB when nothing comes");
    }
}
