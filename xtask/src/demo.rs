//! `cargo xtask demo`: the main job on a virtual desktop, in pictures.

use anyhow::{Result, bail};

use crate::{
    build::{self, program},
    packages,
    phases::Phases,
    tool,
};

pub(crate) fn demo() -> Result<()> {
    if !cfg!(target_os = "linux") {
        bail!("the virtual desktop needs Linux; `cargo xtask run` starts the app on this one");
    }
    let mut phases = Phases::of("demo");
    build::page(&mut phases, &[packages::BUILD, packages::DESKTOP])?;
    build::programs(&mut phases)?;
    phases.phase("pictures", || tool::run(&mut tool::tool(&program("demo")?.to_string_lossy(), &["target/demo"])?))?;
    phases.finish();
    eprintln!("The command is {}; on your own desktop, `cargo xtask run` starts the app beside it.", tool::typed(&program("doorbell")?));
    eprintln!("`cargo xtask install` puts both in place for you.");
    Ok(())
}
