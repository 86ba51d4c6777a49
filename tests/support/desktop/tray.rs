//! An item in the tray (`org.kde.StatusNotifierItem`), looked at and clicked over the bus as a tray host does it.

use std::time::Duration;

use anyhow::{Context, Result};
use zbus::{Connection, Proxy, proxy::CacheProperties};

use super::{
    bus::Bus,
    menu::{self, MenuLine},
    pixmap::IconPixmap,
    wait,
};

const INTERFACE: &str = "org.kde.StatusNotifierItem";

/// An item in the tray.
#[derive(Clone, Debug)]
pub struct TrayItem {
    /// The process that it belongs to.
    pub pid: u32,
    connection: Connection,
}

impl TrayItem {
    /// All items that are offered now, whether or not a tray host draws them.
    ///
    /// # Errors
    /// The bus is gone.
    pub async fn all(bus: &Bus) -> Result<Vec<Self>> {
        let pid = |name: &str| name.strip_prefix(INTERFACE)?.strip_prefix('-')?.split_once('-')?.0.parse().ok();
        let items = bus.names().await?;
        Ok(items.iter().filter_map(|name| pid(name)).map(|pid| Self { pid, connection: bus.connection().clone() }).collect())
    }

    /// Waits until the process offers an item.
    ///
    /// # Errors
    /// It did not in time.
    pub async fn of(bus: &Bus, pid: u32) -> Result<Self> {
        let look = async || Ok(Self::all(bus).await?.into_iter().find(|item| item.pid == pid));
        wait::until_some(&format!("process {pid} offers a tray item"), wait::SOON, look).await
    }

    /// What it is called.
    ///
    /// # Errors
    /// The item is gone.
    pub async fn title(&self) -> Result<String> {
        Ok(self.proxy().await?.get_property("Title").await?)
    }

    /// Title and text of its tooltip.
    ///
    /// # Errors
    /// The item is gone.
    pub async fn tooltip(&self) -> Result<(String, String)> {
        type ToolTip = (String, Vec<(i32, i32, Vec<u8>)>, String, String);
        let (_, _, title, text): ToolTip = self.proxy().await?.get_property("ToolTip").await?;
        Ok((title, text))
    }

    /// The picture that it shows: the largest that it offers.
    ///
    /// # Errors
    /// The item is gone, or shows no picture.
    pub async fn icon(&self) -> Result<IconPixmap> {
        let pixmaps: Vec<(i32, i32, Vec<u8>)> = self.proxy().await?.get_property("IconPixmap").await?;
        let (width, height, argb) = pixmaps.into_iter().max_by_key(|(width, ..)| *width).context("the tray item has no IconPixmap")?;
        IconPixmap::new(width, height, argb)
    }

    /// Waits until the first line of its menu says this, and returns the picture that goes with it. The app changes the
    /// menu last.
    ///
    /// # Errors
    /// It said something else until the deadline.
    pub async fn icon_while(&self, status: &str, limit: Duration) -> Result<IconPixmap> {
        let says = async || Ok(self.menu().await?.first().is_some_and(|line| line.label == status));
        wait::until(&format!("the tray menu says {status:?}"), limit, says).await?;
        self.icon().await
    }

    /// Clicks it with the left button, at a place that means nothing.
    ///
    /// # Errors
    /// The item is gone.
    pub async fn click(&self) -> Result<()> {
        self.proxy().await?.call_method("Activate", &(0_i32, 0_i32)).await?;
        Ok(())
    }

    /// The lines of its menu, top to bottom, without separators and hidden lines.
    ///
    /// # Errors
    /// The item is gone, or has no menu.
    pub async fn menu(&self) -> Result<Vec<MenuLine>> {
        menu::lines(&self.menu_proxy().await?).await
    }

    /// Chooses a line of its menu by its label.
    ///
    /// # Errors
    /// There is no such line, or it is disabled.
    pub async fn choose(&self, label: &str) -> Result<()> {
        menu::choose(&self.menu_proxy().await?, label).await
    }

    async fn proxy(&self) -> Result<Proxy<'static>> {
        self.proxy_at("/StatusNotifierItem", INTERFACE).await
    }

    async fn menu_proxy(&self) -> Result<Proxy<'static>> {
        self.proxy_at("/MenuBar", "com.canonical.dbusmenu").await
    }

    async fn proxy_at(&self, path: &'static str, interface: &'static str) -> Result<Proxy<'static>> {
        let builder = zbus::proxy::Builder::new(&self.connection).destination(format!("{INTERFACE}-{}-1", self.pid))?;
        // Properties are asked for each time: what is observed is the item, not a memory of it.
        Ok(builder.path(path)?.interface(interface)?.cache_properties(CacheProperties::No).build().await?)
    }
}
