//! Questions: who asks, who answers first, and what ends one without an answer.

use std::time::{Duration, Instant};

use doorbell_protocol::{
    ErrorCode, JobId, JobState, Question, QuestionEvent, QuestionId, QuestionState,
    question::{OneQuestion, QuestionList},
};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::{
    blocks::{Blocks, field},
    support::{Refused, TestHub, refused},
};

fn deploy() -> Value {
    let choices = json!([{"id": "yes", "label": "Deploy", "style": "danger"}, {"id": "no", "label": "Stop"}]);
    json!({"prompt": "Deploy?", "choices": choices})
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

async fn one(answer: Response) -> Question {
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    answer.json::<OneQuestion>().await.unwrap().question
}

/// Asks as the runner does.
async fn ask(hub: &TestHub, job: JobId, body: Value) -> Question {
    let body = with(body, "fence", json!(hub.fence(job)));
    one(hub.post(&format!("/v1/jobs/{job}/questions"), body).await).await
}

async fn answer(hub: &TestHub, id: QuestionId, body: Value) -> Response {
    hub.post(&format!("/v1/questions/{id}/answer"), body).await
}

async fn withdraw(hub: &TestHub, id: QuestionId) -> Response {
    let fence = hub.fence(get(hub, id, 0).await.job);
    hub.post(&format!("/v1/questions/{id}/withdraw"), json!({"fence": fence})).await
}

async fn get(hub: &TestHub, id: QuestionId, wait_ms: u64) -> Question {
    serde_json::from_value::<OneQuestion>(hub.get(&format!("/v1/questions/{id}?wait_ms={wait_ms}")).await).unwrap().question
}

async fn open(hub: &TestHub) -> Vec<Question> {
    serde_json::from_value::<QuestionList>(hub.get("/v1/questions?state=open").await).unwrap().questions
}

#[tokio::test]
async fn a_program_asks_and_withdraws_without_a_fence() {
    let hub = TestHub::start().await;
    let job = hub.started("deploy").await.job;
    let asked = one(hub.post(&format!("/v1/jobs/{}/questions", job.id), deploy()).await).await;
    let withdrawn = one(hub.post(&format!("/v1/questions/{}/withdraw", asked.id), json!({})).await).await;
    assert_eq!(withdrawn.state, QuestionState::Withdrawn);
    hub.finish(job.id, "succeeded").await;
    let refused = refused(hub.post(&format!("/v1/jobs/{}/questions", job.id), deploy()).await).await;
    assert_eq!((refused.0, refused.1), (409, ErrorCode::LeaseStale));
}

#[tokio::test]
async fn a_run_with_a_question_is_four_events() {
    let hub = TestHub::start().await;
    let mut feed = hub.feed(None).await;
    feed.snapshot().await;
    let job = hub.started("deploy").await.job;
    let asked = ask(&hub, job.id, with(deploy(), "detail", json!("42 files\r\n\n  of \u{1b}[1m43\n"))).await;
    assert_eq!((asked.state, asked.detail.as_deref()), (QuestionState::Open, Some("42 files\n\n  of [1m43")));
    assert_eq!((hub.job(job.id).await.waiting, hub.running().await.counts.waiting, hub.stats().await.counts.waiting), (1, 1, 1));
    let answered = one(answer(&hub, asked.id, json!({"choice": "no", "by": "somebody else", "from": "tray\non build-7"})).await).await;
    let given = answered.answer.clone().unwrap();
    assert_eq!((given.choice.as_deref(), given.by.as_deref(), given.from.as_deref()), (Some("no"), Some("owner"), Some("tray on build-7")));
    hub.finish(job.id, "succeeded").await;

    let mut told = Vec::new();
    for _ in 0..4 {
        let (id, kind, event) = feed.event().await;
        assert_eq!(event.job.id, job.id);
        told.push((id.seq.0, kind, event.counts.running, event.counts.waiting, event.job.waiting, event.question));
    }
    let expected = [
        (1, "job.started", 1, 0, 0, None),
        (2, "question.asked", 1, 1, 1, Some(asked)),
        (3, "question.closed", 1, 0, 0, Some(answered)),
        (4, "job.finished", 0, 0, 0, None),
    ];
    assert_eq!(told, expected);
    assert_eq!(hub.stats().await.seq.0, 4);
}

#[tokio::test]
async fn an_event_says_which_question_is_first_now() {
    let hub = TestHub::start().await;
    let (one, two) = (hub.started("one").await.job, hub.started("two").await.job);
    let (start, _) = hub.feed(None).await.snapshot().await;
    let first = ask(&hub, one.id, deploy()).await;
    let second = ask(&hub, two.id, deploy()).await;
    let third = ask(&hub, one.id, deploy()).await;
    answer(&hub, first.id, json!({"choice": "yes"})).await;
    // The job's end closes its question.
    hub.finish(one.id, "succeeded").await;
    withdraw(&hub, second.id).await;

    let call = hub.call(reqwest::Method::GET, "/v1/feed").header("Last-Event-ID", start.to_string());
    let mut blocks = Blocks::of(call).await;
    let mut told = Vec::new();
    while told.len() < 7 {
        let block = blocks.next().await.unwrap();
        if let Some(data) = field(&block, "data") {
            let QuestionEvent { event, head } = serde_json::from_str(data).unwrap();
            told.push((event.question.map(|question| question.id), event.counts.waiting, head.map(|question| question.id)));
        }
    }
    let expected = [
        (Some(first.id), 1, Some(first.id)),
        (Some(second.id), 2, Some(first.id)),
        (Some(third.id), 3, Some(first.id)),
        (Some(first.id), 2, Some(second.id)),
        (Some(third.id), 1, Some(second.id)),
        (None, 1, None),
        (Some(second.id), 0, None),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn the_first_answer_wins() {
    let hub = TestHub::start().await;
    let job = hub.started("deploy").await.job;
    let asked = ask(&hub, job.id, deploy()).await;
    let (one, two) = tokio::join!(answer(&hub, asked.id, json!({"choice": "yes"})), answer(&hub, asked.id, json!({"choice": "no"})));
    let (won, lost, choice) = if one.status() == StatusCode::OK { (one, two, "yes") } else { (two, one, "no") };
    assert_eq!(won.status(), StatusCode::OK);
    assert_eq!(refused(lost).await, Refused(409, ErrorCode::AlreadyAnswered, None));
    assert_eq!(refused(withdraw(&hub, asked.id).await).await.1, ErrorCode::AlreadyAnswered);
    assert_eq!(get(&hub, asked.id, 0).await.answer.unwrap().choice.as_deref(), Some(choice));
    assert_eq!(hub.stats().await.seq.0, 3);
}

#[tokio::test]
async fn words_are_an_answer_where_the_question_takes_them() {
    let hub = TestHub::start().await;
    let job = hub.started("deploy").await.job;
    let free = ask(&hub, job.id, json!({"prompt": "Which tag?", "free_text": true})).await;
    let answered = one(answer(&hub, free.id, json!({"text": " v1.4\n"})).await).await;
    assert_eq!(answered.answer.unwrap().text.as_deref(), Some(" v1.4"));
    let strict = ask(&hub, job.id, deploy()).await;
    for (body, field) in [(json!({"text": "maybe"}), "text"), (json!({"choice": "maybe"}), "choice")] {
        assert_eq!(refused(answer(&hub, strict.id, body).await).await, Refused(422, ErrorCode::Invalid, Some(field.to_owned())));
    }
}

#[tokio::test]
async fn the_asker_waits_for_the_answer() {
    let hub = TestHub::start().await;
    let job = hub.started("deploy").await.job;
    let asked = ask(&hub, job.id, deploy()).await;
    assert_eq!(get(&hub, asked.id, 1).await.state, QuestionState::Open);
    let (got, _) = tokio::join!(get(&hub, asked.id, 60_000), async {
        // Another commit first, which is none of the asker's.
        hub.started("other").await;
        answer(&hub, asked.id, json!({"choice": "yes"})).await
    });
    assert_eq!(got.answer.unwrap().choice.as_deref(), Some("yes"));
}

#[tokio::test]
async fn a_wait_ends_with_the_hub() {
    let hub = TestHub::start().await;
    let job = hub.started("deploy").await.job;
    let asked = ask(&hub, job.id, deploy()).await;
    let waits = hub.call(reqwest::Method::GET, &format!("/v1/questions/{}?wait_ms=60000", asked.id)).send();
    let waits = tokio::spawn(waits);
    hub.stats().await;
    let since = Instant::now();
    hub.stop().await;
    let _ = waits.await.unwrap();
    assert!(since.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_withdrawn_question_takes_no_answer() {
    let hub = TestHub::start().await;
    let job = hub.started("deploy").await.job;
    let asked = ask(&hub, job.id, deploy()).await;
    let stale = hub.post(&format!("/v1/questions/{}/withdraw", asked.id), json!({"fence": 2})).await;
    assert_eq!(refused(stale).await, Refused(409, ErrorCode::LeaseStale, Some("fence".to_owned())));
    for _ in 0..2 {
        assert_eq!(one(withdraw(&hub, asked.id).await).await.state, QuestionState::Withdrawn);
    }
    assert_eq!(refused(answer(&hub, asked.id, json!({"choice": "yes"})).await).await, Refused(409, ErrorCode::QuestionClosed, None));
    assert_eq!((hub.job(job.id).await.waiting, hub.stats().await.seq.0), (0, 3));
}

#[tokio::test]
async fn a_question_expires_once_and_is_no_approval() {
    let hub = TestHub::start().await;
    let mut feed = hub.feed(None).await;
    feed.snapshot().await;
    let job = hub.started("deploy").await.job;
    let asked = ask(&hub, job.id, with(deploy(), "expires_in_ms", json!(1_000))).await;
    let later = ask(&hub, job.id, with(deploy(), "expires_in_ms", json!(60_000))).await;
    let expired = get(&hub, asked.id, 60_000).await;
    assert_eq!((expired.state, expired.answer), (QuestionState::Expired, None));
    assert!(expired.closed_at >= asked.expires_at);
    assert_eq!(refused(answer(&hub, asked.id, json!({"choice": "yes"})).await).await, Refused(409, ErrorCode::QuestionClosed, None));
    for kind in ["job.started", "question.asked", "question.asked", "question.closed"] {
        assert_eq!(feed.event().await.1, kind);
    }
    // The next event is the next change's: expiry is not told again.
    withdraw(&hub, later.id).await;
    assert_eq!(feed.event().await.2.question.unwrap().state, QuestionState::Withdrawn);
}

#[tokio::test]
async fn a_job_that_ends_closes_its_open_questions_first() {
    let hub = TestHub::start().await;
    let mut feed = hub.feed(None).await;
    let job = hub.started("deploy").await.job;
    let other = hub.started("other").await.job;
    let ids = [ask(&hub, job.id, deploy()).await.id, ask(&hub, job.id, deploy()).await.id];
    let stays = ask(&hub, other.id, deploy()).await;
    feed.snapshot().await;
    for _ in 0..5 {
        feed.event().await;
    }
    hub.finish(job.id, "failed").await;
    for (n, id) in ids.into_iter().enumerate() {
        let (_, kind, event) = feed.event().await;
        let question = event.question.unwrap();
        assert_eq!((kind, question.id, question.state), ("question.closed", id, QuestionState::Closed));
        assert_eq!((event.counts.running, event.counts.waiting as usize, event.job.waiting as usize), (2, 2 - n, 1 - n));
    }
    let (_, kind, event) = feed.event().await;
    assert_eq!((kind, event.counts.running, event.counts.waiting, event.job.waiting), ("job.finished", 1, 1, 0));
    assert_eq!(open(&hub).await, [stays]);
    assert_eq!(refused(answer(&hub, ids[0], json!({"choice": "yes"})).await).await.1, ErrorCode::QuestionClosed);
    assert_eq!(refused(withdraw(&hub, ids[0]).await).await.1, ErrorCode::QuestionClosed);
}

#[tokio::test]
async fn a_job_that_is_lost_closes_its_questions_and_may_ask_when_it_is_back() {
    let hub = TestHub::with_leases_of(Duration::from_millis(300)).await;
    let job = hub.started("deploy").await.job;
    let asked = ask(&hub, job.id, deploy()).await;
    assert_eq!(get(&hub, asked.id, 60_000).await.state, QuestionState::Closed);
    assert_eq!((hub.job(job.id).await.state, hub.job(job.id).await.waiting), (JobState::Lost, 0));
    ask(&hub, job.id, deploy()).await;
    // It runs again: start, question, closed, lost, start, question.
    assert!(hub.stats().await.seq.0 >= 6);
}

#[tokio::test]
async fn an_answer_keeps_no_silent_job_alive() {
    let hub = TestHub::with_leases_of(Duration::from_millis(500)).await;
    let job = hub.started("deploy").await.job;
    let mut ids = Vec::new();
    for _ in 0..16 {
        ids.push(ask(&hub, job.id, deploy()).await.id);
    }
    let last = ids.pop().unwrap();
    // An answer each 100 ms, for three times as long as the lease.
    let mut answered = ids.into_iter();
    while get(&hub, last, 100).await.state == QuestionState::Open {
        answer(&hub, answered.next().expect("the job is lost by now"), json!({"choice": "yes"})).await;
    }
    assert_eq!(hub.job(job.id).await.state, JobState::Lost);
}

#[tokio::test]
async fn only_the_runner_of_a_running_job_asks() {
    let hub = TestHub::start().await;
    let job = hub.started("deploy").await.job;
    let path = format!("/v1/jobs/{}/questions", job.id);
    let stale = || Refused(409, ErrorCode::LeaseStale, Some("fence".to_owned()));
    assert_eq!(refused(hub.post(&path, with(deploy(), "fence", json!(2))).await).await, stale());
    hub.finish(job.id, "succeeded").await;
    assert_eq!(refused(hub.post(&path, deploy()).await).await, stale());
    assert_eq!(hub.stats().await.seq.0, 2);
}

#[tokio::test]
async fn asking_again_with_the_same_id_asks_once() {
    let hub = TestHub::start().await;
    let job = hub.started("deploy").await.job;
    let path = format!("/v1/jobs/{}/questions", job.id);
    let new = with(deploy(), "id", json!(uuid::Uuid::now_v7()));
    let first = hub.post(&path, new.clone()).await;
    let again = hub.post(&path, new.clone()).await;
    assert_eq!((first.status(), again.status()), (StatusCode::CREATED, StatusCode::OK));
    assert_eq!(one(first).await, one(again).await);
    let taken = || Refused(409, ErrorCode::IdTaken, Some("id".to_owned()));
    assert_eq!(refused(hub.post(&path, with(new.clone(), "prompt", json!("Drop the database?"))).await).await, taken());
    let other = hub.started("other").await.job;
    assert_eq!(refused(hub.post(&format!("/v1/jobs/{}/questions", other.id), new).await).await, taken());
    assert_eq!(hub.stats().await.counts.waiting, 1);
}

#[tokio::test]
async fn open_questions_are_listed_oldest_first_and_outlive_a_restart() {
    let hub = TestHub::start().await;
    let job = hub.started("deploy").await.job;
    let first = ask(&hub, job.id, deploy()).await;
    let second = ask(&hub, job.id, with(deploy(), "expires_in_ms", json!(2_000))).await;
    let third = ask(&hub, job.id, deploy()).await;
    withdraw(&hub, third.id).await;
    assert_eq!(open(&hub).await, [first.clone(), second.clone()]);

    let hub = hub.restart().await;
    let (_, snapshot) = hub.feed(None).await.snapshot().await;
    assert_eq!((snapshot.questions.as_slice(), snapshot.counts.waiting), ([first.clone(), second.clone()].as_slice(), 2));
    assert_eq!(snapshot.running[0].waiting, 2);
    // The time that it has goes on.
    assert_eq!(get(&hub, second.id, 60_000).await.state, QuestionState::Expired);
    assert_eq!(one(answer(&hub, first.id, json!({"choice": "no"})).await).await.state, QuestionState::Answered);
    assert_eq!((open(&hub).await.len(), hub.job(job.id).await.waiting), (0, 0));
}

#[tokio::test]
async fn a_job_has_sixteen_open_questions_at_most() {
    let hub = TestHub::start().await;
    let job = hub.started("deploy").await.job;
    for _ in 0..16 {
        ask(&hub, job.id, deploy()).await;
    }
    let more = hub.post(&format!("/v1/jobs/{}/questions", job.id), deploy()).await;
    assert_eq!(refused(more).await, Refused(409, ErrorCode::TooManyQuestions, None));
    withdraw(&hub, open(&hub).await[0].id).await;
    ask(&hub, job.id, deploy()).await;
}

#[tokio::test]
async fn bad_input_is_refused_by_name_and_changes_nothing() {
    let hub = TestHub::start().await;
    let job = hub.started("deploy").await.job;
    let asked = ask(&hub, job.id, deploy()).await;
    let before = hub.facts().await;
    let jobs = format!("/v1/jobs/{}/questions", job.id);
    let answers = format!("/v1/questions/{}/answer", asked.id);
    let unknown = "/v1/questions/0192f0c1-7a3b-7c4d-8e5f-0123456789ab";
    let malformed = |field: Option<&str>| Refused(400, ErrorCode::Malformed, field.map(str::to_owned));
    let invalid = |field: &str| Refused(422, ErrorCode::Invalid, Some(field.to_owned()));
    let missing = || Refused(404, ErrorCode::NotFound, None);
    let choice = |choice: Value| with(deploy(), "choices", json!([choice]));
    let text = |text: String| json!({"text": text});
    for (path, body, expected) in [
        (jobs.clone(), json!({}), malformed(None)),
        (jobs.clone(), with(deploy(), "fence", json!("1")), malformed(Some("fence"))),
        (jobs.clone(), with(deploy(), "id", json!("7")), malformed(Some("id"))),
        (jobs.clone(), with(deploy(), "prompt", json!(7)), malformed(Some("prompt"))),
        (jobs.clone(), with(deploy(), "prompt", json!(" \u{1b}")), invalid("prompt")),
        (jobs.clone(), with(deploy(), "prompt", json!("x".repeat(501))), invalid("prompt")),
        (jobs.clone(), with(deploy(), "detail", json!(["a"])), malformed(Some("detail"))),
        (jobs.clone(), with(deploy(), "detail", json!("x".repeat(4_001))), invalid("detail")),
        (jobs.clone(), with(deploy(), "choices", json!([])), invalid("choices")),
        (jobs.clone(), with(deploy(), "choices", json!("yes")), malformed(Some("choices"))),
        (jobs.clone(), choice(json!({"id": "a"})), malformed(Some("choices[0]"))),
        (jobs.clone(), choice(json!({"id": "a b", "label": "x"})), invalid("choices")),
        (jobs.clone(), choice(json!({"id": "a", "label": ""})), invalid("choices")),
        (jobs.clone(), choice(json!({"id": "a", "label": "x", "style": "golden"})), invalid("choices")),
        (jobs.clone(), choice(json!({"id": "a", "label": "x", "style": 1})), malformed(Some("choices[0].style"))),
        (jobs.clone(), with(deploy(), "free_text", json!(1)), malformed(Some("free_text"))),
        (jobs.clone(), with(deploy(), "expires_in_ms", json!(999)), invalid("expires_in_ms")),
        (jobs.clone(), with(deploy(), "expires_in_ms", json!(-1)), malformed(Some("expires_in_ms"))),
        ("/v1/jobs/0192f0c1-7a3b-7c4d-8e5f-0123456789ab/questions".to_owned(), deploy(), missing()),
        ("/v1/jobs/7/questions".to_owned(), deploy(), malformed(Some("id"))),
        (answers.clone(), json!({}), invalid("choice")),
        (answers.clone(), json!({"choice": "yes", "text": "x"}), invalid("choice")),
        (answers.clone(), json!({"choice": 1}), malformed(Some("choice"))),
        (answers.clone(), text(" \n".to_owned()), invalid("text")),
        (answers.clone(), text("x".repeat(4_001)), invalid("text")),
        (answers.clone(), json!({"choice": "yes", "from": 1}), malformed(Some("from"))),
        (format!("{unknown}/answer"), json!({"choice": "yes"}), missing()),
        (format!("{unknown}/withdraw"), json!({"fence": 1}), missing()),
        ("/v1/questions/7/answer".to_owned(), json!({"choice": "yes"}), malformed(Some("id"))),
        (format!("/v1/questions/{}/withdraw", asked.id), json!({"fence": "1"}), malformed(Some("fence"))),
    ] {
        assert_eq!(refused(hub.post(&path, body.clone()).await).await, expected, "{path} {body}");
    }
    for (path, expected) in [
        ("/v1/questions?state=answered", malformed(None)),
        ("/v1/questions?limit=5", invalid("limit")),
        (&format!("/v1/questions?state=open&cursor={}", asked.id), invalid("cursor")),
        ("/v1/questions?job=7", malformed(None)),
        (unknown, missing()),
        ("/v1/questions/7", malformed(Some("id"))),
        (&format!("{unknown}?wait_ms=soon"), malformed(None)),
    ] {
        assert_eq!(refused(hub.call(reqwest::Method::GET, path).send().await.unwrap()).await, expected, "{path}");
    }
    assert_eq!(hub.facts().await, before);
    assert_eq!(open(&hub).await, [asked]);
}
