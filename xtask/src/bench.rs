//! `cargo xtask bench`: what the hub costs, of the program as it is shipped.

use anyhow::{Result, bail};

use crate::{
    build::{released, target},
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
    let released = released()?;
    phases.phase("measures", || {
        let mut bench = tool::tool(&released.join("doorbell-bench").to_string_lossy(), &[])?;
        tool::run(bench.arg(released.join("doorbell")).arg(target()?.join("bench")))
    })?;
    phases.finish();
    Ok(())
}
