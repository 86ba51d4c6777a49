//! Starting the app twice is what people do when they do not see it.

use std::io::{BufRead, BufReader};

use anyhow::{Context, Result};
use doorbell_tests::desktop::{
    App, TrayItem, VirtualDesktop,
    app::{PANEL, binary},
    process::Stdout,
    wait::{self, SOON},
};

#[tokio::test]
async fn a_second_start_opens_the_panel_of_the_first() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let app = App::start(&desktop).await?;

    let mut second = desktop.spawn(&binary("doorbell-tray")?.to_string_lossy(), &[])?;
    assert!(second.ended(SOON).await?.success());
    desktop.window(PANEL).await?;

    let items = TrayItem::all(&desktop.bus).await?;
    assert_eq!(items.iter().map(|item| item.pid).collect::<Vec<_>>(), [app.pid()], "one icon");
    assert_eq!(app.stats().await?.subscribers, 1, "one hub, with one feed");
    Ok(())
}

#[tokio::test]
async fn a_second_start_on_another_display_opens_the_panel_there() -> Result<()> {
    let desktop = VirtualDesktop::start().await?;
    let app = App::start(&desktop).await?;
    let session = desktop.session();
    let mut server = session.start(&mut session.dependent_command("Xvfb", &["-displayfd", "1", "-nolisten", "tcp"]), Stdout::Piped)?;
    let mut number = String::new();
    BufReader::new(server.take_stdout().context("a piped program has a pipe")?).read_line(&mut number)?;
    let display = format!(":{}", number.trim());

    let mut second = session.command(binary("doorbell-tray")?, &[]);
    let mut second = session.start(second.env("DISPLAY", &display), Stdout::Logged)?;
    assert!(second.ended(SOON).await?.success());
    let mut look = session.command("xdotool", &["search", "--onlyvisible", "--name", &format!("^{PANEL}$")]);
    look.env("DISPLAY", &display);
    wait::until("the panel is on the other display", SOON, async || Ok(!look.output()?.stdout.is_empty())).await?;
    assert_eq!(desktop.windows_titled(PANEL)?, []);
    assert_eq!(app.stats().await?.subscribers, 1, "it is the panel of the first");
    Ok(())
}
