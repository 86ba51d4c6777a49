//! Node.js and the panel's page.

use std::{fs, path::Path, time::SystemTime};

use anyhow::{Context, Result, bail};

use crate::tool::{self, npm, root};

/// Oldest that Vite works with.
const NODE: (u32, u32) = (20, 19);

/// Makes sure that Node.js is there and that the packages of the page are as its lock file says.
pub(crate) fn ensure() -> Result<()> {
    let version = tool::read(&mut tool::tool("node", &["--version"])?).with_context(how_to_get_node)?;
    if parse(&version).is_none_or(|version| version < NODE) {
        bail!("Node.js {} is too old: {}", version.trim(), how_to_get_node());
    }
    let ui = root()?.join("ui");
    if changed(&ui.join("package-lock.json")) > changed(&ui.join("node_modules/.package-lock.json")) {
        tool::run(&mut npm(&["ci"])?)?;
    }
    Ok(())
}

/// Builds the page into `ui/dist`, where the builds of the app and of the hub take it from.
///
/// Not when it is newer than all that it is made of: a page that is written anew has hub and app built anew.
pub(crate) fn build() -> Result<()> {
    let ui = root()?.join("ui");
    let made_of = ["src", "index.html", "package-lock.json", "tsconfig.json", "vite.config.ts"].map(|name| newest(&ui.join(name)));
    if changed(&ui.join("dist/index.html")) > made_of.into_iter().max().flatten() {
        return Ok(());
    }
    tool::run(&mut npm(&["run", "build"])?)
}

fn how_to_get_node() -> String {
    let (major, minor) = NODE;
    format!("install Node.js {major}.{minor} or later with npm; the nodejs of Debian 12 itself is 18, which is too old")
}

fn parse(version: &str) -> Option<(u32, u32)> {
    let mut figures = version.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((figures.next()?.ok()?, figures.next()?.ok()?))
}

/// When anything in a folder last changed, or a file; never, when it is not there.
fn newest(path: &Path) -> Option<SystemTime> {
    let inside = fs::read_dir(path).into_iter().flatten().flatten().filter_map(|entry| newest(&entry.path()));
    inside.chain(changed(path)).max()
}

/// When a file last changed; never, when it is not there.
fn changed(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_figures() {
        assert!(parse("v20.20.2\n") >= Some(NODE));
        assert!(parse("v100.0.0") >= Some(NODE));
        assert!(parse("v20.9.1") < Some(NODE));
        assert!(parse("v18.19.0") < Some(NODE));
        assert_eq!(parse("nonsense"), None);
    }
}
