//! The files of version 1 are read for ever, are written back as they are, and stand in the documentation as they are.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{collections::BTreeSet, fs, path::PathBuf};

use doorbell_protocol::{
    ErrorBody, ErrorCode, Event, EventKind, FeedMessage, JobState, QuestionEvent, QuestionState, Snapshot,
    browser::{BrowserKey, BrowserLink, NewBrowserSession},
    hub::{Health, Stats},
    jobs::{
        CreatedJob, FinishReport, JobPage, LeaseRenewal, NewJob, NewTestJob, OneJob, ProgressReport, RenewedLease, ReportAnswer,
        RunningList,
    },
    log::{Log, LogCut, LogEnd, LogPart},
    place::HubFile,
    question::{ChoiceStyle, NewAnswer, NewQuestion, OneQuestion, QuestionList, Withdrawal},
    schedule::{NewSchedule, OneSchedule, Overlap, Schedule, ScheduleList},
    token::{CreatedToken, NewToken, TokenList},
    worker::{Claim, ClaimRequest, NewWorker, OneWorker, RegisteredWorker, WorkerList, WorkerState},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

#[test]
fn every_file_of_version_1_is_read_and_written_back() {
    let mut left: BTreeSet<String> = fs::read_dir(folder()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    for (name, round_trip) in TYPES {
        let file = format!("{name}.json");
        assert_eq!(round_trip(fixture(&file)), fixture(&file), "{file}");
        left.remove(&file);
    }
    assert!(left.is_empty(), "{left:?} have no type in this test");
}

#[test]
fn the_documentation_shows_the_files_as_they_are() {
    let mut shown = BTreeSet::new();
    let document: Value = serde_json::from_str(&fs::read_to_string(root().join("docs/openapi.json")).unwrap()).unwrap();
    for (name, example) in document["components"]["examples"].as_object().unwrap() {
        assert_eq!(example["value"], fixture(&format!("{name}.json")), "{name}");
        shown.insert(name.clone());
    }
    let page = fs::read_to_string(root().join("docs/protocol.md")).unwrap();
    for block in page.split("<!-- fixture: ").skip(1) {
        let (file, rest) = block.split_once(" -->").unwrap();
        let json = rest.split_once("```json\n").unwrap().1.split_once("```").unwrap().0;
        let json: Value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(json, fixture(file), "{file}");
        shown.insert(file.trim_end_matches(".json").to_owned());
    }
    let missing: Vec<_> = TYPES.iter().filter(|(name, _)| !shown.contains(*name)).collect();
    assert!(
        missing.is_empty(),
        "neither docs/openapi.json nor docs/protocol.md shows {:?}",
        missing.iter().map(|(name, _)| name).collect::<Vec<_>>()
    );
}

#[test]
fn what_a_later_version_adds_does_not_break_a_reader() {
    let mut list = fixture("running-list.json");
    list["jobs"][0]["state"] = json!("paused");
    list["jobs"][0]["colour"] = json!("red");
    list["counts"]["paused"] = json!(3);
    let list: RunningList = serde_json::from_value(list).unwrap();
    assert_eq!(list.jobs[0].state, JobState::Unknown);

    let mut error = fixture("error.json");
    error["error"]["code"] = json!("on_strike");
    assert_eq!(serde_json::from_value::<ErrorBody>(error).unwrap().error.code, ErrorCode::Unknown);

    let mut schedule = fixture("one-schedule.json")["schedule"].clone();
    schedule["overlap"] = json!("replace");
    assert_eq!(serde_json::from_value::<Schedule>(schedule).unwrap().spec.overlap, Overlap::Unknown);

    let mut workers = fixture("worker-list.json");
    workers["workers"][0]["state"] = json!("asleep");
    assert_eq!(serde_json::from_value::<WorkerList>(workers).unwrap().workers[0].state, WorkerState::Unknown);

    let mut question = fixture("one-question.json");
    question["question"]["state"] = json!("snoozed");
    question["question"]["choices"][0]["style"] = json!("golden");
    let question = serde_json::from_value::<OneQuestion>(question).unwrap().question;
    assert_eq!((question.state, question.choices[0].style), (QuestionState::Unknown, ChoiceStyle::Unknown));

    assert_eq!(FeedMessage::decode("job.paused", "{}").unwrap(), None);
}

#[test]
fn a_message_of_the_feed_is_read_by_its_name() {
    let data = |file| fixture(file).to_string();
    assert!(matches!(FeedMessage::decode("snapshot", &data("snapshot.json")), Ok(Some(FeedMessage::Snapshot(_)))));
    for (name, kind, file) in [
        ("job.started", EventKind::JobStarted, "event.json"),
        ("job.finished", EventKind::JobFinished, "event-late.json"),
        ("question.asked", EventKind::QuestionAsked, "event-question.json"),
        ("question.closed", EventKind::QuestionClosed, "event-question-closed.json"),
    ] {
        let message = FeedMessage::decode(name, &data(file)).unwrap().unwrap();
        let FeedMessage::Event(event) = message else { panic!("{name} is read as {message:?}") };
        assert_eq!((event.kind(), serde_json::to_value(event).unwrap()), (kind, fixture(file)), "{name}");
    }
    let broken = FeedMessage::decode("job.started", "{}").unwrap_err();
    assert!(broken.to_string().contains("job.started"), "{broken}");
}

type RoundTrip = fn(Value) -> Value;

const TYPES: &[(&str, RoundTrip)] = &[
    ("browser-key", round_trip::<BrowserKey>),
    ("browser-link", round_trip::<BrowserLink>),
    ("claim", round_trip::<Claim>),
    ("claim-request", round_trip::<ClaimRequest>),
    ("claim-request-repeatable", round_trip::<ClaimRequest>),
    ("claim-request-secret", round_trip::<ClaimRequest>),
    ("created-job", round_trip::<CreatedJob>),
    ("created-job-retry", round_trip::<CreatedJob>),
    ("created-test-job", round_trip::<CreatedJob>),
    ("created-token", round_trip::<CreatedToken>),
    ("error", round_trip::<ErrorBody>),
    ("error-log-gap", round_trip::<ErrorBody>),
    ("event", round_trip::<Event>),
    ("event-late", round_trip::<Event>),
    ("event-question", round_trip::<Event>),
    ("event-question-closed", round_trip::<QuestionEvent>),
    ("finish-report", round_trip::<FinishReport>),
    ("health", round_trip::<Health>),
    ("hub-file", round_trip::<HubFile>),
    ("job-page", round_trip::<JobPage>),
    ("lease-renewal", round_trip::<LeaseRenewal>),
    ("log", round_trip::<Log>),
    ("log-cut", round_trip::<LogCut>),
    ("log-end", round_trip::<LogEnd>),
    ("log-part", round_trip::<LogPart>),
    ("new-answer", round_trip::<NewAnswer>),
    ("new-answer-text", round_trip::<NewAnswer>),
    ("new-browser-session", round_trip::<NewBrowserSession>),
    ("new-job-described", round_trip::<NewJob>),
    ("new-job-for-a-host", round_trip::<NewJob>),
    ("new-job-queued", round_trip::<NewJob>),
    ("new-job-queued-here", round_trip::<NewJob>),
    ("new-job-started", round_trip::<NewJob>),
    ("new-job-secret", round_trip::<NewJob>),
    ("new-job-waiting", round_trip::<NewJob>),
    ("new-question", round_trip::<NewQuestion>),
    ("new-question-own", round_trip::<NewQuestion>),
    ("new-schedule", round_trip::<NewSchedule>),
    ("new-test-job", round_trip::<NewTestJob>),
    ("new-token", round_trip::<NewToken>),
    ("new-token-worker", round_trip::<NewToken>),
    ("new-worker", round_trip::<NewWorker>),
    ("one-job", round_trip::<OneJob>),
    ("one-job-cancel-requested", round_trip::<OneJob>),
    ("one-job-by-people", round_trip::<OneJob>),
    ("one-job-described", round_trip::<OneJob>),
    ("one-job-waiting", round_trip::<OneJob>),
    ("one-question", round_trip::<OneQuestion>),
    ("one-schedule", round_trip::<OneSchedule>),
    ("one-schedule-paused", round_trip::<OneSchedule>),
    ("one-worker", round_trip::<OneWorker>),
    ("progress-report", round_trip::<ProgressReport>),
    ("progress-report-own", round_trip::<ProgressReport>),
    ("question-list", round_trip::<QuestionList>),
    ("question-list-closed", round_trip::<QuestionList>),
    ("registered-worker", round_trip::<RegisteredWorker>),
    ("renewed-lease", round_trip::<RenewedLease>),
    ("renewed-lease-cancel-requested", round_trip::<RenewedLease>),
    ("report-answer", round_trip::<ReportAnswer>),
    ("running-list", round_trip::<RunningList>),
    ("schedule-list", round_trip::<ScheduleList>),
    ("snapshot", round_trip::<Snapshot>),
    ("stats", round_trip::<Stats>),
    ("token-list", round_trip::<TokenList>),
    ("token-list-worker", round_trip::<TokenList>),
    ("withdrawal", round_trip::<Withdrawal>),
    ("withdrawal-own", round_trip::<Withdrawal>),
    ("worker-list", round_trip::<WorkerList>),
];

fn round_trip<T: DeserializeOwned + Serialize>(file: Value) -> Value {
    serde_json::to_value(serde_json::from_value::<T>(file).unwrap()).unwrap()
}

fn fixture(file: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(folder().join(file)).unwrap()).unwrap()
}

fn folder() -> PathBuf {
    root().join("tests/fixtures/protocol/v1")
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}
