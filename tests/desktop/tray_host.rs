//! Tray hosts come and go; the icon is there whenever one is.

use anyhow::Result;
use doorbell_tests::desktop::{App, VirtualDesktop, app::PANEL};

#[tokio::test]
async fn a_tray_host_that_starts_late_or_again_shows_the_icon() -> Result<()> {
    let mut desktop = VirtualDesktop::start_bare().await?;
    desktop.start_notification_daemon().await?;
    let app = App::start(&desktop).await?;
    // With no tray to click, the app shows its panel by itself.
    app.panel(&desktop).await?;
    desktop.press("Escape")?;
    desktop.until_no_window(PANEL).await?;

    desktop.start_tray_host().await?;
    the_icon_opens_the_panel(&desktop, &app).await?;

    desktop.stop_tray_host().await?;
    desktop.start_tray_host().await?;
    the_icon_opens_the_panel(&desktop, &app).await?;
    assert_eq!(app.stats().await?.subscribers, 1);
    Ok(())
}

/// With the mouse, on what the tray host has drawn; and closes it again.
async fn the_icon_opens_the_panel(desktop: &VirtualDesktop, app: &App) -> Result<()> {
    let (x, y) = desktop.tray_icon_region().await?.centre();
    desktop.click_at(x, y)?;
    app.panel(desktop).await?;
    desktop.press("Escape")?;
    desktop.until_no_window(PANEL).await
}
