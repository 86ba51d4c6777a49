//! The programs, built.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{
    node, packages,
    phases::Phases,
    tool::{self, cargo},
};

/// Everything up to the built page: what even a look at the app's code needs, as the page becomes a part of it.
pub(crate) fn page(phases: &mut Phases, packages: &[&[&str]]) -> Result<()> {
    phases.phase("system packages", || packages::ensure(packages))?;
    phases.phase("panel: packages", node::ensure)?;
    phases.phase("panel: build", node::build)
}

/// Builds every program. In one call for the whole workspace: another selection would choose other features of the
/// dependencies and build them again. Without this program, which a running Windows would not let go of.
pub(crate) fn programs(phases: &mut Phases) -> Result<()> {
    phases.phase("programs", || tool::run(&mut cargo(&["build", "--workspace", "--exclude", "xtask"])?))
}

/// Cargo's folder: this program is in its `debug`.
pub(crate) fn target() -> Result<PathBuf> {
    let me = std::env::current_exe().context("cannot find the folder of built programs")?;
    Ok(me.ancestors().nth(2).context("this program is in no folder of cargo's")?.to_owned())
}

/// The folder of programs that were built as they are shipped.
pub(crate) fn released() -> Result<PathBuf> {
    Ok(target()?.join("release"))
}

/// A program that [`programs`] has built: it is beside this one.
pub(crate) fn program(name: &str) -> Result<PathBuf> {
    let me = std::env::current_exe().context("cannot find the folder of built programs")?;
    Ok(me.with_file_name(name).with_extension(std::env::consts::EXE_EXTENSION))
}
