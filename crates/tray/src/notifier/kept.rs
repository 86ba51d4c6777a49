//! The notifications that may still stand on the screen, by what they are about. Pure.

use std::collections::VecDeque;

use doorbell_desk::About;

/// Handles that are kept. Each is a connection to the bus.
const KEPT: usize = 8;

/// The newest handles. Of more than [`KEPT`], the oldest goes; one of a question, which somebody will have to
/// take back, last.
#[derive(Debug)]
pub(super) struct Kept<H>(VecDeque<(About, H)>);

impl<H> Default for Kept<H> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<H> Kept<H> {
    pub(super) fn keep(&mut self, about: About, handle: H) {
        if self.0.len() == KEPT {
            let oldest = self.0.iter().position(|(about, _)| !matches!(about, About::Question(..))).unwrap_or(0);
            self.0.remove(oldest);
        }
        self.0.push_back((about, handle));
    }

    /// The handle of what rang about this, which is then no longer kept.
    pub(super) fn take(&mut self, about: &About) -> Option<H> {
        let index = self.0.iter().position(|(kept, _)| kept == about)?;
        self.0.remove(index).map(|(_, handle)| handle)
    }
}

#[cfg(test)]
mod tests {
    use doorbell_desk::HubId;

    use super::*;

    const ID: &str = "00000000-0000-7000-8000-0000000000";

    fn run(n: usize) -> About {
        About::Run(HubId::discovered(), format!("{ID}{n:02x}").parse().unwrap())
    }

    fn question(n: usize) -> About {
        About::Question(HubId::discovered(), format!("{ID}{n:02x}").parse().unwrap())
    }

    #[test]
    fn of_many_the_newest_are_kept_and_questions_longest() {
        let mut kept = Kept::default();
        kept.keep(question(0), 0);
        for n in 1..=KEPT {
            kept.keep(run(n), n);
        }
        assert_eq!((kept.take(&question(0)), kept.take(&run(1)), kept.take(&run(2))), (Some(0), None, Some(2)));
    }

    #[test]
    fn many_questions_are_no_more_than_many_runs() {
        let mut kept = Kept::default();
        for n in 0..=KEPT {
            kept.keep(question(n), n);
        }
        assert_eq!((kept.0.len(), kept.take(&question(0)), kept.take(&question(1))), (KEPT, None, Some(1)));
    }

    #[test]
    fn what_is_taken_is_kept_no_more() {
        let mut kept = Kept::default();
        kept.keep(run(1), 1);
        assert_eq!((kept.take(&run(1)), kept.take(&run(1))), (Some(1), None));
    }
}
