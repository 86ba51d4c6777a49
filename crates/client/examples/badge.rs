//! How many jobs run, on standard output, and right within seconds whatever happens to the hub or to the
//! network.
//!
//!     cargo run -p doorbell-client --example badge

use doorbell_client::{EndpointSource, Feed, FeedUpdate};
use doorbell_protocol::Counts;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // The hub of this user, wherever it is; `DOORBELL_URL` and `DOORBELL_TOKEN` name another.
    let (_feed, mut updates) = Feed::open(EndpointSource::discovered());
    let mut counts = Counts::default();
    while let Some(update) = updates.recv().await {
        match update {
            // Any single message has the counts as of then.
            FeedUpdate::Message { message, .. } => counts = message.counts(),
            // The feed is down, but the hub answers.
            FeedUpdate::Polled(Some(list)) => counts = list.counts,
            FeedUpdate::Live | FeedUpdate::Polled(None) | FeedUpdate::Connecting => {}
            // The count may be old.
            FeedUpdate::Down { reason, .. } | FeedUpdate::Offline { reason, .. } | FeedUpdate::PollFailed { reason } => {
                println!("? ({reason})");
                continue;
            }
            FeedUpdate::Refused { reason } => {
                eprintln!("{reason}");
                std::process::exit(1);
            }
        }
        println!("{} running", counts.running);
    }
}
