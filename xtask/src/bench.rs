//! `cargo xtask bench`: what the hub costs, of the program as it is shipped.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::{
    packages,
    phases::Phases,
    tool::{self, cargo},
};

pub(crate) fn bench() -> Result<()> {
    if !cfg!(target_os = "linux") {
        bail!("the measures read /proc, which only Linux has");
    }
    let mut phases = Phases::of("bench");
    phases.phase("system packages", || packages::ensure(&[packages::BENCH]))?;
    phases.phase("programs", || {
        tool::run(&mut cargo(&["build", "--release", "--package", "doorbell-cli", "--package", "doorbell-bench"])?)
    })?;
    let released = target()?.join("release");
    phases.phase("measures", || {
        let mut bench = tool::tool(&released.join("doorbell-bench").to_string_lossy(), &[])?;
        tool::run(bench.arg(released.join("doorbell")).arg(target()?.join("bench")))
    })?;
    phases.finish();
    Ok(())
}

/// Cargo's folder: this program is in its `debug`.
fn target() -> Result<PathBuf> {
    let me = std::env::current_exe().context("cannot find the folder of built programs")?;
    Ok(me.ancestors().nth(2).context("this program is in no folder of cargo's")?.to_owned())
}
