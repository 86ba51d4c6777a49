//! All that a command has started, where no process group of its own says so. Linux tells who has started whom; elsewhere the
//! command is alone.

use rustix::process::Signal;

/// The processes, held so that none of them can be taken for another later.
#[derive(Default)]
pub(super) struct Family {
    #[cfg(target_os = "linux")]
    members: Vec<std::os::fd::OwnedFd>,
}

impl Family {
    /// The children of a process, theirs, and so on. Who starts meanwhile, or was left behind by one that has ended, is not found.
    #[cfg(target_os = "linux")]
    pub(super) fn of(head: rustix::process::Pid) -> Self {
        use rustix::process::{PidfdFlags, pidfd_open};

        let (mut members, mut parents) = (Vec::new(), vec![head]);
        while let Some(parent) = parents.pop() {
            for child in children(parent) {
                let Ok(member) = pidfd_open(child, PidfdFlags::empty()) else { continue };
                // Its number may have gone to another one just now.
                if super::stop::parent_of(child) == Some(parent) {
                    members.push(member);
                    parents.push(child);
                }
            }
        }
        Self { members }
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn of(_: rustix::process::Pid) -> Self {
        Self::default()
    }

    pub(super) fn send(&self, signal: Signal) {
        #[cfg(target_os = "linux")]
        for member in &self.members {
            // It may have ended by itself.
            let _ = rustix::process::pidfd_send_signal(member, signal);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = signal;
    }
}

#[cfg(target_os = "linux")]
fn children(parent: rustix::process::Pid) -> Vec<rustix::process::Pid> {
    let threads = std::fs::read_dir(format!("/proc/{}/task", parent.as_raw_pid())).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<i32>>())
        .filter_map(rustix::process::Pid::from_raw)
        .collect()
}
