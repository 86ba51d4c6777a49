//! `cargo xtask bench`: what hub, command and app cost, of the programs as they are shipped.

use anyhow::{Result, bail};

use crate::{
    build::{self, released, target},
    packages,
    phases::Phases,
    tool::{self, cargo},
};

pub(crate) fn bench() -> Result<()> {
    if !cfg!(target_os = "linux") {
        bail!("the measures read /proc, which only Linux has");
    }
    let mut phases = Phases::of("bench");
    build::page(&mut phases, &[packages::BUILD, packages::DESKTOP, packages::BENCH])?;
    phases.phase("programs", || {
        let packages = ["doorbell-cli", "doorbell-tray", "doorbell-panel", "doorbell-bare-window", "doorbell-bench"];
        let named = packages.iter().flat_map(|package| ["--package", package]);
        tool::run(cargo(&["build", "--release"])?.args(named))
    })?;
    let released = released()?;
    phases.phase("measures", || {
        let mut bench = tool::tool(&released.join("doorbell-bench").to_string_lossy(), &[])?;
        tool::run(bench.arg(released.join("doorbell")).arg(target()?.join("bench")))
    })?;
    phases.finish();
    Ok(())
}
