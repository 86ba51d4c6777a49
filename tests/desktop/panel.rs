//! The panel's window: how it comes and goes.

use anyhow::Result;
use doorbell_tests::desktop::{
    App, Notifications, VirtualDesktop,
    app::{PANEL, hub_file},
    wait::{self, SOON},
};
use rustix::process::Signal;

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
    desktop.until_no_panel_process().await
}

#[tokio::test]
async fn the_menu_opens_the_panel_and_escape_closes_it() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let app = App::start(&desktop).await?;

    app.tray.choose("Open panel").await?;
    app.panel(&desktop).await?;
    assert_eq!(desktop.web_processes().len(), 1);

    desktop.press("Escape")?;
    desktop.until_no_window(PANEL).await?;
    desktop.until_no_panel_process().await
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
    desktop.until_no_panel_process().await
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
    desktop.until_no_panel_process().await
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

#[tokio::test]
async fn what_the_panel_shows_and_where_is_not_for_other_programs_to_read() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let app = App::start(&desktop).await?;
    app.tray.choose("Open panel").await?;
    app.panel(&desktop).await?;
    let panel = desktop.panel_process().await?.as_raw_pid();
    let command = std::fs::read_to_string(format!("/proc/{panel}/cmdline"))?;
    assert_eq!(command.matches('\0').count(), 1, "its name and nothing else: {command:?}");
    let of = |pid: i32| std::fs::read_to_string(format!("/proc/{pid}/environ"));
    let (environment, ours) = (of(panel)?, of(app.pid().cast_signed())?);
    let more: Vec<_> = environment.split('\0').filter(|variable| !ours.contains(variable)).collect();
    assert!(more.is_empty(), "{more:?}");
    Ok(())
}

#[tokio::test]
async fn a_panel_that_dies_is_not_started_again_and_the_second_time_the_browser_is_offered() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let mut notifications = Notifications::watch(&desktop.bus).await?;
    let app = App::start(&desktop).await?;
    for _ in 0..2 {
        app.tray.choose("Open panel").await?;
        desktop.window(PANEL).await?;
        desktop.kill(desktop.panel_process().await?)?;
        desktop.until_no_window(PANEL).await?;
        desktop.until_no_panel_process().await?;
    }
    let said = notifications.at_least(1, SOON).await?;
    assert_eq!(said[0].summary, "The panel does not open");
    assert!(said[0].body.contains("doorbell open --browser"), "{said:#?}");

    app.tray.choose("Open panel").await?;
    app.panel(&desktop).await?;
    assert_eq!(app.quit(&desktop, notifications).await?.len(), 1, "the second time, once");
    Ok(())
}

#[tokio::test]
async fn a_web_process_that_dies_takes_the_panel_along_and_nothing_else() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let app = App::start(&desktop).await?;
    app.tray.choose("Open panel").await?;
    app.panel(&desktop).await?;
    desktop.kill(desktop.web_processes()[0])?;
    desktop.until_no_window(PANEL).await?;
    desktop.until_no_panel_process().await?;

    app.tray.choose("Open panel").await?;
    app.panel(&desktop).await?;
    assert_eq!(app.stats().await?.subscribers, 1, "the app goes on");
    Ok(())
}

#[tokio::test]
async fn an_app_that_crashes_takes_its_panel_along() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let app = App::start(&desktop).await?;
    app.tray.choose("Open panel").await?;
    app.panel(&desktop).await?;
    app.crash()?;
    desktop.until_no_window(PANEL).await?;
    desktop.until_no_panel_process().await
}

#[tokio::test]
async fn a_signal_ends_the_app_in_order_with_its_panel_and_its_hub() -> Result<()> {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let desktop = VirtualDesktop::start().await?;
        let mut app = App::start(&desktop).await?;
        app.tray.choose("Open panel").await?;
        app.panel(&desktop).await?;
        assert!(app.ended_by(signal).await?.success(), "{signal:?}");
        desktop.until_no_panel_process().await?;
        assert!(hub_file(&desktop).is_none(), "its hub says that it is gone");
    }
    Ok(())
}

#[tokio::test]
async fn the_app_itself_has_nothing_of_gtk_and_webkit_in_it() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let app = App::start(&desktop).await?;
    app.tray.choose("Open panel").await?;
    app.panel(&desktop).await?;
    let files = std::fs::read_to_string(format!("/proc/{}/maps", app.pid()))?;
    assert!(files.contains("doorbell-tray"));
    for library in ["libgtk", "libgdk", "libwebkit", "libGL", "libjavascriptcore"] {
        assert!(!files.contains(library), "{library} is loaded");
    }
    Ok(())
}

/// By the time that a panel which was asked for last is there, those before are there as well, if they come at all.
async fn only_the_next_panel_is_there(desktop: &VirtualDesktop, app: &App) -> Result<()> {
    app.tray.choose("Open panel").await?;
    app.panel(desktop).await?;
    wait::until("there is one web process", SOON, async || Ok(desktop.web_processes().len() == 1)).await?;

    desktop.press("Escape")?;
    desktop.until_no_window(PANEL).await?;
    desktop.until_no_panel_process().await
}
