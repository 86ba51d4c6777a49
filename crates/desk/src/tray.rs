//! The tray icon and its menu, as plain values.

use doorbell_protocol::JobId;

use crate::{connection::Trust, hub_id::HubId};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_badge_has_at_most_three_characters() {
        let text = |running| Badge { running, trust: Trust::Live }.text();
        assert_eq!(text(0), None);
        assert_eq!(text(7).as_deref(), Some("7"));
        assert_eq!(text(99).as_deref(), Some("99"));
        assert_eq!(text(100).as_deref(), Some("99+"));
    }
}
