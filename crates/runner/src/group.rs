//! Which process group and which session processes are in.
//!
//! A group or session that began outside our container (our pid namespace) has no number here: the kernel says 0. For `rustix` that
//! cannot be, so `nix` asks.

use rustix::process::Pid;

/// Our group; none when it began outside.
pub(crate) fn ours() -> Option<Pid> {
    inside(nix::unistd::getpgrp())
}

/// The group of a process; none when it began outside, or the process is gone.
pub(crate) fn of(process: Pid) -> Option<Pid> {
    nix::unistd::getpgid(Some(outward(process))).ok().and_then(inside)
}

/// Our session; none when it began outside.
pub(crate) fn our_session() -> Option<Pid> {
    nix::unistd::getsid(None).ok().and_then(inside)
}

/// The session of a process; none when it began outside, or the process is gone.
pub(crate) fn session_of(process: Pid) -> Option<Pid> {
    nix::unistd::getsid(Some(outward(process))).ok().and_then(inside)
}

fn outward(process: Pid) -> nix::unistd::Pid {
    nix::unistd::Pid::from_raw(process.as_raw_pid())
}

fn inside(id: nix::unistd::Pid) -> Option<Pid> {
    Pid::from_raw(id.as_raw())
}
