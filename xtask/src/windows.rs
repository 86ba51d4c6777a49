//! `cargo xtask windows`: what can be known of Windows on Linux. The command and its unit tests are built for it, and they run
//! under Wine.
//!
//! The usual toolchain has no standard library for Windows, and none can be fetched where only package registries are reached. Debian has
//! a newer one with its source, so the library is built, too.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{
    packages,
    phases::Phases,
    tool::{self, tool},
};

const TARGET: &str = "x86_64-pc-windows-gnu";
const CC: &str = "x86_64-w64-mingw32-gcc";
/// Debian's, whatever else is in `PATH`.
const CARGO: &str = "/usr/bin/cargo";
const RUSTC: &str = "/usr/bin/rustc";
const RUSTDOC: &str = "/usr/bin/rustdoc";
/// From `rust-web-src`. What programs for Windows begin and end with: cargo builds the standard library, but not these.
const STARTUP: &str = "/usr/lib/rustlib/src/rust/library/rtstartup";
/// Libraries that Wine lacks: their sources in `xtask/wine`, and what they are linked with.
const FOR_WINE: [(&str, &[&str]); 2] = [("bcryptprimitives", &["-ladvapi32"]), ("conpty", &[])];

pub(crate) fn windows() -> Result<()> {
    if !cfg!(target_os = "linux") {
        bail!("this builds for Windows on Debian; on Windows itself, use cargo test");
    }
    let mut phases = Phases::of("windows");
    phases.phase("system packages", || packages::ensure(&[packages::WINDOWS]))?;
    if !Path::new(STARTUP).exists() {
        bail!("this needs Debian's rust-web-src, or what is there called so, with its source in {STARTUP}");
    }
    let folder = Folder(tool::root()?.join("target/windows"));
    phases.phase("startup objects", || folder.build_startup())?;
    phases.phase("programs and tests", || tool::run(folder.tests()?.arg("--no-run")))?;
    phases.phase("libraries for Wine", || folder.build_libraries())?;
    // One by one: beside others, the test of the pseudo console has once hung under Wine, for a reason that nobody knows.
    phases.phase("tests under Wine", || tool::run(folder.tests()?.args(["--", "--test-threads", "1"])))?;
    phases.note("not tested: Windows itself, which differs from Wine most in its consoles");
    phases.finish();
    Ok(())
}

/// Where all of it is built: apart from the rest, whose compiler is another.
struct Folder(PathBuf);

impl Folder {
    fn startup(&self) -> PathBuf {
        self.0.join("startup")
    }

    fn build_startup(&self) -> Result<()> {
        let folder = self.startup();
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        for name in ["rsbegin", "rsend"] {
            let mut rustc = debian(RUSTC)?;
            rustc.args(["--target", TARGET, "--emit=obj", "-o"]).arg(folder.join(name).with_extension("o"));
            tool::run(rustc.arg(Path::new(STARTUP).join(name).with_extension("rs")))?;
        }
        Ok(())
    }

    /// Beside the tests, where programs look first.
    fn build_libraries(&self) -> Result<()> {
        for (name, linked) in FOR_WINE {
            let library = self.0.join(TARGET).join("debug/deps").join(name).with_extension("dll");
            let mut cc = tool(CC, &["-O1", "-shared", "-o"])?;
            tool::run(cc.arg(library).arg(format!("xtask/wine/{name}.c")).args(linked))?;
        }
        Ok(())
    }

    fn tests(&self) -> Result<Command> {
        let mut cargo = debian(CARGO)?;
        cargo.args([
            "test",
            "-Z",
            "build-std",
            "--locked",
            "--target",
            TARGET,
            "-p",
            "doorbell-runner",
            "-p",
            "doorbell-cli",
            "--lib",
            "--bins",
        ]);
        cargo.env("RUSTC", RUSTC).env("RUSTDOC", RUSTDOC).env("CARGO_TARGET_DIR", &self.0);
        let mut flags = std::ffi::OsString::from("-L native=");
        flags.push(self.startup());
        cargo.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUSTFLAGS", flags);
        cargo.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", CC);
        cargo.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", "wine");
        // Without its own complaints, most of which are about a missing display.
        cargo.env("WINEPREFIX", self.0.join("wine")).env("WINEDEBUG", "-all");
        Ok(cargo)
    }
}

/// A program of Debian's toolchain, without what the usual one has told us about itself. It takes unstable options: to build the
/// standard library is one.
fn debian(program: &str) -> Result<Command> {
    let mut command = tool(program, &[])?;
    command.env_remove("CARGO").env_remove("LD_LIBRARY_PATH").env("RUSTC_BOOTSTRAP", "1");
    Ok(command)
}
