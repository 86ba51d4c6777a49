//! `cargo xtask check`: everything that can be seen without running the product.

use anyhow::{Context, Result, bail};

use crate::{
    bindings, build, circles, packages,
    phases::Phases,
    tool::{self, cargo, npm},
};

const CARGO_DENY: &str = "0.20.2";

pub(crate) fn check() -> Result<()> {
    let mut phases = Phases::of("check");
    phases.phase("format", || tool::run(&mut cargo(&["fmt", "--all", "--check"])?))?;
    build::page(&mut phases, &[packages::BUILD])?;
    phases.phase("lints", || tool::run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?))?;
    phases.phase("panel: types and lints", || tool::run(&mut npm(&["run", "check"])?))?;
    phases.phase("bindings", bindings::compare)?;
    phases.phase("circles among modules", circles::check)?;
    phases.phase("openapi document", || {
        // What only the generator compiles.
        let args = ["clippy", "--package", "doorbell-protocol", "--features", "openapi", "--all-targets", "--", "-D", "warnings"];
        tool::run(&mut cargo(&args)?)?;
        bindings::validate()
    })?;
    phases.phase("the resident without GTK", resident_is_light)?;
    phases.phase("licences, bans and sources", || {
        ensure_cargo_deny()?;
        tool::run(&mut cargo(&["deny", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"])?)
    })?;
    if let Advisories::Unknown = phases.phase("advisories", advisories)? {
        phases.note("not checked: advisories, because their database cannot be fetched here");
    }
    phases.finish();
    Ok(())
}

/// What the resident must not bring along on Linux: it is on all day, and the panel is not.
fn resident_is_light() -> Result<()> {
    let args = ["tree", "--package", "doorbell-tray", "--target", "x86_64-unknown-linux-gnu", "--edges", "normal", "--prefix", "none"];
    let tree = tool::read(&mut cargo(&args)?)?;
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    let heavy = |name: &&str| name.starts_with("gtk") || name.starts_with("webkit") || ["gdk", "tauri", "tao", "wry"].contains(name);
    match names.into_iter().find(heavy) {
        Some(name) => bail!("doorbell-tray depends on {name}; `cargo tree --package doorbell-tray --invert {name}` says through what"),
        None => Ok(()),
    }
}

fn ensure_cargo_deny() -> Result<()> {
    if tool::read(&mut cargo(&["deny", "--version"])?).is_ok() {
        return Ok(());
    }
    eprintln!("installing cargo-deny, which takes a minute or two");
    tool::run(&mut cargo(&["install", "cargo-deny", "--version", CARGO_DENY, "--locked", "--debug"])?)
}

/// What is known about weaknesses of dependencies.
enum Advisories {
    /// There are none.
    None,
    /// Their database could not be fetched. No failure: a machine without a network is not at fault.
    Unknown,
}

fn advisories() -> Result<Advisories> {
    let output = cargo(&["deny", "check", "advisories"])?.output().context("cannot start cargo deny")?;
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.success() {
        true => Ok(Advisories::None),
        false if said.contains("failed to fetch advisory database") => Ok(Advisories::Unknown),
        false => bail!("{said}"),
    }
}
