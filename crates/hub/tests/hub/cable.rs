//! A cable is cut: nothing says goodbye, packets just stop coming. In a network namespace of its own.

use std::{process::Command, time::Duration};

use crate::{alone, raw::Raw, support::TestHub};

/// What the contract promises.
const GONE: Duration = Duration::from_secs(90);

/// Takes a minute of real time: the kernel's timers cannot be wound forward.
#[test]
fn a_listener_whose_cable_is_cut_is_gone_within_90_seconds() {
    for needed in [&["unshare", "--net", "true"][..], &["ip", "-V"], &["nft", "--version"]] {
        if let Err(why) = command(needed) {
            eprintln!("not run: this needs root, unshare, iproute2 and nftables: {why}");
            return;
        }
    }
    alone::run(&["unshare", "--net"], "cable::a_listener_is_cut_off").unwrap();
}

#[tokio::test]
#[ignore = "needs a network namespace of its own, which the test above gives it"]
async fn a_listener_is_cut_off() {
    command(&["ip", "link", "set", "lo", "up"]).unwrap();
    let hub = TestHub::start().await;
    let mut cut = Raw::connect(hub.address).await;
    cut.listen(&hub, "").await;
    cut.next().await;
    let mut other = Raw::connect(hub.address).await;
    other.listen(&hub, "").await;
    other.next().await;
    hub.until_listeners_are(2, GONE).await;

    let port = cut.stream.local_addr().unwrap().port();
    command(&["nft", "add table inet cable; add chain inet cable in { type filter hook input priority 0; }"]).unwrap();
    for direction in ["sport", "dport"] {
        command(&["nft", &format!("add rule inet cable in tcp {direction} {port} drop")]).unwrap();
    }
    hub.until_listeners_are(1, GONE).await;
    hub.started("make").await;
    assert_eq!(other.next().await.0.seq.0, 1);
}

fn command(words: &[&str]) -> Result<(), String> {
    let output = Command::new(words[0]).args(&words[1..]).output().map_err(|error| format!("{}: {error}", words[0]))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}
