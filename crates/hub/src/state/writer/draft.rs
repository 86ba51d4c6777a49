//! What one batch of changes will commit: each change decides on the state that the ones before it leave.

use std::collections::{HashMap, VecDeque};

use doorbell_protocol::{
    Counts, Event, JobId, JobState, Question, QuestionEvent, QuestionId, QuestionState, ScheduleId, Sequence, Timestamp, id, worker::Worker,
};

use super::{error::WriteError, published::Published};
use crate::{
    domain::{
        binding::Binding,
        dependencies,
        job::{self, Announcement, Record, Refusal, Transition},
        plan::Plan,
        question,
        queue::{self, Pick},
        retry,
    },
    state::{leases::Leases, live, progress::ProgressMap},
    store::{Change, Store, StoredEvent, Write},
};

/// The jobs and questions as they will be when the draft is committed.
pub(crate) struct Draft<'a> {
    store: &'a mut dyn Store,
    published: &'a Published,
    now: Timestamp,
    /// In the order of the commit.
    pub(super) writes: Vec<Write>,
    tally: Tally,
}

/// What the newest event tells of all jobs.
#[derive(Clone, Copy)]
struct Tally {
    seq: Sequence,
    counts: Counts,
}

impl<'a> Draft<'a> {
    /// A draft of nothing, on top of what is published.
    pub(super) fn new(store: &'a mut dyn Store, published: &'a Published, now: Timestamp) -> Self {
        let tally = {
            let live = published.live.lock();
            Tally { seq: live.seq, counts: live.counts }
        };
        Self { store, published, now, writes: Vec::new(), tally }
    }

    /// Lets `change` decide. One that is refused leaves no trace.
    pub(super) fn attempt<T>(&mut self, change: impl FnOnce(&mut Self) -> Result<T, WriteError>) -> Result<T, WriteError> {
        let (before, tally) = (self.writes.len(), self.tally);
        let outcome = change(self);
        if outcome.is_err() {
            self.writes.truncate(before);
            self.tally = tally;
        }
        outcome
    }

    /// What is to be committed, in order.
    pub(super) fn into_writes(self) -> Vec<Write> {
        self.writes
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) fn leases(&self) -> &Leases {
        &self.published.leases
    }

    pub(crate) fn progress(&self) -> &ProgressMap {
        &self.published.progress
    }

    /// The job as this draft has it.
    pub(crate) fn find(&mut self, id: JobId) -> Result<Option<Record>, WriteError> {
        let drafted = self.writes.iter().rev().find_map(|write| match write {
            Write::Job(change) if change.record.job.id == id => Some(Some(change.record.clone())),
            Write::Delete(deleted) if *deleted == id => Some(None),
            Write::Job(_) | Write::Delete(_) | Write::Schedule(_) | Write::Unschedule(_) => None,
        });
        if let Some(drafted) = drafted {
            return Ok(drafted);
        }
        if let Some(record) = self.published.live.lock().active.get(&id) {
            return Ok(Some(record.clone()));
        }
        Ok(self.store.record(id)?)
    }

    /// [`find`](Self::find), or a refusal.
    pub(crate) fn get(&mut self, id: JobId) -> Result<Record, WriteError> {
        self.find(id)?.ok_or(WriteError::Job(Refusal::NotFound(id)))
    }

    /// What the next claim of `worker` gets, with a token that is for `binding`.
    pub(crate) fn pick(&self, worker: &Worker, binding: &Binding) -> Pick {
        self.with_active(|active| queue::pick(active, worker, binding, self.now))
    }

    /// Every job that this draft leaves queued or running and that `is_wanted`.
    pub(crate) fn active(&self, is_wanted: impl Fn(&Record) -> bool) -> Vec<Record> {
        self.with_active(|active| active.filter(|record| is_wanted(record)).cloned().collect())
    }

    /// Every schedule as this draft leaves it.
    pub(crate) fn schedules(&self) -> Vec<Plan> {
        let mut plans = self.published.schedules.all();
        for write in &self.writes {
            match write {
                Write::Schedule(plan) => {
                    plans.insert(plan.schedule.id, plan.clone());
                }
                Write::Unschedule(id) => {
                    plans.remove(id);
                }
                Write::Job(_) | Write::Delete(_) => {}
            }
        }
        plans.into_values().collect()
    }

    /// Takes a new or changed schedule into the draft.
    pub(crate) fn schedule(&mut self, plan: Plan) {
        self.writes.push(Write::Schedule(plan));
    }

    /// Takes the end of a schedule into the draft.
    pub(crate) fn unschedule(&mut self, id: ScheduleId) {
        self.writes.push(Write::Unschedule(id));
    }

    /// Deletes a job that is over.
    pub(crate) fn delete(&mut self, id: JobId) {
        self.writes.push(Write::Delete(id));
    }

    /// The question as this draft has it.
    pub(crate) fn find_question(&mut self, id: QuestionId) -> Result<Option<Question>, WriteError> {
        let drafted = self.changes().rev().filter_map(|change| change.question.as_ref()).find(|question| question.id == id).cloned();
        let found = match drafted.or_else(|| self.published.live.lock().questions.get(&id).cloned()) {
            Some(question) => Some(question),
            None => self.store.question(id)?,
        };
        // Questions are deleted with their job.
        let is_deleted = |job| self.writes.iter().any(|write| matches!(write, Write::Delete(deleted) if *deleted == job));
        Ok(found.filter(|question| !is_deleted(question.job)))
    }

