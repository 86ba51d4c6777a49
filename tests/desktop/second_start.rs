//! Starting the app twice is what people do when they do not see it.

use anyhow::Result;
use doorbell_tests::desktop::{App, TrayItem, VirtualDesktop, app::PANEL, app::binary, wait::SOON};

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
