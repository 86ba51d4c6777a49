//! What every store must do, whatever its database.

use doorbell_protocol::{
    Epoch, EventKind, Fence, Job, JobId, JobState, Question, QuestionId, QuestionState, Role, ScheduleId, Sequence, Timestamp, TokenId,
    jobs::Task, schedule::NewSchedule, token::Token,
};
use uuid::Uuid;

use super::{Change, PageQuery, QuestionsQuery, Store, StoredEvent, Write};
use crate::{
    access::{secret::SecretHash, tokens::StoredToken},
    bounds,
    domain::{job::Record, plan::Plan, rights::Principal},
};

/// Runs the suite. `open` opens the same database each time; it is new at first and belongs to [`Epoch`] 7.
pub(crate) fn check(open: impl Fn() -> Box<dyn Store>) {
    a_new_store_is_empty(&mut *open());
    what_is_committed_is_there_after_reopening(&open);
    a_refused_commit_leaves_nothing(&mut *open());
    pages_go_from_new_to_old(&mut *open());
    searches_find_what_people_know_of_a_job(&mut *open());
    what_is_old_or_too_much_is_deleted_oldest_first(&mut *open());
    only_the_newest_events_are_kept(&open);
    tokens_are_kept_until_they_are_dropped(&open);
    jobs_and_questions_are_found_by_the_token_that_they_are_of(&open);
    a_deleted_job_is_gone_and_may_come_again(&mut *open());
    schedules_are_kept_until_they_are_deleted(&open);
    a_question_is_kept_with_its_job_and_open_ones_are_loaded(&open);
}

/// A job's record with its open question.
pub(super) fn asked(job: u128, question: u128) -> Change {
    let question = Question {
        id: QuestionId(Uuid::from_u128(question)),
        job: id(job),
        state: QuestionState::Open,
        prompt: "Deploy?".to_owned(),
        detail: None,
        choices: Vec::new(),
        free_text: true,
        asked_at: Timestamp::EPOCH,
        expires_at: None,
        closed_at: None,
        answer: None,
    };
    let mut record = record(job, JobState::Running);
    record.job.waiting = 1;
    Change { record, question: Some(question), event: None }
}

fn a_new_store_is_empty(store: &mut dyn Store) {
    let loaded = store.load().unwrap();
    assert_eq!((loaded.epoch, loaded.seq), (Epoch(7), Sequence(0)));
    assert!(loaded.active.is_empty() && loaded.events.is_empty());
    assert_eq!(store.record(id(1)).unwrap(), None);
}

fn what_is_committed_is_there_after_reopening(open: &impl Fn() -> Box<dyn Store>) {
    let change = Change { record: record(1, JobState::Running), question: None, event: Some(event(1)) };
    open().commit(&[Write::Job(change.clone())]).unwrap();
    let mut store = open();
    let loaded = store.load().unwrap();
    assert_eq!(loaded.seq, Sequence(1));
    assert_eq!(loaded.events, [event(1)]);
    assert_eq!(loaded.active, std::slice::from_ref(&change.record));
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.record(id(1)).unwrap(), Some(change.record));
    store.commit(&[Write::Job(Change { record: record(1, JobState::Succeeded), question: None, event: Some(event(2)) })]).unwrap();
    assert_eq!(reader.record(id(1)).unwrap(), Some(record(1, JobState::Succeeded)));
    assert!(store.load().unwrap().active.is_empty());
}

fn a_refused_commit_leaves_nothing(store: &mut dyn Store) {
    let taken = Sequence(2);
    let refused = [
        Write::Job(Change { record: record(2, JobState::Running), question: None, event: None }),
        Write::Delete(id(1)),
        Write::Schedule(plan(1, "refused")),
        Write::Job(Change { record: record(3, JobState::Running), question: None, event: Some(StoredEvent { seq: taken, ..event(0) }) }),
    ];
    assert!(store.commit(&refused).is_err());
    assert_eq!(store.record(id(2)).unwrap(), None);
    assert!(store.record(id(1)).unwrap().is_some());
    let loaded = store.load().unwrap();
    assert_eq!((loaded.seq, loaded.schedules), (taken, vec![]));
}

