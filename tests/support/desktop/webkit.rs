//! The processes that webviews cost, found from the outside.

use std::{collections::HashMap, fs};

/// Descendants of `pid` that render web pages.
#[must_use]
pub fn web_processes_of(pid: u32) -> Vec<u32> {
    let parents = parents();
    let descends = |mut child: u32| {
        while let Some((parent, _)) = parents.get(&child) {
            if *parent == pid {
                return true;
            }
            child = *parent;
        }
        false
    };
    // The kernel cuts names to 15 characters.
    let renders = |name: &str| name.starts_with("WebKitWebProces");
    parents.iter().filter(|(child, (_, name))| renders(name) && descends(**child)).map(|(child, _)| *child).collect()
}

/// Parent and name of every process.
fn parents() -> HashMap<u32, (u32, String)> {
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid: u32| {
        // pid (name) state parent …: the name may have spaces and brackets itself.
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (start, rest) = stat.rsplit_once(')')?;
        let parent = rest.split_whitespace().nth(1)?.parse().ok()?;
        Some((pid, (parent, start.split_once('(')?.1.to_owned())))
    })
    .collect()
}
