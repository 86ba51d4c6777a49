//! The client's calls, against a real hub.

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::Command,
    time::Duration,
};

use doorbell_client::{Client, EndpointSource, rest::JobQuery};
use doorbell_protocol::{
    ErrorCode, Fence, Job, JobId, JobState, Outcome, QuestionState, Timestamp,
    jobs::{FinishReport, NewJob, Task},
    log::LogMessage,
    question::{NewAnswer, NewQuestion},
    schedule::NewSchedule,
    worker::{ClaimRequest, NewWorker, WorkerState},
};
use doorbell_tests::{Home, Hub, eventually, home, hub::SOON};

async fn started(client: &Client, name: &str) -> (JobId, Fence) {
    let job = NewJob { name: name.to_owned(), start: true, ..NewJob::default() };
    let created = client.create_job(&job).await.expect("a job");
    (created.job.id, created.lease.expect("its lease").fence)
}

async fn finished(client: &Client, id: JobId, fence: Fence) -> Job {
    let report = FinishReport { fence, outcome: Outcome::Succeeded, exit_code: Some(0), failure: None, finished_at: None };
    client.finish_job(id, &report).await.expect("its end")
}

#[test]
fn a_question_is_asked_waited_for_and_answered() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let (asked, closed) = hub
        .ask(async |client| {
            let (job, fence) = started(&client, "deploy").await;
            let new: NewQuestion = serde_json::from_value(serde_json::json!({
                "fence": fence, "prompt": "Deploy?", "choices": [{"id": "yes", "label": "Yes"}, {"id": "no", "label": "No"}]
            }))
            .expect("a question");
            let asked = client.ask_question(job, &new).await?;
            assert_eq!(client.open_questions().await?, std::slice::from_ref(&asked));
            assert_eq!(client.question(asked.id, Duration::ZERO).await?.state, QuestionState::Open);
            let answer = NewAnswer { choice: Some("yes".to_owned()), ..NewAnswer::default() };
            let (closed, answered) = tokio::join!(client.question(asked.id, SOON), client.answer_question(asked.id, &answer));
            answered?;
            let late = client.answer_question(asked.id, &answer).await.expect_err("a second answer");
            assert_eq!(late.code(), Some(ErrorCode::AlreadyAnswered));
            let other = client.ask_question(job, &new).await?;
            assert_eq!(client.withdraw_question(other.id, Some(fence)).await?.state, QuestionState::Withdrawn);
            Ok((asked, closed?))
        })
        .unwrap();
    assert_eq!((closed.id, closed.state), (asked.id, QuestionState::Answered));
    assert_eq!(closed.answer.unwrap().choice.as_deref(), Some("yes"));
}

