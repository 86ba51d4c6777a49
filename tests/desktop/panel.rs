//! The panel's window: how it comes and goes.

use anyhow::Result;
use doorbell_tests::desktop::{
    App, VirtualDesktop,
    app::PANEL,
    wait::{self, SOON},
    webkit::web_processes_of,
};

#[tokio::test]
async fn a_click_on_the_icon_opens_the_panel_beside_it_and_a_second_closes_it() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let app = App::start(&desktop).await?;
    let icon = desktop.tray_icon_region().await?;
    let (x, y) = icon.centre();

    desktop.click_at(x, y)?;
    let panel = app.panel(&desktop).await?;
    let (left, right) = (panel.region.x, panel.region.x + panel.region.width.cast_signed());
    assert!((left..right).contains(&x), "the panel is under the icon: {panel:?} {icon:?}");
    assert!(panel.region.y >= icon.y + icon.height.cast_signed(), "the panel leaves the icon uncovered: {panel:?} {icon:?}");

    desktop.click_at(x, y)?;
    desktop.until_no_window(PANEL).await?;
    app.until_without_web_process().await
}

#[tokio::test]
async fn the_menu_opens_the_panel_and_escape_closes_it() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let app = App::start(&desktop).await?;

    app.tray.choose("Open panel").await?;
    app.panel(&desktop).await?;
    assert_eq!(web_processes_of(app.pid()).len(), 1);

    desktop.press("Escape")?;
    desktop.until_no_window(PANEL).await?;
    app.until_without_web_process().await
}

#[tokio::test]
async fn the_panel_closes_when_another_window_takes_the_focus() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let app = App::start(&desktop).await?;
    let _other = desktop.spawn("xmessage", &["-title", "another window", "-geometry", "300x200+100+300", "Hello"])?;
    let other = desktop.window("another window").await?;

    app.tray.choose("Open panel").await?;
    app.panel(&desktop).await?;

    desktop.focus(&other)?;
    desktop.until_no_window(PANEL).await?;
    app.until_without_web_process().await
}

#[tokio::test]
async fn the_panel_can_be_opened_again_and_again() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let app = App::start(&desktop).await?;
    for _ in 0..5 {
        app.tray.choose("Open panel").await?;
        app.panel(&desktop).await?;
        desktop.press("Escape")?;
        desktop.until_no_window(PANEL).await?;
    }
    app.until_without_web_process().await
}

#[tokio::test]
async fn a_double_click_on_the_icon_leaves_no_webview() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let app = App::start(&desktop).await?;
    for _ in 0..5 {
        app.tray.click().await?;
        app.tray.click().await?;
    }
    only_the_next_panel_is_there(&desktop, &app).await
}

#[tokio::test]
async fn a_panel_that_is_asked_for_again_while_it_comes_is_one() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let app = App::start(&desktop).await?;
    for _ in 0..5 {
        app.tray.choose("Open panel").await?;
    }
    only_the_next_panel_is_there(&desktop, &app).await
}

/// By the time that a panel which was asked for last is there, those before are there as well, if they come at all.
async fn only_the_next_panel_is_there(desktop: &VirtualDesktop, app: &App) -> Result<()> {
    app.tray.choose("Open panel").await?;
    app.panel(desktop).await?;
    wait::until("there is one web process", SOON, async || Ok(web_processes_of(app.pid()).len() == 1)).await?;

    desktop.press("Escape")?;
    desktop.until_no_window(PANEL).await?;
    app.until_without_web_process().await
}
