//! The panel's page in a browser, which the hub serves.

use std::{fs, time::Duration};

use anyhow::{Context, Result, ensure};
use doorbell_tests::desktop::{
    App, Page, VirtualDesktop,
    app::{binary, hub_file},
    process::{Process, Stdout},
    wait::{self, SOON},
};

/// The subject of the test is that nothing comes, so this is measured over real time.
const WINDOW: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_browser_is_let_in_once_and_asks_only_while_somebody_can_look() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let app = App::start(&desktop).await?;
    let steps = r#"for i in $(seq 1 1200); do echo "$i/1200"; sleep 0.1; done"#;
    let _job = desktop.doorbell(&["run", "--name", "nightly", "--", "sh", "-c", steps])?;
    app.stats_when("a running job", SOON, |stats| stats.counts.running == 1).await?;

    let (mut opening, way_in) = open_browser(&desktop).await?;
    let page = Page::browse(&desktop, &way_in).await?;
    let shown = page.jobs_when("the job", |jobs| jobs.iter().any(|job| job.progress.is_some())).await?;
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].name, "nightly");
    ensure!(opening.ended(SOON).await?.success(), "{}", opening.last_words());
    page.jobs_when("progress that grows", |jobs| jobs.first().is_some_and(|job| job.progress > shown[0].progress)).await?;
    assert_eq!(page.says("connection").await?.as_deref(), Some("Live"));

    page.minimize().await?;
    let minimized = app.stats().await?.polls;
    tokio::time::sleep(WINDOW).await;
    let polls = app.stats().await?.polls - minimized;
    // One may have been on its way.
    assert!(polls <= 1, "{polls} polls of a page that nobody can see");

    let hub = hub_file(&desktop).context("the hub is announced")?;
    let second = Page::browse(&desktop, &format!("{}/#key={}", hub.url, "0".repeat(64))).await?;
    wait::until("a second browser is told how to come in", SOON, async || {
        Ok(second.says("connection").await?.as_deref() == Some("Run `doorbell open --browser` for a new link."))
    })
    .await
}

/// Runs `doorbell open --browser`, and gives what it opens, where a script stands for the browser.
async fn open_browser(desktop: &VirtualDesktop) -> Result<(Process, String)> {
    let session = desktop.session();
    let script = session.write("home/browser", "#!/bin/sh\nprintf %s \"$1\" > @FOLDER@/home/address\n")?;
    let bin = session.path("home/bin");
    session.run("install", &["-D", "-m", "755", &script.to_string_lossy(), &bin.join("xdg-open").to_string_lossy()])?;
    let path = std::env::join_paths(std::iter::once(bin).chain(std::env::split_paths(&std::env::var_os("PATH").context("a PATH")?)))?;
    let opening = session.start(session.command(binary("doorbell")?, &["open", "--browser"]).env("PATH", path), Stdout::Logged)?;
    let file = session.path("home/address");
    let opened = async || Ok(fs::read_to_string(&file).ok().filter(|address| address.ends_with('/')));
    let way_in = wait::until_some("a browser is opened", SOON, opened).await?;
    Ok((opening, way_in))
}
