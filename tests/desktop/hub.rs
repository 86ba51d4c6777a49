//! Which hub the app uses: one that runs, else its own.

use std::path::Path;

use anyhow::Result;
use doorbell_tests::desktop::{
    App, Notifications, Page, Process, VirtualDesktop,
    app::{IDLE, binary, hub_file},
    wait::{self, SOON},
};
use rustix::process::Signal;

#[tokio::test]
async fn a_hub_that_runs_is_used() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let hub = desktop.hub(&[]).await?;
    it_is_used(&desktop, &hub).await
}

#[tokio::test]
async fn a_hub_that_runs_is_used_also_when_its_data_is_elsewhere() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let elsewhere = desktop.session().path("home/elsewhere");
    let hub = desktop.hub(&["--data-dir", &elsewhere.to_string_lossy()]).await?;
    it_is_used(&desktop, &hub).await?;
    assert!(!desktop.session().path("data/doorbell/doorbell.db").exists(), "no second hub");
    Ok(())
}

async fn it_is_used(desktop: &VirtualDesktop, hub: &Process) -> Result<()> {
    let app = App::start(desktop).await?;
    assert_eq!(app.hub_pid(), hub.pid());
    let idle = app.tray.icon().await?;

    let done = desktop.session().path("home/done");
    let mut job = desktop.doorbell(&until_there_is(&done))?;
    assert_ne!(app.tray.icon_while("1 job running", SOON).await?, idle);
    let stats = app.stats().await?;
    assert_eq!((stats.subscribers, stats.counts.running), (1, 1), "one connection, to the hub that counts");

    std::fs::write(&done, "")?;
    assert!(job.ended(SOON).await?.success());
    assert_eq!(app.tray.icon_while(IDLE, SOON).await?, idle);
    assert_eq!(hub_file(desktop).map(|file| file.pid), Some(hub.pid()), "it is still the one that is announced");
    Ok(())
}

#[tokio::test]
async fn the_app_takes_over_from_a_hub_that_dies_and_its_jobs_go_on() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let mut notifications = Notifications::watch(&desktop.bus).await?;
    let hub = desktop.hub(&[]).await?;
    let (mut app, page) = App::start_with_page(&desktop).await?;
    let idle = app.tray.icon().await?;
    let done = desktop.session().path("home/done");
    let mut job = desktop.doorbell(&until_there_is(&done))?;
    let running = app.tray.icon_while("1 job running", SOON).await?;
    notifications.at_least(1, SOON).await?;

    hub.signal(Signal::KILL)?;
    let stale = app.tray.icon_while("Offline · 1 job running when last seen", SOON).await?;
    assert!(stale != running && stale != idle);
    connection_when(&page, "offline, as the tray", |said| said.starts_with("Offline since")).await?;

    app.until_another_hub(&desktop).await?;
    assert_eq!(app.hub_pid(), app.pid());
    assert_eq!(app.tray.icon_while("1 job running", SOON).await?, running);
    connection_when(&page, "live, as the tray", |said| said == "Live").await?;
    assert_eq!(app.stats().await?.subscribers, 1);

    std::fs::write(&done, "")?;
    assert!(job.ended(SOON).await?.success());
    assert_eq!(app.tray.icon_while(IDLE, SOON).await?, idle);
    notifications.at_least(2, SOON).await?;
    let all = app.quit(&desktop, notifications).await?;
    assert_eq!(all.len(), 2, "{all:#?}");
    assert!(all[1].summary.ends_with("succeeded"), "{all:#?}");
    Ok(())
}

#[tokio::test]
async fn a_hub_that_is_started_again_at_once_keeps_its_place() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let first = desktop.hub(&[]).await?;
    let mut app = App::start(&desktop).await?;
    first.signal(Signal::KILL)?;
    app.tray.icon_while("Offline", SOON).await?;

    let second = desktop.hub(&[]).await?;
    app.until_another_hub(&desktop).await?;
    app.tray.icon_while(IDLE, SOON).await?;
    assert_eq!(app.hub_pid(), second.pid());
    assert_eq!(app.stats().await?.subscribers, 1);
    Ok(())
}

#[tokio::test]
async fn a_hub_that_stands_still_is_told_by_panel_and_tray_alike() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let hub = desktop.hub(&[]).await?;
    let (app, page) = App::start_with_page(&desktop).await?;
    connection_when(&page, "live", |said| said == "Live").await?;

    hub.signal(Signal::STOP)?;
    connection_when(&page, "offline", |said| said.starts_with("Offline since")).await?;
    app.tray.icon_while("Offline", SOON).await?;

    hub.signal(Signal::CONT)?;
    connection_when(&page, "live again", |said| said == "Live").await?;
    app.tray.icon_while(IDLE, SOON).await?;
    Ok(())
}

#[tokio::test]
async fn a_hub_that_cannot_be_announced_is_told_in_the_panel() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    // Where the folder of `hub.json` should be.
    std::fs::write(desktop.session().path("run/doorbell"), "")?;
    let page = Page::open(&desktop, &binary("doorbell-tray")?, &["--panel"]).await?;
    wait::until("the panel says what is wrong", SOON, async || {
        Ok(page
            .says("notice")
            .await?
            .is_some_and(|notice| notice.contains("cannot keep jobs") && notice.contains("run/doorbell: it is no folder")))
    })
    .await
}

/// A job that ends well once `file` is there.
fn until_there_is(file: &Path) -> [String; 5] {
    ["run", "--", "sh", "-c", &format!("until [ -e {} ]; do sleep 0.1; done", file.display())].map(str::to_owned)
}

async fn connection_when(page: &Page, what: &str, wanted: impl Fn(&str) -> bool) -> Result<()> {
    let said = async || Ok(page.says("connection").await?.is_some_and(|said| wanted(&said)));
    wait::until(&format!("the panel says that it is {what}"), SOON, said).await
}
