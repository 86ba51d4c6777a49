//! The questions that are open on a hub, as far as they are known here. How many there are, the counts say.
//!
//! A snapshot names them, oldest first and as many as fit; events about questions name the one that moved and, unless the hub is an
//! old one, the oldest that is open then. Polls name none, but the jobs that wait.

use std::collections::BTreeMap;

use doorbell_protocol::{Counts, FeedEvent, Job, Question, QuestionId, QuestionState, Timestamp};

/// Most that are known at once. Those beyond are counted, and become known when they are the oldest.
const MOST: usize = 1_024;

/// Open questions by age.
#[derive(Clone, Debug, Default)]
pub(super) struct Questions(BTreeMap<(Timestamp, QuestionId), Question>);

impl Questions {
    /// The one that was asked first.
    pub(super) fn oldest(&self) -> Option<&Question> {
        self.0.values().next()
    }

    pub(super) fn is_open(&self, id: QuestionId) -> bool {
        self.0.values().any(|question| question.id == id)
    }

    /// When the first of them is out of time, by the hub's clock.
    pub(super) fn expires_at(&self) -> Option<Timestamp> {
        self.0.values().filter_map(|question| question.expires_at).min()
    }

    /// Starts over from a snapshot. Where it was cut short, what is younger than all that it names may well be open still.
    pub(super) fn snapshot(&mut self, counts: Counts, questions: Vec<Question>) {
        let is_whole = u32::try_from(questions.len()).is_ok_and(|named| named >= counts.waiting);
        let known = std::mem::take(&mut self.0);
        questions.into_iter().for_each(|question| self.insert(question));
        if let (false, Some((youngest, _))) = (is_whole, self.0.last_key_value()) {
            let youngest = *youngest;
            known.into_iter().filter(|(age, _)| *age > youngest).for_each(|(_, question)| self.insert(question));
        }
    }

    pub(super) fn event(&mut self, event: &FeedEvent) {
        let data = event.data();
        self.compare(data.counts, std::slice::from_ref(&data.job), Named::Some);
        match event {
            FeedEvent::JobStarted(_) | FeedEvent::JobFinished(_) => {}
            FeedEvent::QuestionAsked(told) | FeedEvent::QuestionClosed(told) => {
                if let Some(moved) = &told.event.question {
                    self.0.retain(|_, question| question.id != moved.id);
                    self.insert(moved.clone());
                }
                if let Some(head) = &told.head {
                    self.0.retain(|age, _| *age >= age_of(head));
                    self.insert(head.clone());
                }
            }
        }
    }

    /// A list of all that runs was polled; of thousands of jobs it names only some.
    pub(super) fn polled(&mut self, counts: Counts, jobs: &[Job]) {
        let named = if u32::try_from(jobs.len()).is_ok_and(|named| named >= counts.running) { Named::All } else { Named::Some };
        self.compare(counts, jobs, named);
    }

    /// Their time is up, by the hub's clock, of which nobody may be there to tell.
    pub(super) fn expire(&mut self, now: Timestamp) {
        self.0.retain(|_, question| question.expires_at.is_none_or(|at| at > now));
    }

    /// What jobs wait for nothing has been closed.
    fn compare(&mut self, counts: Counts, jobs: &[Job], named: Named) {
        self.0.retain(|_, question| {
            let job = jobs.iter().find(|job| job.id == question.job);
            counts.waiting > 0 && job.map_or(named == Named::Some, |job| job.waiting > 0)
        });
    }

    fn insert(&mut self, question: Question) {
        if question.state == QuestionState::Open && self.0.len() < MOST {
            self.0.insert(age_of(&question), question);
        }
    }
}

/// Which of the running jobs a list names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Named {
    All,
    Some,
}

