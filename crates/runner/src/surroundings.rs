//! What a command inherits beside its variables and its folder: the mask of its new files, and its soft limits.
//!
//! A worker may have others than the shell in which a job was queued: a hub raises its bound of open files, a service manager sets its
//! own. There is no such thing on Windows.

use std::{collections::BTreeMap, io, process::Child};

use doorbell_protocol::{jobs::Task, limits};

/// The mask and the limits that a task brings.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Surroundings {
    /// The file mode bits that new files do not get; the worker's own when left out.
    pub umask: Option<u32>,
    /// Soft limits by the names of [`Task::ULIMITS`]; `None` is no limit.
    pub ulimits: BTreeMap<String, Option<u64>>,
}

#[cfg(unix)]
mod unix {
    use rustix::{
        fs::Mode,
        process::{Resource, Rlimit, getrlimit, setrlimit, umask},
    };

    use super::{Child, Surroundings, Task, io, limits};

    impl Surroundings {
        /// Those of this process. Other threads should not make files meanwhile.
        #[must_use]
        pub fn here() -> Self {
            let ulimits = Task::ULIMITS.into_iter().filter_map(|name| Some((name.to_owned(), soft(resource(name)?)))).collect();
            Self { umask: Some(mask()), ulimits }
        }

        /// Starts a command in them. This process has them as well, until the command runs.
        pub(crate) fn start(&self, start: impl FnOnce() -> io::Result<Child>) -> io::Result<Child> {
            let umask_before = self.umask.map(|mask| umask(mode(mask)));
            let (bounds, tight) = self.bounds().partition::<Vec<_>, _>(|(resource, limit)| has_room(*resource, *limit));
            let before: Vec<_> = bounds.into_iter().filter_map(|(resource, limit)| Some((resource, lower(resource, limit)?))).collect();
            let child = start();
            for (resource, limit) in before {
                set(resource, limit);
            }
            if let Some(before) = umask_before {
                umask(before);
            }
            let child = child?;
            for (resource, limit) in tight {
                bound(&child, resource, limit);
            }
            Ok(child)
        }

        fn bounds(&self) -> impl Iterator<Item = (Resource, Option<u64>)> {
            self.ulimits.iter().filter_map(|(name, limit)| Some((resource(name)?, *limit)))
        }
    }

    fn resource(name: &str) -> Option<Resource> {
        Some(match name {
            "as" => Resource::As,
            "core" => Resource::Core,
            "cpu" => Resource::Cpu,
            "data" => Resource::Data,
            "fsize" => Resource::Fsize,
            "memlock" => Resource::Memlock,
            "nofile" => Resource::Nofile,
            "nproc" => Resource::Nproc,
            "stack" => Resource::Stack,
            _ => return None,
        })
    }

    /// Whether this process can do what it must under this limit. With less memory than it has already it could start nothing, so such a
    /// limit is set at once when the command is there.
    fn has_room(resource: Resource, limit: Option<u64>) -> bool {
        /// For a thread or two, and for the start.
        const ROOM: u64 = 256 * 1024 * 1024;

        let is_of_memory = matches!(resource, Resource::As | Resource::Data);
        !is_of_memory || limit.is_none_or(|limit| own_memory().is_some_and(|own| own + ROOM < limit))
    }

    /// Bytes of addresses that this process has in use.
    #[cfg(target_os = "linux")]
    fn own_memory() -> Option<u64> {
        let pages: u64 = std::fs::read_to_string("/proc/self/statm").ok()?.split_whitespace().next()?.parse().ok()?;
        u64::try_from(rustix::param::page_size()).ok()?.checked_mul(pages)
    }

    #[cfg(not(target_os = "linux"))]
    fn own_memory() -> Option<u64> {
        None
    }

    pub(super) fn soft(resource: Resource) -> Option<u64> {
        getrlimit(resource).current.map(|limit| limit.min(limits::COUNT))
    }