fn pages_go_from_new_to_old(store: &mut dyn Store) {
    let state = |n| if n % 2 == 0 { JobState::Failed } else { JobState::Succeeded };
    let change = |n| Write::Job(Change { record: record(n, state(n)), question: None, event: None });
    store.commit(&(10..20).map(change).collect::<Vec<_>>()).unwrap();
    let mut ids = |query: &PageQuery| store.page(query).unwrap().iter().map(|job| job.id).collect::<Vec<_>>();
    let first = PageQuery { limit: 3, ..PageQuery::default() };
    assert_eq!(ids(&first), [id(19), id(18), id(17)]);
    let second = PageQuery { before: Some(id(17)), ..first };
    assert_eq!(ids(&second), [id(16), id(15), id(14)]);
    let failed = PageQuery { state: Some(JobState::Failed), before: Some(id(14)), ..PageQuery::default() };
    assert_eq!(ids(&failed), [id(12), id(10)]);
}

fn only_the_newest_events_are_kept(open: &impl Fn() -> Box<dyn Store>) {
    let ring = bounds::RING_EVENTS as u64;
    let change = |seq| Write::Job(Change { record: record(1, JobState::Running), question: None, event: Some(event(seq)) });
    open().commit(&(3..=ring + 10).map(change).collect::<Vec<_>>()).unwrap();
    let loaded = open().load().unwrap();
    assert_eq!(loaded.events.len(), bounds::RING_EVENTS);
    assert_eq!(loaded.events.first().map(|event| event.seq), Some(Sequence(11)));
    assert_eq!(loaded.seq, Sequence(ring + 10));
}

fn a_question_is_kept_with_its_job_and_open_ones_are_loaded(open: &impl Fn() -> Box<dyn Store>) {
    let change = asked(40, 41);
    let question = change.question.clone().unwrap();
    assert_eq!(open().question(question.id).unwrap(), None);
    open().commit(&[Write::Job(change.clone())]).unwrap();
    let mut store = open();
    assert_eq!(store.load().unwrap().questions, std::slice::from_ref(&question));
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.question(question.id).unwrap().as_ref(), Some(&question));
    assert_eq!(reader.record(id(40)).unwrap(), Some(change.record.clone()));
    let closed = Question { state: QuestionState::Withdrawn, closed_at: Some(Timestamp::EPOCH), ..question };
    let taken = Some(StoredEvent { seq: store.load().unwrap().seq, ..event(0) });
    assert!(store.commit(&[Write::Job(Change { question: Some(closed.clone()), event: taken, ..change.clone() })]).is_err());
    assert_eq!(store.load().unwrap().questions.len(), 1);
    store.commit(&[Write::Job(Change { question: Some(closed.clone()), ..change })]).unwrap();
    assert!(store.load().unwrap().questions.is_empty());
    assert_eq!(reader.question(closed.id).unwrap(), Some(closed));
}

fn searches_find_what_people_know_of_a_job(store: &mut dyn Store) {
    let job = |n, key: &str, name: &str, ended| {
        let mut record = record(n, JobState::Succeeded);
        record.job.key = key.to_owned();
        record.job.name = name.to_owned();
        record.job.finished_at = Some(at(ended));
        record.job.parent = (n % 2 == 0).then_some(id(1));
        record.job.labels = [("of".to_owned(), "test".to_owned()), ("end".to_owned(), ended.to_string())].into();
        Write::Job(Change { record, question: None, event: None })
    };
    let jobs = [job(30, "ingest", "Nightly ingest", 1), job(31, "ingest", "100% ingest_all", 3), job(32, "deploy", "Deploy to nightly", 2)];
    store.commit(&jobs).unwrap();
    let all = PageQuery { before: Some(id(40)), ..PageQuery::default() };
    let ids = |store: &mut dyn Store, query: PageQuery| store.page(&query).unwrap().iter().map(|job| job.id).collect::<Vec<_>>();
    let text = |text: &str| PageQuery { text: Some(text.to_owned()), ..all.clone() };
    let key = |key: &str| PageQuery { key: Some(key.to_owned()), ..all.clone() };
    assert_eq!(ids(store, key("ingest")), [id(31), id(30)]);
    assert_eq!(ids(store, text("NIGHTLY")), [id(32), id(30)]);
    assert_eq!(ids(store, text("0% ingest_")), [id(31)]);
    assert_eq!(ids(store, text("%n%")), []);
    assert_eq!(ids(store, text("ingest_a")), [id(31)]);
    assert_eq!(ids(store, PageQuery { finished_after: Some(at(1)), ..all.clone() }), [id(32), id(31)]);
    assert_eq!(ids(store, PageQuery { text: Some("ingest".to_owned()), finished_after: Some(at(1)), ..key("ingest") }), [id(31)]);
    assert_eq!(ids(store, PageQuery { limit: 1, ..text("nightly") }), [id(32)]);
    assert_eq!(ids(store, PageQuery { before: Some(id(32)), ..text("nightly") }), [id(30)]);
    assert_eq!(ids(store, PageQuery { parent: Some(id(1)), ..all.clone() }), [id(32), id(30)]);
    let label = |name: &str, value: &str| PageQuery { label: Some((name.to_owned(), value.to_owned())), ..all.clone() };
    assert_eq!(ids(store, label("end", "2")), [id(32)]);
    assert_eq!(ids(store, label("2", "end")), []);
    assert_eq!(ids(store, label("of", "test")), [id(32), id(31), id(30)]);
    assert_eq!(ids(store, PageQuery { limit: 1, before: Some(id(32)), ..label("of", "test") }), [id(31)]);
    assert_eq!(ids(store, PageQuery { finished_after: Some(at(1)), ..label("of", "test") }), [id(32), id(31)]);
    assert_eq!(ids(store, PageQuery { text: Some("nightly".to_owned()), key: Some("ingest".to_owned()), ..label("of", "test") }), [id(30)]);
    assert_eq!(ids(store, PageQuery { parent: Some(id(1)), ..label("end", "1") }), [id(30)]);
}