fn age_of(question: &Question) -> (Timestamp, QuestionId) {
    (question.asked_at, question.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{about_question, job, question};

    fn waiting(waiting: u32) -> Counts {
        Counts { running: 3, waiting, ..Counts::default() }
    }

    fn known(questions: &Questions) -> Vec<QuestionId> {
        questions.0.values().map(|question| question.id).collect()
    }

    fn ids(ns: impl IntoIterator<Item = u8>) -> Vec<QuestionId> {
        ns.into_iter().map(|n| question(n).id).collect()
    }

    /// As after a snapshot with these questions.
    fn with(ns: &[u8]) -> Questions {
        let mut questions = Questions::default();
        questions.snapshot(waiting(u32::try_from(ns.len()).unwrap()), ns.iter().map(|n| question(*n)).collect());
        questions
    }

    #[test]
    fn the_oldest_is_the_one_that_was_asked_first() {
        assert_eq!(with(&[3, 1, 2]).oldest().map(|question| question.id), Some(question(1).id));
        assert_eq!(with(&[]).oldest(), None);
    }

    #[test]
    fn a_snapshot_names_all_that_are_open() {
        let mut questions = with(&[1, 2, 3]);
        questions.snapshot(waiting(1), vec![question(2)]);
        assert_eq!(known(&questions), ids([2]));
    }

    #[test]
    fn a_snapshot_that_was_cut_short_says_nothing_of_younger_ones() {
        let mut questions = with(&[1, 2, 3, 4]);
        questions.snapshot(waiting(4), vec![question(2), question(3)]);
        assert_eq!(known(&questions), ids([2, 3, 4]));
    }

    #[test]
    fn an_event_says_what_moved_and_what_is_first_now() {
        let mut questions = with(&[]);
        questions.event(&about_question(question(5), waiting(1), None));
        assert_eq!(known(&questions), ids([5]));
        // A head that no snapshot had room for; what was before it is closed.
        let answered = Question { state: QuestionState::Answered, ..question(5) };
        questions.event(&about_question(answered, waiting(2), Some(question(7))));
        assert_eq!(known(&questions), ids([7]));
        let mut questions = with(&[1, 2, 3]);
        questions.event(&about_question(question(4), waiting(2), Some(question(3))));
        assert_eq!(known(&questions), ids([3, 4]));
    }

    #[test]
    fn an_old_hub_that_names_no_head_leaves_what_is_known() {
        let mut questions = with(&[1, 2, 3]);
        let answered = Question { state: QuestionState::Answered, ..question(1) };
        questions.event(&about_question(answered, waiting(2), None));
        assert_eq!(known(&questions), ids([2, 3]));
    }

    #[test]
    fn where_nothing_waits_nothing_is_open() {
        let mut questions = with(&[1, 2]);
        questions.event(&about_question(Question { state: QuestionState::Withdrawn, ..question(2) }, waiting(0), None));
        assert_eq!(known(&questions), []);
    }

    #[test]
    fn a_poll_tells_which_jobs_wait() {
        let asks = |n| Job { waiting: 1, ..job(n) };
        for (jobs, expected) in [
            (vec![asks(1), asks(2), asks(3)], vec![1, 2, 3]),
            (vec![asks(1), job(2), asks(3)], vec![1, 3]),
            // Nine run, and only these are named.
            (vec![asks(1), job(2)], vec![1, 3]),
        ] {
            let mut questions = with(&[1, 2, 3]);
            let running = if jobs.len() == 3 { 3 } else { 9 };
            questions.polled(Counts { running, ..waiting(2) }, &jobs);
            assert_eq!(known(&questions), ids(expected));
        }
        let mut questions = with(&[1, 2, 3]);
        questions.polled(waiting(1), &[asks(1), job(4), job(5)]);
        assert_eq!(known(&questions), ids([1]));
        questions.polled(waiting(0), &[]);
        assert_eq!(known(&questions), []);
    }

    #[test]
    fn no_hub_can_make_them_endless() {
        let mut questions = Questions::default();
        for n in 0..2 * MOST {
            let asked = Question { id: format!("00000000-0000-7000-8000-{n:012x}").parse().unwrap(), ..question(1) };
            questions.event(&about_question(asked, waiting(1), None));
        }
        assert_eq!(questions.0.len(), MOST);
    }

    #[test]
    fn whose_time_is_up_is_open_no_more() {
        let at = |millis| Some(Timestamp::from_millis(millis));
        let mut questions = Questions::default();
        let asked = [Question { expires_at: at(50), ..question(1) }, Question { expires_at: at(40), ..question(2) }, question(3)];
        questions.snapshot(waiting(3), asked.to_vec());
        assert_eq!(questions.expires_at(), at(40));
        questions.expire(Timestamp::from_millis(40));
        assert_eq!((known(&questions), questions.expires_at()), (ids([1, 3]), at(50)));
        questions.expire(Timestamp::from_millis(1_000));
        assert_eq!((known(&questions), questions.expires_at()), (ids([3]), None));
    }
}
