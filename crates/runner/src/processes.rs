//! What the system says about processes: the group, the session and the parent of each.
//!
//! A group or session that began outside our container (our pid namespace) has no number here: the kernel
//! says 0. For `rustix` that cannot be, so `nix` asks.

use rustix::process::Pid;

/// Our process group; none when it began outside.
pub(crate) fn our_group() -> Option<Pid> {
    numbered(nix::unistd::getpgrp())
}

/// The group of a process; none when it began outside, or the process is gone.
pub(crate) fn group_of(process: Pid) -> Option<Pid> {
    nix::unistd::getpgid(Some(for_nix(process))).ok().and_then(numbered)
}

/// Our session; none when it began outside.
pub(crate) fn our_session() -> Option<Pid> {
    nix::unistd::getsid(None).ok().and_then(numbered)
}

/// The session of a process; none when it began outside, or the process is gone.
pub(crate) fn session_of(process: Pid) -> Option<Pid> {
    nix::unistd::getsid(Some(for_nix(process))).ok().and_then(numbered)
}

/// The parent of a process. Known on Linux only.
pub(crate) fn parent_of(process: Pid) -> Option<Pid> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).ok()?;
    // The name stands in parentheses and may contain anything.
    let (_, rest) = stat.rsplit_once(") ")?;
    Pid::from_raw(rest.split(' ').nth(1)?.parse().ok()?)
}

/// The children of a process.
#[cfg(target_os = "linux")]
pub(crate) fn children_of(process: Pid) -> Vec<Pid> {
    let threads = std::fs::read_dir(format!("/proc/{}/task", process.as_raw_pid())).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<i32>>())
        .filter_map(Pid::from_raw)
        .collect()
}

fn for_nix(process: Pid) -> nix::unistd::Pid {
    nix::unistd::Pid::from_raw(process.as_raw_pid())
}

fn numbered(id: nix::unistd::Pid) -> Option<Pid> {
    Pid::from_raw(id.as_raw())
}
