//! The tray icon and its menu, as plain values.

use doorbell_protocol::{Job, JobId};

use crate::{Connection, words};

/// Jobs in the menu; more are counted in one line.
const MENU_JOBS: usize = 8;
/// Longest job name in the menu, in characters.
const MENU_NAME: usize = 40;

/// All that the tray shows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TrayView {
    /// Drawn into the icon.
    pub badge: Badge,
    /// Shown when the pointer rests on the icon.
    pub tooltip: String,
    /// From top to bottom.
    pub menu: Vec<MenuEntry>,
}

/// What the icon says.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Badge {
    /// How many jobs run.
    pub running: u32,
    /// Whether that can be trusted.
    pub trust: Trust,
}

/// Whether a figure is known to be right.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Trust {
    /// The feed is live, or the hub is asked every few seconds.
    Live,
    /// It was right once.
    Stale,
}

/// A line of the menu.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum MenuEntry {
    /// Text that cannot be chosen.
    Label(String),
    /// A running job, by its name; opens the panel.
    Job(JobId, String),
    /// Does something.
    Action(Action),
    /// A line between groups.
    Separator,
}

/// What the menu can do.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Action {
    /// Opens the panel.
    OpenPanel,
    /// Queues the built-in test job.
    RunTestJob,
    /// Ends the app.
    Quit,
}

impl Badge {
    /// The digits in the icon: none for 0, at most `99+`.
    #[must_use]
    pub fn text(self) -> Option<String> {
        match self.running {
            0 => None,
            running @ 1..=99 => Some(running.to_string()),
            100.. => Some("99+".to_owned()),
        }
    }
}

impl Action {
    /// Every action, in the order of the menu.
    pub const ALL: [Self; 3] = [Self::OpenPanel, Self::RunTestJob, Self::Quit];

    /// Words in the menu.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::OpenPanel => "Open panel",
            Self::RunTestJob => "Run a test job",
            Self::Quit => "Quit Doorbell",
        }
    }
}

pub(crate) fn view(connection: &Connection, running: u32, jobs: &[Job]) -> TrayView {
    let trust = match connection {
        Connection::Live | Connection::Polled { .. } => Trust::Live,
        Connection::Connecting | Connection::Offline { .. } | Connection::Refused { .. } => Trust::Stale,
    };
    let status = match connection {
        Connection::Live => words::jobs_running(running),
        Connection::Polled { .. } => format!("{} · checked every few seconds", words::jobs_running(running)),
        Connection::Connecting => "Connecting…".to_owned(),
        Connection::Offline { .. } if running == 0 => "Offline".to_owned(),
        Connection::Offline { .. } => format!("Offline · {} when last seen", words::jobs_running(running)),
        Connection::Refused { .. } => "The hub does not accept this app".to_owned(),
    };
    let tooltip = format!("Doorbell · {status}");
    let mut menu = vec![MenuEntry::Label(status)];
    let named = jobs.iter().take(MENU_JOBS);
    // The hub may have cut its list short, but not its count.
    let more = running.saturating_sub(u32::try_from(named.len()).unwrap_or(u32::MAX));
    menu.extend(named.map(|job| MenuEntry::Job(job.id, words::cut(&job.name, MENU_NAME))));
    if more > 0 {
        menu.push(MenuEntry::Label(format!("and {more} more")));
    }
    menu.push(MenuEntry::Separator);
    menu.extend([MenuEntry::Action(Action::OpenPanel), MenuEntry::Action(Action::RunTestJob), MenuEntry::Separator]);
    menu.push(MenuEntry::Action(Action::Quit));
    TrayView { badge: Badge { running, trust }, tooltip, menu }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::job;

    #[test]
    fn a_badge_has_at_most_three_characters() {
        let text = |running| Badge { running, trust: Trust::Live }.text();
        assert_eq!(text(0), None);
        assert_eq!(text(7).as_deref(), Some("7"));
        assert_eq!(text(99).as_deref(), Some("99"));
        assert_eq!(text(100).as_deref(), Some("99+"));
    }

    #[test]
    fn a_menu_has_eight_jobs_and_counts_the_rest() {
        let jobs: Vec<Job> = (0..11).map(|n| Job { name: "x".repeat(50), ..job(n) }).collect();
        let view = view(&Connection::Live, 11, &jobs);
        let named = view.menu.iter().filter(|entry| matches!(entry, MenuEntry::Job(_, name) if name.chars().count() == MENU_NAME));
        assert_eq!(named.count(), MENU_JOBS);
        assert!(view.menu.contains(&MenuEntry::Label("and 3 more".to_owned())));
    }

    #[test]
    fn every_action_is_in_every_menu() {
        let since = doorbell_protocol::Timestamp::EPOCH;
        for connection in [
            Connection::Connecting,
            Connection::Live,
            Connection::Offline { since, reason: String::new() },
            Connection::Polled { since, reason: String::new() },
            Connection::Refused { reason: String::new() },
        ] {
            let menu = view(&connection, 0, &[]).menu;
            assert!(Action::ALL.iter().all(|action| menu.contains(&MenuEntry::Action(*action))), "{connection:?}");
        }
    }

    #[test]
    fn a_count_that_may_be_old_says_so() {
        let offline = Connection::Offline { since: doorbell_protocol::Timestamp::EPOCH, reason: "gone".to_owned() };
        let view = view(&offline, 2, &[]);
        assert_eq!(view.badge, Badge { running: 2, trust: Trust::Stale });
        assert_eq!(view.tooltip, "Doorbell · Offline · 2 jobs running when last seen");
    }
}
