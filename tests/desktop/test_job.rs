//! The test job: shows a new user that everything works, by being a job like any other.

use std::time::Duration;

use anyhow::Result;
use doorbell_tests::desktop::{App, Notifications, VirtualDesktop, app::IDLE, wait::SOON};

#[tokio::test]
async fn the_test_job_of_the_tray_menu_is_a_job_like_any_other() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let mut notifications = Notifications::watch(&desktop.bus).await?;
    let app = App::start(&desktop).await?;
    let idle = app.tray.icon().await?;
    let before = app.stats().await?;

    app.tray.choose("Run a test job").await?;
    assert_ne!(app.tray.icon_while("1 job running", SOON).await?, idle);
    notifications.at_least(1, SOON).await?;
    app.stats_when("its reports", SOON, |stats| stats.progress_reports > before.progress_reports).await?;
    assert_eq!(app.tray.icon_while(IDLE, Duration::from_secs(60)).await?, idle);
    notifications.at_least(2, SOON).await?;

    let after = app.stats().await?;
    assert_eq!(after.seq.0, before.seq.0 + 2);
    assert!(after.progress_reports - before.progress_reports >= 8, "eight steps: {after:?}");
    let all = app.quit(&desktop, notifications).await?;
    assert_eq!(all.len(), 2, "{all:#?}");
    assert!(all[1].summary.ends_with("succeeded"), "{all:#?}");
    assert!(all[1].took() >= Some(Duration::from_secs(30)), "{all:#?}");
    Ok(())
}

#[tokio::test]
async fn the_command_line_can_ask_for_a_shorter_one() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let mut notifications = Notifications::watch(&desktop.bus).await?;
    let app = App::start(&desktop).await?;

    desktop.doorbell(&["test-job", "--duration", "2s"])?.ended(SOON).await?;
    notifications.at_least(2, SOON).await?;
    let all = app.quit(&desktop, notifications).await?;
    assert_eq!(all.len(), 2, "{all:#?}");
    assert!(all[1].summary.ends_with("succeeded"), "{all:#?}");
    Ok(())
}
