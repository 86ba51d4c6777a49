//! A runner that is killed cannot say so. Its lease does.

use std::time::Duration;

use anyhow::Result;
use doorbell_tests::desktop::{App, Notifications, VirtualDesktop, app::steps, wait::SOON};
use rustix::process::Signal;

/// Longer than a lease.
const LEASE: Duration = Duration::from_secs(40);

#[tokio::test]
async fn a_job_whose_runner_is_killed_is_lost_once() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let mut notifications = Notifications::watch(&desktop.bus).await?;
    let app = App::start(&desktop).await?;
    let idle = app.tray.icon().await?;
    let before = app.stats().await?;

    let _goes_on = desktop.doorbell(&steps(1200, "0.1"))?;
    let one = app.tray.icon_while("1 job running", SOON).await?;
    assert_ne!(one, idle);
    notifications.at_least(1, SOON).await?;
    let killed = desktop.doorbell(&["run", "--name", "unlucky", "--", "sleep", "600"])?;
    let two = app.tray.icon_while("2 jobs running", SOON).await?;
    assert!(two != one && two != idle);
    notifications.at_least(2, SOON).await?;

    killed.signal(Signal::KILL)?;
    assert_eq!(app.tray.icon_while("1 job running", LEASE).await?, one);
    notifications.at_least(3, SOON).await?;
    let after = app.stats().await?;
    assert_eq!(after.counts.running, 1);
    assert_eq!(after.seq.0, before.seq.0 + 3, "two starts and one loss");
    assert!(!app.tray.menu().await?.iter().any(|line| line.label.contains("unlucky")), "the menu does not list it");

    let all = app.quit(&desktop, notifications).await?;
    assert_eq!(all.len(), 3, "{all:#?}");
    assert_eq!(all[2].summary, "unlucky is lost");
    Ok(())
}