    /// Does `command` to the question, and returns the question as it is then.
    pub(crate) fn decide_question(&mut self, id: QuestionId, command: question::Command) -> Result<Question, WriteError> {
        let question = self.find_question(id)?.ok_or(question::Refusal::NotFound(id))?;
        let record = self.get(question.job)?;
        match question::decide(&record, &question, command, self.now)? {
            Some(next) => self.apply_question(next),
            None => Ok(question),
        }
    }

    /// Takes the move of a question into the draft, with the event that tells it.
    pub(crate) fn apply_question(&mut self, question::Move { record, question, kind }: question::Move) -> Result<Question, WriteError> {
        self.keep(Transition { record, announces: Some(Announcement { kind, late: false }) }, Some(question.clone()))?;
        Ok(question)
    }

    /// Does `command` to the job, and returns the job as it is then.
    pub(crate) fn decide(&mut self, record: Record, command: job::Command) -> Result<Record, WriteError> {
        let Some(transition) = job::decide(&record, command, self.now)? else { return Ok(record) };
        let record = transition.record.clone();
        self.apply(transition)?;
        Ok(record)
    }

    /// Takes the move into the draft, with the event that tells it and with all that follows from it: the next attempt, and
    /// what becomes of the jobs that wait for this one.
    pub(crate) fn apply(&mut self, transition: Transition) -> Result<(), WriteError> {
        let mut ended = VecDeque::new();
        self.keep_with_next_attempt(transition, &mut ended)?;
        while let Some(record) = ended.pop_front() {
            for consequence in self.with_active(|active| dependencies::consequences(&record, active, self.now)) {
                self.keep_with_next_attempt(consequence, &mut ended)?;
            }
        }
        Ok(())
    }

    /// A job that does not run any more closes its open questions first, so that none is told as open after its job's end.
    fn keep_with_next_attempt(&mut self, mut transition: Transition, ended: &mut VecDeque<Record>) -> Result<(), WriteError> {
        if transition.record.job.state != JobState::Running {
            for open in self.open_questions(transition.record.job.id) {
                self.decide_question(open, question::Command::Close)?;
            }
        }
        if !transition.record.job.state.is_over() {
            return self.keep(transition, None);
        }
        let next = retry::next_attempt(&mut transition.record, JobId(id::fresh(self.now)), self.now);
        ended.push_back(transition.record.clone());
        self.keep(transition, None)?;
        next.map_or(Ok(()), |next| self.keep(next, None))
    }

    fn keep(&mut self, Transition { record, announces }: Transition, question: Option<Question>) -> Result<(), WriteError> {
        let before = self.share(record.job.id);
        live::recount(&mut self.tally.counts, before, live::share(&record));
        let event = announces.map(|announced| self.event(&record, question.clone(), announced)).transpose()?;
        self.writes.push(Write::Job(Change { record, question, event }));
        Ok(())
    }

    fn changes(&self) -> impl DoubleEndedIterator<Item = &Change> {
        self.writes.iter().filter_map(|write| match write {
            Write::Job(change) => Some(change),
            Write::Delete(_) | Write::Schedule(_) | Write::Unschedule(_) => None,
        })
    }

    fn event(&mut self, record: &Record, question: Option<Question>, announced: Announcement) -> Result<StoredEvent, WriteError> {
        self.tally.seq = self.tally.seq.next();
        let mut job = record.job.clone();
        job.progress = None;
        let head = question.as_ref().and_then(|moved| self.head(moved));
        let event = Event { at: self.now, counts: self.tally.counts, job, question, late: announced.late };
        let data = serde_json::to_string(&QuestionEvent { event, head }).map_err(|error| WriteError::Storage(error.to_string()))?;
        Ok(StoredEvent { seq: self.tally.seq, kind: announced.kind, data })
    }

    /// The oldest question that is open when `moved` has moved.
    fn head(&self, moved: &Question) -> Option<Question> {
        let drafted: HashMap<QuestionId, &Question> =
            self.changes().filter_map(|change| change.question.as_ref()).chain([moved]).map(|question| (question.id, question)).collect();
        let live = self.published.live.lock();
        let untouched = live.questions.values().filter(|question| !drafted.contains_key(&question.id));
        let open = untouched.chain(drafted.values().copied()).filter(|question| question.state == QuestionState::Open);
        open.min_by_key(|question| (question.asked_at, question.id)).cloned()
    }

    /// The job's open questions as this draft has them, oldest first.
    fn open_questions(&self, job: JobId) -> Vec<QuestionId> {
        let live = self.published.live.lock();
        let drafted = self.changes().filter_map(|change| change.question.as_ref());
        let newest: HashMap<QuestionId, &Question> =
            live.questions.values().chain(drafted).map(|question| (question.id, question)).collect();
        let mut open: Vec<_> =
            newest.into_values().filter(|question| question.job == job && question.state == QuestionState::Open).collect();
        open.sort_by_key(|question| (question.asked_at, question.id));
        open.iter().map(|question| question.id).collect()
    }

    /// What the job adds to the counts so far. One that only the store knows adds nothing.
    fn share(&self, id: JobId) -> Counts {
        let drafted = self.changes().rev().find(|change| change.record.job.id == id);
        match drafted {
            Some(change) => live::share(&change.record),
            None => self.published.live.lock().active.get(&id).map(live::share).unwrap_or_default(),
        }
    }

    /// Every job that this draft leaves queued or running.
    fn with_active<R>(&self, read: impl FnOnce(&mut dyn Iterator<Item = &Record>) -> R) -> R {
        let drafted: HashMap<JobId, &Record> = self.changes().map(|change| (change.record.job.id, &change.record)).collect();
        let live = self.published.live.lock();
        let untouched = live.active.values().filter(|record| !drafted.contains_key(&record.job.id));
        read(&mut untouched.chain(drafted.values().copied().filter(|record| !record.job.state.is_over())))
    }
}
