//! Desktops that lack something. The app lives with it and says so.

use anyhow::Result;
use doorbell_tests::desktop::{
    App, VirtualDesktop,
    app::{IDLE, PANEL},
    wait::{self, SOON},
};

#[tokio::test]
async fn without_a_notification_service_the_badge_still_tells_and_the_panel_says_so() -> Result<()> {
    let mut desktop = VirtualDesktop::start_bare().await?;
    desktop.start_tray_host().await?;
    let (app, page) = App::start_with_page(&desktop).await?;
    let idle = app.tray.icon().await?;

    let job = desktop.doorbell(&["run", "--", "sleep", "600"])?;
    assert_ne!(app.tray.icon_while("1 job running", SOON).await?, idle);
    wait::until("the panel says that nothing rings", SOON, async || {
        Ok(page.says("notice").await?.is_some_and(|notice| notice.contains("no notifications")))
    })
    .await?;
    job.signal(rustix::process::Signal::TERM)?;
    assert_eq!(app.tray.icon_while(IDLE, SOON).await?, idle);
    assert_eq!(app.stats().await?.subscribers, 1);
    Ok(())
}

#[tokio::test]
async fn without_a_tray_host_the_app_shows_its_panel_and_says_why() -> Result<()> {
    let desktop = VirtualDesktop::start_bare().await?;
    let app = App::start(&desktop).await?;
    desktop.window(PANEL).await?;

    assert_eq!(desktop.doorbell(&["run", "--", "true"])?.ended(SOON).await?.code(), Some(0));
    app.stats_when("the job's two events", SOON, |stats| stats.seq.0 == 2 && stats.counts.running == 0).await?;
    assert_eq!(app.stats().await?.subscribers, 1, "the app goes on");
    Ok(())
}
