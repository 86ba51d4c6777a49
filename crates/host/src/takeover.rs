//! Pure: whether it is time to open a hub of our own.

use std::time::{Duration, Instant};

use crate::neighbour::Neighbour;

/// How long a hub that was used may be away before ours takes its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// A service that restarts its hub is back by then, and would find the data folder taken.
    pub(crate) same_data: Duration,
    /// The same for a hub with data of its own. Its jobs are unknown to ours, so its runners would be sent
    /// away.
    pub(crate) other_data: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { same_data: Duration::from_secs(5), other_data: Duration::from_secs(60) }
    }
}

/// What is to be done after a look.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Next {
    Open,
    LookAgain(When),
}

/// When to look again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum When {
    /// As soon as somebody says that no hub answers.
    Down,
    At(Instant),
}

/// Goes from one look to the next until it is time to open.
#[derive(Debug)]
pub(crate) struct Takeover {
    patience: Patience,
    /// How long the hub that was there last may be away. At the start there is nobody who could come back.
    allowed: Duration,
    away_since: Option<Instant>,
}

impl Takeover {
    pub(crate) fn new(patience: Patience) -> Self {
        Self { patience, allowed: Duration::ZERO, away_since: None }
    }

    /// After a look.
    pub(crate) fn after(&mut self, seen: Neighbour, now: Instant) -> Next {
        match seen {
            Neighbour::SameData => Next::LookAgain(self.wait_for(self.patience.same_data)),
            Neighbour::OtherData => Next::LookAgain(self.wait_for(self.patience.other_data)),
            Neighbour::Nobody => {
                let open_at = *self.away_since.get_or_insert(now) + self.allowed;
                if now < open_at { Next::LookAgain(When::At(open_at)) } else { Next::Open }
            }
        }
    }

    /// After ours could not be opened because the data folder is taken: a hub is about to be announced there,
    /// or on its way out.
    pub(crate) fn after_in_use(&mut self) -> When {
        self.wait_for(self.patience.same_data)
    }

    fn wait_for(&mut self, allowed: Duration) -> When {
        self.allowed = allowed;
        self.away_since = None;
        When::Down
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn with_nobody_there_at_the_start_ours_is_opened_at_once() {
        assert_eq!(Takeover::new(Patience::default()).after(Neighbour::Nobody, Instant::now()), Next::Open);
    }

    #[test]
    fn a_hub_that_goes_has_time_to_come_back_and_more_when_its_data_is_elsewhere() {
        for (hub, allowed) in [(Neighbour::SameData, 5 * SECOND), (Neighbour::OtherData, 60 * SECOND)] {
            let mut takeover = Takeover::new(Patience::default());
            let start = Instant::now();
            assert_eq!(takeover.after(hub, start), Next::LookAgain(When::Down));
            let gone = start + 100 * SECOND;
            assert_eq!(takeover.after(Neighbour::Nobody, gone), Next::LookAgain(When::At(gone + allowed)));
            // Looked at too soon, it still has until then.
            assert_eq!(takeover.after(Neighbour::Nobody, gone + SECOND), Next::LookAgain(When::At(gone + allowed)));
            assert_eq!(takeover.after(Neighbour::Nobody, gone + allowed), Next::Open);
        }
    }

    #[test]
    fn a_hub_that_comes_back_in_time_is_used_and_its_next_absence_counts_anew() {
        let mut takeover = Takeover::new(Patience::default());
        let start = Instant::now();
        takeover.after(Neighbour::SameData, start);
        takeover.after(Neighbour::Nobody, start);
        assert_eq!(takeover.after(Neighbour::OtherData, start + 5 * SECOND), Next::LookAgain(When::Down));
        let gone = start + 6 * SECOND;
        assert_eq!(takeover.after(Neighbour::Nobody, gone), Next::LookAgain(When::At(gone + 60 * SECOND)));
    }

    #[test]
    fn a_data_folder_that_is_taken_is_a_hub_that_may_yet_be_announced() {
        let mut takeover = Takeover::new(Patience::default());
        let start = Instant::now();
        assert_eq!(takeover.after(Neighbour::Nobody, start), Next::Open);
        assert_eq!(takeover.after_in_use(), When::Down);
        assert_eq!(takeover.after(Neighbour::Nobody, start + SECOND), Next::LookAgain(When::At(start + 6 * SECOND)));
    }
}
