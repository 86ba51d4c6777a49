//! The project's own commands. `cargo xtask --help` says what there is.
//!
//! # Layout
//! - one file a command: [`run`], [`install`], [`test`], [`check`], [`circles`], [`demo`], [`bench`], [`bindings`], [`windows`]
//! - [`phases`]: steps with a name and a time · [`tool`]: starting other programs
//! - what commands need: [`packages`] of the system, [`node`] and the panel's page, [`build`] of the programs
//!
//! Nothing but `anyhow`, so that the first command in a fresh clone starts within seconds.

mod bench;
mod bindings;
mod build;
mod check;
mod circles;
mod demo;
mod install;
mod node;
mod packages;
mod phases;
mod run;
mod test;
mod tool;
mod windows;

use std::process::ExitCode;

const HELP: &str = "\
The project's own commands.

Usage: cargo xtask <COMMAND>

Commands:
  run       Build and start the app. Without a display: the same as demo
  install   Put app and command in place for this user, and say where; --remove takes them away again
  test      Build and test everything: units, whole system, panel, and the app on a virtual desktop
  check     Formatting, lints, types, circles, generated bindings, licences and advisories
  circles   Modules of a crate that use each other in a circle; a part of check
  demo      Run the main job on a virtual desktop and put pictures of it into target/demo/
  bench     Measure what hub, command and app cost, next to nginx with nchan and a bare Tauri window; figures in target/bench/
  bindings  Generate ui/src/bindings and docs/openapi.json from the Rust types
  windows   Build the command and its unit tests for Windows, and run these under Wine

Each command installs the Debian packages it needs when it runs as root, and says which are missing otherwise.
Those that build the panel's page also need Node.js, at least version 20.19, with npm.
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let command = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["run"] => run::run,
        ["install"] => install::install,
        ["install", "--remove"] => install::remove,
        ["test"] => test::test,
        ["check"] => check::check,
        ["demo"] => demo::demo,
        ["bench"] => bench::bench,
        ["bindings"] => bindings::bindings,
        ["windows"] => windows::windows,
        ["circles"] => circles::check,
        ["-h" | "--help" | "help"] => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        [] => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
        ref unknown => {
            eprintln!("xtask: there is no command \"{}\"; see cargo xtask --help", unknown.join(" "));
            return ExitCode::from(2);
        }
    };
    match command() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
