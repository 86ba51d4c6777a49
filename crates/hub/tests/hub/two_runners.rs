//! Two processes that report for one job with one fence, as when a runner was copied with its machine: nothing counts twice,
//! and there is one end.

use doorbell_protocol::{ErrorCode, JobId, JobState, jobs::OneJob, log::Log, question::QuestionList};
use reqwest::{Method, Response};
use serde_json::json;
use uuid::Uuid;

use crate::support::{Feed, TestHub, http, refused};

const ROUNDS: usize = 30;

/// A caller with connections of its own.
struct Runner<'a> {
    hub: &'a TestHub,
    http: reqwest::Client,
}

impl<'a> Runner<'a> {
    fn of(hub: &'a TestHub) -> Self {
        Self { hub, http: http().no_proxy().build().unwrap() }
    }

    fn call(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.hub.address)).bearer_auth(&self.hub.token)
    }

    async fn finish(&self, job: JobId, outcome: &str) -> Response {
        let end = json!({"fence": self.hub.fence(job), "outcome": outcome});
        self.call(Method::POST, &format!("/v1/jobs/{job}/finish")).json(&end).send().await.unwrap()
    }

    /// Everything that a runner reports before the end.
    async fn report(&self, job: JobId, question: Uuid) {
        let path = |of: &str| format!("/v1/jobs/{job}/{of}");
        let fence = self.hub.fence(job);
        for (chunk, text) in ["one\n", "two\n", "three\n"].into_iter().enumerate() {
            let offset = chunk * 4;
            let sent = self.call(Method::POST, &path(&format!("log?offset={offset}&fence={}", fence.0))).body(text).send().await.unwrap();
            assert_eq!(sent.status(), 200);
            let progress = json!({"fence": fence, "done": chunk, "total": 3});
            assert_eq!(self.call(Method::PUT, &path("progress")).json(&progress).send().await.unwrap().status(), 204);
        }
        let ask = json!({"id": question, "fence": fence, "prompt": "Deploy?", "free_text": true});
        let asked = self.call(Method::POST, &path("questions")).json(&ask).send().await.unwrap();
        assert!(asked.status().is_success());
        let renewed = self.call(Method::PUT, &path("lease")).json(&json!({"fence": fence})).send().await.unwrap();
        assert_eq!(renewed.status(), 200);
    }
}

async fn next(feed: &mut Feed, expected: &str, waiting: u32) {
    let (_, kind, event) = feed.event().await;
    assert_eq!((kind, event.counts.waiting), (expected, waiting));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_runners_with_one_fence_count_once_and_end_a_job_once() {
    let hub = TestHub::start().await;
    let (one, two) = (Runner::of(&hub), Runner::of(&hub));
    let mut feed = hub.feed(None).await;
    feed.snapshot().await;
    for round in 0..ROUNDS {
        let same = round % 2 == 0;
        let job = hub.started("make").await.job.id;
        let question = Uuid::now_v7();
        tokio::join!(one.report(job, question), two.report(job, question));
        let open: QuestionList = serde_json::from_value(hub.get("/v1/questions?state=open").await).unwrap();
        assert_eq!((open.questions.len(), hub.running().await.counts.running), (1, 1));

        let ends = tokio::join!(one.finish(job, "succeeded"), two.finish(job, if same { "succeeded" } else { "failed" }));
        let (taken, others): (Vec<_>, Vec<_>) = [ends.0, ends.1].into_iter().partition(|end| end.status() == 200);
        assert_eq!((taken.len(), others.len()), if same { (2, 0) } else { (1, 1) });
        let mut told = Vec::new();
        for end in taken {
            told.push(end.json::<OneJob>().await.unwrap().job);
        }
        for end in others {
            let refused = refused(end).await;
            assert_eq!((refused.0, refused.1), (409, ErrorCode::BadTransition));
        }
        // Whoever won, both are told of the one end, which nothing moves any more.
        let known = hub.job(job).await;
        assert!(told.iter().all(|told| (told.state, told.finished_at) == (known.state, known.finished_at)));
        assert!(matches!(known.state, JobState::Succeeded | JobState::Failed) && (!same || known.state == JobState::Succeeded));
        let late = two
            .call(Method::PUT, &format!("/v1/jobs/{job}/progress"))
            .json(&json!({"fence": hub.fence(job), "done": 1}))
            .send()
            .await
            .unwrap();
        assert_eq!(refused(late).await.1, ErrorCode::LeaseStale);
        assert_eq!(hub.job(job).await, known);

        let log: Log = serde_json::from_value(hub.get(&format!("/v1/jobs/{job}/log")).await).unwrap();
        let bytes: Vec<u8> = log.parts.into_iter().flat_map(|part| part.bytes.0).collect();
        assert_eq!(String::from_utf8(bytes).unwrap(), "one\ntwo\nthree\n");
        for (kind, waiting) in [("job.started", 0), ("question.asked", 1), ("question.closed", 0), ("job.finished", 0)] {
            next(&mut feed, kind, waiting).await;
        }
    }
    let stats = hub.stats().await;
    assert_eq!((stats.seq.0, stats.counts.running, stats.counts.waiting), (4 * ROUNDS as u64, 0, 0));
}