#[test]
fn a_log_is_appended_read_and_followed_through_a_restart_of_the_hub() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let address = hub.address().to_owned();
    let client = Client::new(EndpointSource::fixed(hub.endpoint().clone()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (job, fence) = runtime.block_on(started(&client, "writes"));
    let mut follower = client.follow_log(job, 0);
    let mut seen = Vec::new();
    runtime.block_on(async {
        assert_eq!(client.append_log(job, fence, 0, "first\n".into()).await.unwrap(), 6);
        // The same bytes again change nothing.
        assert_eq!(client.append_log(job, fence, 0, "first\n".into()).await.unwrap(), 6);
        let gap = client.append_log(job, fence, 99, "x".into()).await.unwrap_err();
        let doorbell_client::CallError::Refused(refusal) = gap else { panic!("{gap}") };
        assert_eq!((refusal.code, refusal.expected_offset), (ErrorCode::LogGap, Some(6)));
        let LogMessage::Part(part) = follower.next().await.unwrap() else { panic!("no part") };
        seen.extend(part.bytes.0);
    });
    hub.kill();
    assert!(runtime.block_on(follower.next()).unwrap_err().is_transient());
    let _hub = Hub::start_with(&home, &["--listen", &address]);
    runtime.block_on(async {
        assert_eq!(client.append_log(job, fence, 6, "second\n".into()).await.unwrap(), 13);
        finished(&client, job, fence).await;
        loop {
            match follower.next().await {
                Ok(LogMessage::Part(part)) => seen.extend(part.bytes.0),
                Ok(LogMessage::End(end)) => break assert_eq!(end.end, 13),
                Ok(LogMessage::Cut(cut)) => panic!("{cut:?}"),
                Err(e) => assert!(e.is_transient(), "{e}"),
            }
        }
        let log = client.log(job, Some(7)).await.unwrap();
        assert_eq!((log.parts[0].offset, log.parts[0].bytes.0.as_slice(), log.end), (6, &b"second\n"[..], 13));
        client.delete_job(job).await.unwrap();
        let gone = client.follow_log(job, 0).next().await.unwrap_err();
        assert_eq!((gone.code(), gone.is_transient()), (Some(ErrorCode::NotFound), false));
    });
    assert_eq!(seen, b"first\nsecond\n");
}

#[test]
fn a_job_that_is_over_can_be_found_retried_and_forgotten() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let task = Task { command: vec!["true".to_owned()], ..Task::default() };
    let new = NewJob { name: "Nightly & ingest".to_owned(), key: Some("ingest".to_owned()), task, ..NewJob::default() };
    let first = hub.ask(async |client| client.create_job(&new).await).unwrap().job;
    hub.the_job_is(JobState::Succeeded);
    let again = hub.ask(async |client| client.retry_job(first.id).await).unwrap();
    assert_eq!(again.retry_of, Some(first.id));
    eventually("both are over", SOON, || hub.jobs().iter().all(|job| job.state.is_over()).then_some(()));
    hub.ask(async |client| {
        let count = async |query: JobQuery| client.jobs(query).await.map(|page| page.jobs.len());
        assert_eq!(count(JobQuery { key: Some("ingest".to_owned()), ..JobQuery::default() }).await?, 2);
        assert_eq!(count(JobQuery { text: Some("y & I".to_owned()), ..JobQuery::default() }).await?, 2);
        assert_eq!(count(JobQuery { text: Some("weekly".to_owned()), ..JobQuery::default() }).await?, 0);
        assert_eq!(count(JobQuery { finished_after: Some(Timestamp::EPOCH), ..JobQuery::default() }).await?, 2);
        let last = client.job(again.id).await?.finished_at;
        assert_eq!(count(JobQuery { finished_after: last, ..JobQuery::default() }).await?, 0);
        client.delete_job(first.id).await?;
        assert_eq!(client.job(first.id).await.expect_err("it is gone").code(), Some(ErrorCode::NotFound));
        Ok(())
    })
    .unwrap();
}

#[test]
fn workers_are_listed_and_drained() {
    let home = Home::new();
    let hub = Hub::start(&home);
    eventually("the hub's own worker", SOON, || {
        (hub.ask(async |client| client.workers().await).expect("workers").len() == 1).then_some(())
    });
    hub.ask(async |client| {
        let new = NewWorker { name: "extra".to_owned(), host: "here".to_owned(), slots: 3 };
        let worker = client.register_worker(&new).await?;
        let status = client.heartbeat(worker.id).await?;
        assert_eq!((status.worker.slots, status.state), (3, WorkerState::Active));
        client.drain_worker(worker.id).await?;
        let refusal =
            client.claim(&ClaimRequest { id: None, worker: worker.id, wait_ms: 0, secret_sha256: None }).await.expect_err("it drains");
        assert_eq!(refusal.code(), Some(ErrorCode::WorkerDraining));
        Ok(())
    })
    .unwrap();
}

