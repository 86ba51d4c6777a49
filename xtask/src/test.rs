//! `cargo xtask test`: everything that can fail by itself.

use anyhow::Result;

use crate::{
    build, packages,
    phases::Phases,
    tool::{self, cargo, npm},
};

pub(crate) fn test() -> Result<()> {
    let mut phases = Phases::of("test");
    build::page(&mut phases, &[packages::BUILD, packages::DESKTOP, packages::NETWORK, packages::SCREEN, packages::SHELLS])?;
    phases.phase("panel: tests", || tool::run(&mut npm(&["test"])?))?;
    // The whole-system and desktop tests start the programs themselves.
    build::programs(&mut phases)?;
    // A test that fails says why in a sentence; where the error was made is of no use.
    phases.phase("tests", || tool::run(cargo(&["test", "--workspace"])?.env("RUST_LIB_BACKTRACE", "0")))?;
    if !cfg!(target_os = "linux") {
        phases.note("not tested: the app on a desktop, because the virtual desktop needs Linux");
    }
    phases.finish();
    Ok(())
}
