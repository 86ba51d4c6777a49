//! The menu of a tray item (`com.canonical.dbusmenu`), read and clicked as a tray host does it.

use std::collections::HashMap;

use anyhow::{Context, Result};
use zbus::{
    Proxy,
    zvariant::{OwnedValue, Value},
};

use super::wait;

/// One line of a menu.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MenuLine {
    id: i32,
    /// Its text.
    pub label: String,
    /// Whether it can be chosen.
    pub enabled: bool,
}

/// Id, properties, children: the shape of a menu on the bus.
type Node = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

/// The lines of a menu, top to bottom, those of submenus after the line that opens them.
pub(super) async fn lines(menu: &Proxy<'_>) -> Result<Vec<MenuLine>> {
    let (_revision, root): (u32, Node) = menu.call("GetLayout", &(0_i32, -1_i32, Vec::<String>::new())).await?;
    let mut lines = Vec::new();
    collect(root, &mut lines)?;
    Ok(lines)
}

/// Chooses the line with this label. Again, when the app made a new menu between the look and the click.
pub(super) async fn choose(menu: &Proxy<'_>, label: &str) -> Result<()> {
    wait::until(&format!("the menu takes a click on {label:?}"), wait::SOON, async || {
        let lines = lines(menu).await?;
        let line = lines.iter().find(|line| line.label == label).with_context(|| format!("the menu has no line {label:?}: {lines:?}"))?;
        anyhow::ensure!(line.enabled, "the menu's line {label:?} is disabled");
        match menu.call_method("Event", &(line.id, "clicked", Value::I32(0), 0_u32)).await {
            Ok(_) => Ok(true),
            Err(zbus::Error::MethodError(name, ..)) if name.as_str() == "org.freedesktop.DBus.Error.InvalidArgs" => Ok(false),
            Err(error) => Err(error.into()),
        }
    })
    .await
}

fn collect((id, properties, children): Node, lines: &mut Vec<MenuLine>) -> Result<()> {
    let is = |name: &str| properties.get(name).and_then(|value| bool::try_from(value).ok()).unwrap_or(true);
    let text = |name: &str| properties.get(name).and_then(|value| <&str>::try_from(value).ok()).unwrap_or_default();
    if id != 0 && is("visible") && text("type") != "separator" {
        // An underscore marks the access key; two stand for one.
        let label = text("label").replace("__", "\0").replace('_', "").replace('\0', "_");
        lines.push(MenuLine { id, label, enabled: is("enabled") });
    }
    for child in children {
        collect(Node::try_from(child).context("a menu's child is not a menu")?, lines)?;
    }
    Ok(())
}