#[test]
fn schedules_are_made_changed_and_removed() {
    let home = Home::new();
    let hub = Hub::start(&home);
    hub.ask(async |client| {
        let task = Task { command: vec!["true".to_owned()], ..Task::default() };
        let (cron, timezone) = ("30 2 * * *".to_owned(), "UTC".to_owned());
        let new = NewSchedule { name: "nightly".to_owned(), cron, timezone, task, ..NewSchedule::default() };
        let made = client.create_schedule(&new).await?;
        assert!(made.next_fire.is_some());
        let changed = client.replace_schedule(made.id, &NewSchedule { cron: "@hourly".to_owned(), ..new }).await?;
        assert_eq!(client.schedules().await?, [changed]);
        client.delete_schedule(made.id).await?;
        assert_eq!(client.schedules().await?, []);
        Ok(())
    })
    .unwrap();
}

/// A hub that may have so many descriptors open.
fn hub_with_descriptors(home: &Home, most: u32) -> Hub {
    let mut command = Command::new("sh");
    command.args(["-c", &format!(r#"ulimit -n {most} && exec "$0" hub --listen 127.0.0.1:0"#)]).arg(home::program());
    home.live_in(&mut command);
    Hub::start_as(home, &mut command)
}

/// Half of so few descriptors is for connections; this test and the hub's own worker have some of these.
#[test]
fn calls_work_when_listeners_have_all_the_descriptors_that_they_may_have() {
    let home = Home::new();
    let hub = hub_with_descriptors(&home, 400);
    hub.ask(async |client| {
        let (job, fence) = started(&client, "make").await;
        let request =
            format!("GET /v1/feed HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n", hub.endpoint().token().expose());
        let mut listeners = Vec::new();
        for _ in 0..250 {
            let mut listener = TcpStream::connect(hub.address()).expect("a place in the queue");
            listener.write_all(request.as_bytes()).expect("a request");
            listeners.push(listener);
        }
        until_listeners_are(&client, |count| (190..200).contains(&count)).await;
        assert_eq!(client.append_log(job, fence, 0, "made".into()).await?, 4);
        assert_eq!(finished(&client, job, fence).await.state, JobState::Succeeded);
        assert!((190..200).contains(&client.stats().await?.subscribers));
        // Who waited gets the place of who went.
        listeners.drain(..100);
        until_listeners_are(&client, |count| count == 150).await;
        Ok(())
    })
    .unwrap();
}

/// Of the 128 connections that so few descriptors allow, 32 may be without a token.
#[test]
fn strangers_who_send_slow_bodies_take_no_place_from_callers_with_a_token() {
    let home = Home::new();
    let hub = hub_with_descriptors(&home, 256);
    let slow = b"POST /v1/browser-sessions/open HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{";
    let mut strangers: Vec<TcpStream> = Vec::new();
    for _ in 0..50 {
        for _ in 0..10 {
            let mut stranger = TcpStream::connect(hub.address()).expect("a place in the queue");
            // It may have been shown out by then.
            let _ = stranger.write_all(slow);
            strangers.push(stranger);
        }
        // Each on a connection of its own.
        hub.ask(async |client| {
            let (job, fence) = started(&client, "make").await;
            Ok(finished(&client, job, fence).await)
        })
        .expect("calls");
    }
    let mut refused = 0;
    for (number, stranger) in strangers.iter_mut().enumerate() {
        stranger.set_read_timeout(Some(SOON)).expect("a deadline");
        let mut answer = Vec::new();
        // One that was shown out may get a reset.
        let read = stranger.read_to_end(&mut answer);
        assert!(read.is_ok() || read.is_err_and(|e| e.kind() == std::io::ErrorKind::ConnectionReset), "{number} is still there");
        if answer.starts_with(b"HTTP/1.1 408") {
            refused += 1;
        } else {
            assert!(answer.is_empty() && number < 500 - 20, "{number}: {}", String::from_utf8_lossy(&answer));
        }
    }
    assert!((20..=32).contains(&refused), "{refused} could wait to the end");
}

async fn until_listeners_are(client: &Client, wanted: impl Fn(u32) -> bool) {
    let deadline = tokio::time::Instant::now() + SOON;
    loop {
        let listeners = client.stats().await.expect("stats").subscribers;
        if wanted(listeners) {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "{listeners} listeners");
    }
}
