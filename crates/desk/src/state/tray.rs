//! What the tray shows, worked out of all hubs together.

use crate::{
    connection::{Connection, Trust},
    total::Total,
    tray::{Action, Badge, MenuEntry, TrayView},
    words,
};

/// Jobs in the menu; more are counted in one line.
const MENU_JOBS: usize = 8;
/// Longest job name in the menu, in characters.
const MENU_NAME: usize = 40;

pub(super) fn view(total: &Total<'_>) -> TrayView {
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
        waiting::Waiting,
    };

    /// One hub, with so many jobs.
    fn one(connection: Connection, running: u32) -> Total<'static> {
        Total { connections: vec![connection], running, jobs: Vec::new(), waiting: Waiting::Jobs(0), oldest_question: None }
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
