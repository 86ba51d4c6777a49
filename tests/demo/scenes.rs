//! What is shown, in order. Each picture is taken once its subject is on the screen.

use std::time::Duration;

use anyhow::Result;
use doorbell_tests::desktop::{
    App, Notifications, Region, VirtualDesktop, Window,
    app::{IDLE, binary},
    display,
    process::Process,
    wait::{self, SOON},
};

use crate::album::Album;

/// The main job: twenty files in ten seconds.
const INGEST: &str = r#"for i in $(seq 1 20); do echo "$i/20 files"; sleep 0.5; done"#;
/// A job that fails in the middle.
const FAILING: &str = r#"for i in 1 2 3; do echo "$i/8 hosts"; sleep 0.5; done; echo "host 4 does not answer" >&2; exit 4"#;
/// Longer than [`INGEST`].
const LONG: Duration = Duration::from_secs(40);

/// The main job, from the idle tray to the empty panel, and one that fails.
pub(crate) async fn light(album: &mut Album) -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let mut notifications = Notifications::watch(&desktop.bus).await?;
    let app = App::start(&desktop).await?;
    let tray = desktop.tray_icon_region().await?;
    let bar = Region { x: display::SIZE.0.cast_signed() - 320, y: 0, width: 320, height: tray.height };
    desktop.park_mouse()?;
    desktop.until_still(bar).await?;
    desktop.picture_of(bar, 3, &album.page("tray-idle", "the tray while nothing runs")?)?;
    desktop.picture_of(tray, 12, &album.page("tray-idle-zoom", "the same icon, each pixel twelve times as large")?)?;

    let _terminal = in_terminal(&desktop, "ingest", INGEST)?;
    let icon = app.tray.icon_while("1 job running", SOON).await?;
    icon.save(&album.page("icon-badge", "the icon with its badge, as the app hands it to the tray")?)?;
    let bubble = bubble(&desktop).await?;
    desktop.picture_of(bubble, 1, &album.page("started", "the notification that says that it started")?)?;
    desktop.until_still(bar).await?;
    desktop.picture_of(bar, 3, &album.page("tray-badge", "the tray while one job runs")?)?;
    desktop.picture_of(tray, 12, &album.page("tray-badge-zoom", "the same icon, each pixel twelve times as large")?)?;

    let panel = open_panel(&desktop, &app, tray).await?;
    desktop.picture_of(panel.region, 1, &album.page("panel", "the panel, opened from the tray")?)?;
    desktop.picture(&album.page("desktop", "the whole desktop, with badge, panel and notification")?)?;
    let reports = app.stats().await?.progress_reports;
    app.stats_when("more progress", SOON, |stats| stats.progress_reports >= reports + 6).await?;
    desktop.picture_of(panel.region, 1, &album.page("panel-later", "the panel some seconds later: the bar has moved")?)?;

    notifications.at_least(2, LONG).await?;
    app.tray.icon_while(IDLE, SOON).await?;
    let bubble = self::bubble(&desktop).await?;
    desktop.picture_of(bubble, 1, &album.page("succeeded", "the notification that says that it succeeded, and how long it took")?)?;
    desktop.until_painted(band(panel.region, 180, 180)).await?;
    desktop.until_still(panel.region).await?;
    desktop.picture_of(panel.region, 1, &album.page("panel-empty", "the panel when nothing runs")?)?;
    until_no_bubble(&desktop).await?;

    run(&desktop, "deploy", FAILING)?.ended(SOON).await?;
    notifications.at_least(4, SOON).await?;
    let bubble = self::bubble(&desktop).await?;
    desktop.picture_of(bubble, 1, &album.page("failed", "the notification of a job that failed, and why")?)?;
    Ok(())
}

/// Three jobs at once on a dark desktop.
pub(crate) async fn dark(album: &mut Album) -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let app = App::start_with_env(&desktop, &[("GTK_THEME", "Adwaita:dark")]).await?;
    let tray = desktop.tray_icon_region().await?;
    let _jobs = [
        run(&desktop, "ingest", r#"for i in $(seq 1 40); do echo "$i/40 files"; sleep 1; done"#)?,
        run(&desktop, "backup", r#"for i in $(seq 1 600); do echo "$i/600 folders"; sleep 0.1; done"#)?,
        run(&desktop, "render", "sleep 60")?,
    ];
    app.stats_when("three jobs with progress", SOON, |stats| stats.counts.running == 3 && stats.progress_reports >= 20).await?;
    until_no_bubble(&desktop).await?;
    let panel = open_panel(&desktop, &app, tray).await?;
    desktop.picture_of(panel.region, 1, &album.page("panel-dark", "the panel on a dark desktop, with three jobs")?)?;
    desktop.picture_of(tray, 12, &album.page("tray-badge-three", "the icon with three jobs, each pixel twelve times as large")?)?;
    Ok(())
}

fn run(desktop: &VirtualDesktop, name: &str, script: &str) -> Result<Process> {
    desktop.doorbell(&["run", "--name", name, "--", "sh", "-c", script])
}

/// The same in a terminal, which stays when the job has ended.
fn in_terminal(desktop: &VirtualDesktop, name: &str, script: &str) -> Result<Process> {
    let doorbell = binary("doorbell")?;
    let show = r#"printf '$ doorbell run --name %s -- sh -c '"'%s'\n" "$2" "$3"; "$1" run --name "$2" -- sh -c "$3"; exec sleep 600"#;
    let colours = ["-bg", "#1b1f27", "-fg", "#d7dce5", "-bd", "#1b1f27"];
    let look = ["-fa", "DejaVu Sans Mono", "-fs", "10", "-b", "12", "-geometry", "100x26+36+110", "-title", "Terminal"];
    let run = ["-e", "sh", "-c", show, "sh", &doorbell.to_string_lossy(), name, script];
    desktop.spawn("xterm", &[&look[..], &colours, &run].concat())
}

/// With the mouse, as a person does; and waits until its first job and its footer can be seen.
async fn open_panel(desktop: &VirtualDesktop, app: &App, tray: Region) -> Result<Window> {
    let (x, y) = tray.centre();
    desktop.click_at(x, y)?;
    let panel = app.panel(desktop).await?;
    desktop.park_mouse()?;
    desktop.until_painted(band(panel.region, 50, 60)).await?;
    desktop.until_painted(band(panel.region, panel.region.height.cast_signed() - 30, 28)).await?;
    Ok(panel)
}

/// A part of the panel, over its whole width: the title alone must not be taken for all of it.
fn band(panel: Region, top: i32, height: u32) -> Region {
    Region { y: panel.y + top, height, ..panel }
}

/// The notification on the screen, with a little of what is around it.
async fn bubble(desktop: &VirtualDesktop) -> Result<Region> {
    let look = async || Ok(desktop.windows_of_class("Dunst")?.first().map(|window| window.region));
    let bubble = wait::until_some("a notification is on the screen", SOON, look).await?;
    desktop.until_still(bubble).await?;
    let (x, y) = (bubble.x - 14, bubble.y - 14);
    Ok(Region { x, y, width: bubble.width + 28, height: bubble.height + 28 })
}

/// It goes by itself after some seconds.
async fn until_no_bubble(desktop: &VirtualDesktop) -> Result<()> {
    wait::until("no notification is on the screen", SOON, async || Ok(desktop.windows_of_class("Dunst")?.is_empty())).await
}
