//! All that a command has started, where no process group of its own says so. Linux tells who has started
//! whom; elsewhere none are found, and the command is stopped alone.

use rustix::process::Signal;

/// The processes, held so that none of them can be taken for another later.
#[derive(Default)]
pub(super) struct Descendants {
    #[cfg(target_os = "linux")]
    processes: Vec<std::os::fd::OwnedFd>,
}

impl Descendants {
    /// The children of a process, theirs, and so on. Not found are those that start meanwhile, and those
    /// whose parent has ended.
    #[cfg(target_os = "linux")]
    pub(super) fn of(ancestor: rustix::process::Pid) -> Self {
        use rustix::process::{PidfdFlags, pidfd_open};

        use crate::processes::{children_of, parent_of};

        let (mut processes, mut parents) = (Vec::new(), vec![ancestor]);
        while let Some(parent) = parents.pop() {
            for child in children_of(parent) {
                let Ok(process) = pidfd_open(child, PidfdFlags::empty()) else { continue };
                // Its number may have gone to another process just now.
                if parent_of(child) == Some(parent) {
                    processes.push(process);
                    parents.push(child);
                }
            }
        }
        Self { processes }
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn of(_: rustix::process::Pid) -> Self {
        Self::default()
    }

    pub(super) fn send(&self, signal: Signal) {
        #[cfg(target_os = "linux")]
        for process in &self.processes {
            // It may have ended by itself.
            let _ = rustix::process::pidfd_send_signal(process, signal);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = signal;
    }
}
