//! No two modules of a crate use each other in a circle, neither as files nor as folders with all that is in
//! them. Whoever wants to read, test or replace one of them would need the other.
//!
//! # Layout
//! - `lexemes`: source as words and signs · `source`: what a file says about modules · `package`: who uses
//!   whom · `graph`: circles

mod graph;
mod lexemes;
mod package;
mod source;

use std::{fmt::Write, path::PathBuf};

use anyhow::{Result, bail};

use self::{
    graph::{Circle, circles},
    package::{Name, Package},
};
use crate::tool::root;

/// Circles that there may be. The list can only shrink: one that is not there as it says here is an error,
/// too.
const ALLOWED: [Allowed; 1] = [Allowed {
    crate_folder: "crates/cli",
    members: &["args", "verbs"],
    reason: "`doorbell man` prints pages of what clap makes of all verbs",
}];

struct Allowed {
    crate_folder: &'static str,
    /// By their names, in order.
    members: &'static [&'static str],
    reason: &'static str,
}

/// Fails when there is another circle than those that are allowed.
pub(crate) fn check() -> Result<()> {
    let mut message = String::new();
    let mut seen: Vec<(String, Vec<String>)> = Vec::new();
    for (folder, file) in crates()? {
        for circle in circles(&Package::read(&file)?.uses()) {
            let members: Vec<String> = circle.members.iter().map(shown).collect();
            if !ALLOWED.iter().any(|allowed| allowed.crate_folder == folder && allowed.members == members) {
                message += &told(&folder, &members, &circle);
            }
            seen.push((folder.clone(), members));
        }
    }
    for Allowed { crate_folder, members, reason } in ALLOWED {
        if !seen.iter().any(|(folder, seen)| folder == crate_folder && seen == members) {
            writeln!(message, "{crate_folder}: {} are no such circle any more; take it off the list ({reason})", members.join(", "))?;
        }
    }
    if !message.is_empty() {
        bail!("modules use each other in a circle; move what both need to where both can reach it\n{message}");
    }
    Ok(())
}

/// The folders of the workspace's crates, and the files that are their roots. Crates of tests are not among
/// them.
fn crates() -> Result<Vec<(String, PathBuf)>> {
    let root = root()?;
    let mut folders = vec!["src-tauri".to_owned(), "xtask".to_owned()];
    for entry in std::fs::read_dir(root.join("crates"))? {
        folders.push(format!("crates/{}", entry?.file_name().to_string_lossy()));
    }
    folders.sort();
    let roots = folders.into_iter().flat_map(|folder| {
        let file = |name| root.join(&folder).join("src").join(name);
        let files = ["lib.rs", "main.rs"].map(file);
        files.into_iter().filter(|file| file.exists()).map(move |file| (folder.clone(), file)).collect::<Vec<_>>()
    });
    Ok(roots.collect())
}

fn told(folder: &str, members: &[String], circle: &Circle) -> String {
    let mut told = format!("{folder}: {}\n", members.join(", "));
    for found in &circle.uses {
        told += &format!("    {}, line {}, uses {}\n", shown(&found.from), found.line, shown(&found.to));
    }
    told
}

/// The root of a crate has no name.
fn shown(name: &Name) -> String {
    if name.is_empty() { "the root".to_owned() } else { name.join("::") }
}
