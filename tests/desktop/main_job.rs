//! What Doorbell is for: a job is run, it rings when it starts, shows its progress to who looks, and rings when it ends.

use std::time::Duration;

use anyhow::Result;
use doorbell_tests::desktop::{
    App, Notifications, VirtualDesktop,
    app::{IDLE, main_job},
    wait::SOON,
};

/// What the main job is called, in the page as in notifications.
const NAME: &str = r#"sh -c 'for i in $(seq 1 20); do echo "$i/20"; sleep 0.5; done'"#;

#[tokio::test]
async fn the_main_job_rings_twice_and_shows_its_progress_to_who_looks() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let mut notifications = Notifications::watch(&desktop.bus).await?;
    let (app, page) = App::start_with_page(&desktop).await?;
    let idle = app.tray.icon().await?;
    let before = app.stats().await?;
    assert_eq!(app.tray.title().await?, "Doorbell");
    assert_eq!(page.jobs_when("no job", <[_]>::is_empty).await?, []);

    let mut job = desktop.doorbell(&main_job())?;
    let badge = app.tray.icon_while("1 job running", SOON).await?;
    assert_ne!(badge, idle);
    let started = notifications.at_least(1, SOON).await?;
    assert_eq!(started[0].summary, format!("{NAME} started"));

    let mut shown = 0.0;
    for _ in 0..3 {
        let grown = page.jobs_when("progress that grows", |jobs| jobs[..].first().is_some_and(|job| job.progress > Some(shown))).await?;
        assert_eq!(grown.iter().map(|job| job.name.as_str()).collect::<Vec<_>>(), [NAME]);
        shown = grown[0].progress.unwrap_or_default();
    }
    assert_eq!(app.tray.icon().await?, badge, "progress is not for the badge");

    assert!(job.ended(Duration::from_secs(60)).await?.success());
    assert_eq!(app.tray.icon_while(IDLE, SOON).await?, idle);
    page.jobs_when("no job", <[_]>::is_empty).await?;
    let after = app.stats().await?;
    assert_eq!(after.seq.0, before.seq.0 + 2, "a run is two events");
    assert_eq!((after.subscribers, after.counts.running), (1, 0));
    assert!(after.progress_reports > before.progress_reports);

    let all = app.quit(&desktop, notifications).await?;
    assert_eq!(all.len(), 2, "{all:#?}");
    assert_eq!(all[1].summary, format!("{NAME} succeeded"));
    // Twenty pauses of half a second; how much longer it takes is the machine's affair.
    assert!(all[1].took() >= Some(Duration::from_secs(10)), "it says how long it took: {all:#?}");
    Ok(())
}

#[tokio::test]
async fn a_job_that_fails_says_why() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let mut notifications = Notifications::watch(&desktop.bus).await?;
    let app = App::start(&desktop).await?;
    let idle = app.tray.icon().await?;

    let mut job = desktop.doorbell(&["run", "--", "sh", "-c", "exit 7"])?;
    assert_eq!(job.ended(SOON).await?.code(), Some(7), "the command's own exit code comes through");
    notifications.at_least(2, SOON).await?;
    assert_eq!(app.tray.icon_while(IDLE, SOON).await?, idle);

    let all = app.quit(&desktop, notifications).await?;
    assert_eq!(all.len(), 2, "{all:#?}");
    assert!(all[1].summary.ends_with("failed"), "{all:#?}");
    assert!(all[1].body.contains('7'), "the exit code is the reason: {all:#?}");
    Ok(())
}
