//! File descriptors: a connection takes one, and the usual bound of a process is 1,024 of them.
//!
//! Without more, `accept` and the logs, which open files, would fail at about 1,000 listeners. So the soft
//! bound is raised to what is needed, and no further, although the hard one may allow a million: the commands
//! of jobs inherit it, and some programs close every descriptor they might have before they do anything,
//! which takes seconds for a million.

/// Kept free for the database, the logs and whatever else the process does.
#[cfg(unix)]
const OTHERS: u64 = 256;

/// Makes room for `wanted` connections, as far as the system allows, and says how many there is room for.
#[cfg(unix)]
pub(crate) fn make_room(wanted: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let needed = (wanted as u64).saturating_add(OTHERS);
    let current = match raised(needed, current, maximum) {
        None => current,
        Some(raised) => match setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum }) {
            Ok(()) => Some(raised),
            Err(error) => {
                tracing::warn!(%error, "could not raise the bound of open files");
                current
            }
        },
    };
    let room = room(current, wanted);
    if room < wanted {
        tracing::warn!(connections = room, "the bound of open files leaves room for few connections; raise it (ulimit -Hn, LimitNOFILE)");
    }
    room
}

/// Makes room for `wanted` connections; sockets are no files here.
#[cfg(not(unix))]
pub(crate) fn make_room(wanted: usize) -> usize {
    wanted
}

/// The soft bound to set, if that changes anything. `None` is no bound.
#[cfg(unix)]
fn raised(needed: u64, soft: Option<u64>, hard: Option<u64>) -> Option<u64> {
    let raised = hard.map_or(needed, |hard| hard.min(needed));
    soft.filter(|soft| *soft < raised).map(|_| raised)
}

/// How many connections fit below the soft bound. Half of a very low one is left to others.
#[cfg(unix)]
fn room(soft: Option<u64>, wanted: usize) -> usize {
    let Some(soft) = soft else { return wanted };
    usize::try_from(soft - OTHERS.min(soft / 2)).map_or(wanted, |room| room.min(wanted))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_soft_bound_is_raised_to_what_is_needed_or_to_what_is_allowed() {
        assert_eq!(raised(16_640, Some(1_024), Some(1_048_576)), Some(16_640));
        assert_eq!(raised(16_640, Some(1_024), None), Some(16_640));
        assert_eq!(raised(16_640, Some(1_024), Some(4_096)), Some(4_096));
        for (soft, hard) in [(Some(4_096), Some(4_096)), (Some(20_000), Some(50_000)), (None, None)] {
            assert_eq!(raised(16_640, soft, hard), None, "{soft:?} {hard:?}");
        }
    }

    #[test]
    fn connections_leave_room_for_others() {
        for (soft, fit) in
            [(None, 16_384), (Some(50_000), 16_384), (Some(16_640), 16_384), (Some(1_024), 768), (Some(256), 128), (Some(0), 0)]
        {
            assert_eq!(room(soft, 16_384), fit, "{soft:?}");
        }
    }
}
