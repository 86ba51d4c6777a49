//! The Debian packages that commands need, and how they come onto the machine.

use std::{collections::HashSet, process::Command};

use anyhow::{Result, bail};

use crate::tool;

/// To build all programs.
pub(crate) const BUILD: &[&str] = &["gcc", "libc6-dev", "librsvg2-dev", "libwebkit2gtk-4.1-dev", "pkg-config"];

/// For the virtual desktop: its parts, then what looks at them and drives them, then what makes its pictures legible.
pub(crate) const DESKTOP: &[&str] = &[
    "dbus-daemon",
    "dunst",
    "hsetroot",
    "openbox",
    "xfce4-panel",
    "xfconf",
    "xvfb",
    // xprop, xwininfo, xmessage
    "x11-utils",
    "imagemagick",
    "webkit2gtk-driver",
    "xdotool",
    // Where the demo runs its job.
    "xterm",
    "adwaita-icon-theme",
    "fonts-dejavu-core",
    "fonts-inter",
];

/// For the hub's test that cuts a cable, in a network of its own.
pub(crate) const NETWORK: &[&str] = &["iproute2", "nftables"];

/// For the tests of what the command line does in shells. Every system has bash.
pub(crate) const SHELLS: &[&str] = &["fish", "zsh"];

/// For the tests of full-screen programs under `doorbell run`: an editor, a pager, `top`.
pub(crate) const SCREEN: &[&str] = &["less", "procps", "vim-tiny"];

/// For the bench: what the hub is measured against.
pub(crate) const BENCH: &[&str] = &["libnginx-mod-nchan", "nginx-light"];

/// To build for Windows and run that. `rust-web-src` comes with a compiler of the same version; the one that the rest is built with is
/// rustup's, which these do not touch.
pub(crate) const WINDOWS: &[&str] = &["cargo-web", "gcc-mingw-w64-x86-64", "rust-web-src", "rustc-web", "wine", "wine64"];

/// Makes sure that the packages are installed.
///
/// Installs them as root on Debian; elsewhere on Debian, says what to type. On other systems it cannot tell what is there:
/// says what is needed and goes on.
pub(crate) fn ensure(wanted: &[&[&str]]) -> Result<()> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let wanted = wanted.concat();
    let Ok(known) = dpkg_query(&wanted) else {
        eprintln!("This is not Debian. If a later phase misses something, install what is there called {}", wanted.join(" "));
        return Ok(());
    };
    let missing = missing(&wanted, &known);
    if missing.is_empty() {
        return Ok(());
    }
    if tool::read(Command::new("id").arg("-u"))?.trim() != "0" {
        let missing = missing.join(" ");
        bail!("packages are missing; install them with\n  sudo apt-get update && sudo apt-get install --no-install-recommends {missing}");
    }
    eprintln!("installing {}", missing.join(" "));
    tool::run(&mut apt_get(&["update"])?)?;
    tool::run(apt_get(&["install", "--yes", "--no-install-recommends"])?.args(missing))
}

fn apt_get(args: &[&str]) -> Result<Command> {
    let mut command = tool::tool("apt-get", &["--quiet=2"])?;
    command.args(args).env("DEBIAN_FRONTEND", "noninteractive");
    Ok(command)
}

/// One line a known package, with its state. Packages that the system has never heard of are not an error.
fn dpkg_query(packages: &[&str]) -> Result<String, std::io::Error> {
    let output = Command::new("dpkg-query").args(["--show", "--showformat=${Package} ${db:Status-Status}\n"]).args(packages).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn missing<'a>(wanted: &[&'a str], known: &str) -> Vec<&'a str> {
    let installed: HashSet<&str> = known.lines().filter_map(|line| line.strip_suffix(" installed")).collect();
    wanted.iter().copied().filter(|package| !installed.contains(package)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_was_removed_or_never_heard_of_is_missing() {
        let known = "xvfb installed\ndunst config-files\nopenbox not-installed\n";
        assert_eq!(missing(&["xvfb", "dunst", "openbox", "xdotool"], known), ["dunst", "openbox", "xdotool"]);
    }
}