fn jobs_and_questions_are_found_by_the_token_that_they_are_of(open: &impl Fn() -> Box<dyn Store>) {
    let (creator, holder) = (TokenId(Uuid::from_u128(8)), TokenId(Uuid::from_u128(9)));
    let mut change = asked(70, 71);
    change.event = None;
    let question = change.question.clone().unwrap();
    change.record.created_by = Some(creator).into();
    change.record.held_by = Some(holder).into();
    change.record.job.started_at = None;
    let mut store = open();
    store.commit(&[Write::Job(change.clone())]).unwrap();
    let ids = |store: &mut dyn Store, of| {
        let jobs = store.page(&PageQuery { of: Some(of), ..PageQuery::default() }).unwrap();
        let all = |with_open| QuestionsQuery { with_open, job: None, of: Some(of), before: None, limit: 9 };
        let questions = [true, false].map(|with_open| store.questions(&all(with_open)).unwrap().len());
        (jobs.iter().map(|job| job.id).collect::<Vec<_>>(), questions)
    };
    assert_eq!(ids(&mut *store, creator), (vec![id(70)], [1, 0]));
    assert_eq!(ids(&mut *store, holder), (vec![], [0, 0]), "nobody holds a run that has not started");
    change.record.job.started_at = Some(at(1));
    change.question = Some(Question { state: QuestionState::Expired, closed_at: Some(at(2)), ..question });
    store.commit(&[Write::Job(change)]).unwrap();
    for of in [creator, holder] {
        assert_eq!(ids(&mut *store, of), (vec![id(70)], [1, 1]));
    }
    let of_job = |job| QuestionsQuery { with_open: false, job: Some(job), of: Some(creator), before: None, limit: 9 };
    assert_eq!([id(70), id(1)].map(|job| store.questions(&of_job(job)).unwrap().len()), [1, 0]);
    store.commit(&[Write::Delete(id(70))]).unwrap();
    assert_eq!(ids(&mut *store, creator), (vec![], [0, 0]));
}

