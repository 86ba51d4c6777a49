//! `cargo xtask run`: the app on the desktop of whoever calls, or on a virtual one where there is none.

use anyhow::Result;

use crate::{
    build::{self, program},
    demo, packages,
    phases::Phases,
    tool,
};

pub(crate) fn run() -> Result<()> {
    if !has_display() {
        eprintln!("There is no display here, so this runs the demo on a virtual desktop.");
        return demo::demo();
    }
    let mut phases = Phases::of("run");
    build::page(&mut phases, &[packages::BUILD])?;
    build::programs(&mut phases)?;
    phases.finish();
    eprintln!("Doorbell is in the tray. Quit it from its menu, or with Ctrl+C. In another terminal, start a job:");
    eprintln!("  {} run -- sleep 10", tool::typed(&program("doorbell")?));
    eprintln!("`cargo xtask install` puts app and command in place for you, so that `doorbell` is enough.");
    tool::run(&mut tool::tool(&program("doorbell-tray")?.to_string_lossy(), &[])?)
}

fn has_display() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("WAYLAND_DISPLAY") || set("DISPLAY")
}
