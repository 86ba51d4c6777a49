//! Nobody looks, nothing runs: what the panel costs while it is closed, open, and closed again.

use std::time::Duration;

use anyhow::Result;
use doorbell_tests::desktop::{
    App, VirtualDesktop,
    app::{PANEL, steps},
    wait::SOON,
};

/// The subject of the test is a rate, so this is measured over real time.
const WINDOW: Duration = Duration::from_secs(10);

#[tokio::test]
async fn only_an_open_panel_polls() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let app = App::start(&desktop).await?;
    // Something to see, with progress all the time: that is when polling would be tempting.
    let _job = desktop.doorbell(&steps(1200, "0.1"))?;
    app.tray.icon_while("1 job running", SOON).await?;

    assert_eq!(polls_in_window(&app).await?, 0, "closed: no poll");
    assert_eq!(desktop.web_processes().len(), 0, "closed: no web process");

    app.tray.click().await?;
    app.panel(&desktop).await?;
    let open = polls_in_window(&app).await?;
    assert!((12..=24).contains(&open), "open: about two polls a second, not {open} in 10 s");
    assert_eq!(desktop.web_processes().len(), 1, "open: one web process");

    app.tray.click().await?;
    desktop.until_no_window(PANEL).await?;
    desktop.until_no_panel_process().await?;
    assert_eq!(polls_in_window(&app).await?, 0, "closed again: no poll");
    assert_eq!(desktop.web_processes().len(), 0, "closed again: no web process");
    Ok(())
}

async fn polls_in_window(app: &App) -> Result<u64> {
    let before = app.stats().await?;
    tokio::time::sleep(WINDOW).await;
    let after = app.stats().await?;
    assert!(after.progress_reports > before.progress_reports, "the job goes on reporting");
    assert_eq!(after.seq, before.seq, "progress is never an event");
    Ok(after.polls - before.polls)
}