/// Goes on with what the searches left: jobs 30, 32 and 31, which ended in this order.
fn what_is_old_or_too_much_is_deleted_oldest_first(store: &mut dyn Store) {
    assert_eq!(store.oldest_end().unwrap(), Some(at(1)));
    assert_eq!(store.delete_old(at(1), 3, 10).unwrap(), []);
    assert_eq!(store.delete_old(at(0), 0, 2).unwrap().len(), 2);
    assert_eq!(store.record(id(30)).unwrap(), None);
    assert_eq!(store.record(id(32)).unwrap(), None);
    assert_eq!(store.delete_old(at(3), 10, 10).unwrap(), []);
    assert_eq!(store.delete_old(at(4), 10, 10).unwrap(), [id(31)]);
    assert_eq!(store.oldest_end().unwrap(), None);
    let labelled = PageQuery { label: Some(("of".to_owned(), "test".to_owned())), ..PageQuery::default() };
    assert_eq!(store.page(&labelled).unwrap(), []);
    // A job that has not ended is kept, however many and however old they are.
    let running = Write::Job(Change { record: record(33, JobState::Running), question: None, event: None });
    store.commit(&[running]).unwrap();
    assert_eq!(store.delete_old(at(1_000), 0, 10).unwrap(), []);
    assert!(store.record(id(33)).unwrap().is_some());
    while store.give_back(1).unwrap() {}
    // Ends at the same moment are told apart by id, so that exactly as many are kept as asked.
    let ended = |n| {
        let mut record = record(n, JobState::Failed);
        record.job.finished_at = Some(at(5));
        Write::Job(Change { record, question: None, event: None })
    };
    store.commit(&(50..60).map(ended).collect::<Vec<_>>()).unwrap();
    assert_eq!(store.delete_old(at(0), 4, 100).unwrap(), (50..56).map(id).collect::<Vec<_>>());
    store.delete_old(at(6), 0, 100).unwrap();
    store.commit(&[Write::Job(Change { record: record(33, JobState::Succeeded), question: None, event: None })]).unwrap();
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::EPOCH + std::time::Duration::from_secs(seconds)
}

fn tokens_are_kept_until_they_are_dropped(open: &impl Fn() -> Box<dyn Store>) {
    let token = |n, secret: &str| StoredToken {
        hash: SecretHash::of(secret),
        token: Token {
            id: TokenId(Uuid::from_u128(n)),
            name: "ci".to_owned(),
            roles: vec![Role::Work],
            person: Some("Ada".to_owned()),
            host: Some("nas".to_owned()),
            worker: None,
            created_at: Timestamp::EPOCH,
            expires_at: None,
        },
    };
    let mut store = open();
    assert_eq!(store.tokens().unwrap(), []);
    store.keep_token(&token(1, "one")).unwrap();
    assert!(store.keep_token(&token(2, "one")).is_err());
    assert_eq!(open().tokens().unwrap(), [token(1, "one")]);
    assert!(store.drop_token(TokenId(Uuid::from_u128(1))).unwrap());
    assert!(!store.drop_token(TokenId(Uuid::from_u128(1))).unwrap());
    assert_eq!(open().tokens().unwrap(), []);
}

fn a_deleted_job_is_gone_and_may_come_again(store: &mut dyn Store) {
    let new = || Write::Job(Change { record: record(30, JobState::Queued), question: None, event: None });
    store.commit(&[new(), Write::Delete(id(30))]).unwrap();
    assert_eq!(store.record(id(30)).unwrap(), None);
    store.commit(&[Write::Delete(id(30)), new()]).unwrap();
    assert!(store.record(id(30)).unwrap().is_some());
}

fn schedules_are_kept_until_they_are_deleted(open: &impl Fn() -> Box<dyn Store>) {
    let both = [Write::Schedule(plan(1, "first")), Write::Schedule(plan(2, "second")), Write::Schedule(plan(1, "changed"))];
    open().commit(&both).unwrap();
    let mut store = open();
    assert_eq!(store.load().unwrap().schedules, [plan(1, "changed"), plan(2, "second")]);
    store.commit(&[Write::Unschedule(plan(1, "").schedule.id)]).unwrap();
    assert_eq!(store.load().unwrap().schedules, [plan(2, "second")]);
}

pub(super) fn plan(n: u128, name: &str) -> Plan {
    let spec = NewSchedule { name: name.to_owned(), ..NewSchedule::default() };
    Plan::new(ScheduleId(Uuid::from_u128(n)), spec, Timestamp::EPOCH)
}

fn id(n: u128) -> JobId {
    JobId(Uuid::from_u128(n))
}

fn event(seq: u64) -> StoredEvent {
    StoredEvent { seq: Sequence(seq), kind: EventKind::JobStarted, data: format!("{{\"n\":{seq}}}") }
}

pub(crate) fn record(n: u128, state: JobState) -> Record {
    let job = Job { state, attempt: 1, ..Job::new(id(n), "make", "make", Timestamp::EPOCH) };
    Record { fence: Fence(1), ..Record::new(job, Task::default(), Principal::Owner) }
}
