//! The tray icon and its menu, as plain values.

use doorbell_protocol::JobId;

use crate::{Connection, HubId, Total, words};

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
    /// Says that jobs wait for an answer; opens the panel.
    Question(String),
    /// Text that cannot be chosen.
    Label(String),
    /// A running job, by its name; opens the panel.
    Job(HubId, JobId, String),
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

pub(crate) fn view(total: &Total<'_>) -> TrayView {
    let (waiting, status) = (words::waiting(total.waiting), status(total));
    let tooltip = ["Doorbell"].into_iter().chain(waiting.as_deref()).chain([status.as_str()]).collect::<Vec<_>>().join(" · ");
    // What waits for somebody comes first.
    let mut menu: Vec<MenuEntry> = waiting.map(MenuEntry::Question).into_iter().collect();
    menu.push(MenuEntry::Label(status));
    let named = total.jobs.iter().take(MENU_JOBS);
    // A hub may have cut its list short, but not its count.
    let more = total.running.saturating_sub(u32::try_from(named.len()).unwrap_or(u32::MAX));
    menu.extend(named.map(|(hub, job)| MenuEntry::Job((*hub).clone(), job.id, words::cut(&job.name, MENU_NAME))));
    if more > 0 {
        menu.push(MenuEntry::Label(format!("and {more} more")));
    }
    menu.push(MenuEntry::Separator);
    menu.extend([MenuEntry::Action(Action::OpenPanel), MenuEntry::Action(Action::RunTestJob), MenuEntry::Separator]);
    menu.push(MenuEntry::Action(Action::Quit));
    TrayView { badge: Badge { running: total.running, trust: total.trust() }, tooltip, menu }
}

/// What runs, and whether that is known to be so.
fn status(total: &Total<'_>) -> String {
    let running = words::jobs_running(total.running);
    match total.connections.as_slice() {
        [Connection::Live] => running,
        [Connection::Polled { .. }] => format!("{running} · checked every few seconds"),
        [Connection::Connecting] => "Connecting…".to_owned(),
        [Connection::Offline { .. }] if total.running == 0 => "Offline".to_owned(),
        [Connection::Offline { .. }] => format!("Offline · {running} when last seen"),
        [Connection::Refused { .. }] => "The hub does not accept this app".to_owned(),
        several => match several.iter().filter(|connection| connection.trust() == Trust::Stale).count() {
            0 => running,
            away => format!("{running} when last seen · {away} of {} hubs away", several.len()),
        },
    }
}

#[cfg(test)]
mod tests {
    use doorbell_protocol::{Job, Timestamp};

    use super::*;
    use crate::{
        samples::{hub, job},
        total::Waiting,
    };

    /// One hub, with so many jobs.
    fn one(connection: Connection, running: u32) -> Total<'static> {
        Total { connections: vec![connection], running, jobs: Vec::new(), waiting: Waiting::Jobs(0), oldest_question: None }
    }

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
        let hub = hub();
        let view = view(&Total { jobs: jobs.iter().map(|job| (&hub, job)).collect(), ..one(Connection::Live, 11) });
        let named = view.menu.iter().filter(|entry| matches!(entry, MenuEntry::Job(_, _, name) if name.chars().count() == MENU_NAME));
        assert_eq!(named.count(), MENU_JOBS);
        assert!(view.menu.contains(&MenuEntry::Label("and 3 more".to_owned())));
    }

    #[test]
    fn every_action_is_in_every_menu() {
        let since = Timestamp::EPOCH;
        for connection in [
            Connection::Connecting,
            Connection::Live,
            Connection::Offline { since, reason: String::new() },
            Connection::Polled { since, reason: String::new() },
            Connection::Refused { reason: String::new() },
        ] {
            let menu = view(&one(connection.clone(), 0)).menu;
            assert!(Action::ALL.iter().all(|action| menu.contains(&MenuEntry::Action(*action))), "{connection:?}");
        }
    }

    #[test]
    fn what_waits_for_an_answer_comes_first() {
        let waits = |waiting| view(&Total { waiting, ..one(Connection::Live, 3) });
        let view = waits(Waiting::Jobs(2));
        assert_eq!(view.menu[0], MenuEntry::Question("2 jobs wait for your answer".to_owned()));
        assert_eq!(view.menu[1], MenuEntry::Label("3 jobs running".to_owned()));
        assert_eq!(view.tooltip, "Doorbell · 2 jobs wait for your answer · 3 jobs running");
        assert_eq!(waits(Waiting::Jobs(0)).menu[0], MenuEntry::Label("3 jobs running".to_owned()));
    }

    #[test]
    fn a_count_that_may_be_old_says_so() {
        let offline = Connection::Offline { since: Timestamp::EPOCH, reason: "gone".to_owned() };
        let view = view(&one(offline, 2));
        assert_eq!(view.badge, Badge { running: 2, trust: Trust::Stale });
        assert_eq!(view.tooltip, "Doorbell · Offline · 2 jobs running when last seen");
    }
}