    /// The soft limit that comes as near to `wanted` as the hard one allows.
    fn nearest(wanted: Option<u64>, hard: Option<u64>) -> Option<u64> {
        match (wanted, hard) {
            (Some(wanted), Some(hard)) => Some(wanted.min(hard)),
            (wanted, hard) => wanted.or(hard),
        }
    }

    /// Sets the soft limit and gives what it was, unless it stays.
    fn lower(resource: Resource, wanted: Option<u64>) -> Option<Option<u64>> {
        let Rlimit { current, maximum } = getrlimit(resource);
        let wanted = nearest(wanted, maximum);
        (wanted != current).then(|| {
            set(resource, wanted);
            current
        })
    }

    fn set(resource: Resource, limit: Option<u64>) {
        let Rlimit { maximum, .. } = getrlimit(resource);
        if let Err(error) = setrlimit(resource, Rlimit { current: limit, maximum }) {
            tracing::debug!(?resource, %error, "a limit stays as it is");
        }
    }

    #[cfg(target_os = "linux")]
    fn bound(child: &Child, resource: Resource, wanted: Option<u64>) {
        use rustix::process::{Pid, prlimit};

        let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return };
        let Rlimit { maximum, .. } = getrlimit(resource);
        if let Err(error) = prlimit(Some(pid), resource, Rlimit { current: nearest(wanted, maximum), maximum }) {
            tracing::debug!(?resource, %error, "a limit stays as it is");
        }
    }

    /// Nothing but Linux sets a limit of another process.
    #[cfg(not(target_os = "linux"))]
    fn bound(_child: &Child, _resource: Resource, _wanted: Option<u64>) {}

    /// It can only be read by setting it.
    fn mask() -> u32 {
        let mask = umask(Mode::RWXG | Mode::RWXO);
        umask(mask);
        bits(mask)
    }

    #[cfg(target_os = "linux")]
    fn bits(mask: Mode) -> u32 {
        mask.as_raw_mode()
    }

    #[cfg(target_os = "linux")]
    fn mode(mask: u32) -> Mode {
        Mode::from_raw_mode(mask)
    }

    /// Elsewhere such a number is shorter.
    #[cfg(not(target_os = "linux"))]
    fn bits(mask: Mode) -> u32 {
        u32::from(mask.as_raw_mode())
    }

    #[cfg(not(target_os = "linux"))]
    fn mode(mask: u32) -> Mode {
        Mode::from_raw_mode(u16::try_from(mask).unwrap_or_default())
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn no_limit_is_above_the_hard_one() {
            for (wanted, hard, soft) in [
                (Some(10), Some(20), Some(10)),
                (Some(30), Some(20), Some(20)),
                (None, Some(20), Some(20)),
                (Some(10), None, Some(10)),
                (None, None, None),
            ] {
                assert_eq!(nearest(wanted, hard), soft);
            }
        }

        #[test]
        fn every_limit_that_a_task_may_bring_is_one_of_the_systems() {
            assert!(Task::ULIMITS.into_iter().all(|name| resource(name).is_some()));
        }
    }
}

#[cfg(not(unix))]
impl Surroundings {
    /// There are none.
    #[must_use]
    pub fn here() -> Self {
        Self::default()
    }
}

impl Surroundings {
    /// Those that `task` brings, with this bound of open files when it brings none.
    pub(crate) fn of(task: &Task, open_files: Option<u64>) -> Self {
        let mut ulimits = task.ulimits.clone();
        if let Some(open_files) = open_files.filter(|_| task.ulimits.is_empty()) {
            ulimits.insert("nofile".to_owned(), Some(open_files));
        }
        Self { umask: task.umask, ulimits }
    }

    /// How many files this process may have open at once, before it is asked for more.
    #[must_use]
    pub fn open_files() -> Option<u64> {
        #[cfg(unix)]
        return unix::soft(rustix::process::Resource::Nofile);
        #[cfg(not(unix))]
        return None;
    }
}
