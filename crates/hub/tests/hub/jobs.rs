//! Creating, reporting, finishing and listing jobs.

use doorbell_protocol::{ErrorCode, JobState, jobs::JobPage};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{Refused, TestHub, refused};

#[tokio::test]
async fn a_run_is_two_events_whatever_its_progress() {
    let hub = TestHub::start().await;
    let job = hub.started("make").await.job;
    for done in 0..500 {
        hub.progress(job.id, done).await;
    }
    assert_eq!(hub.finish(job.id, "succeeded").await.status(), StatusCode::OK);
    let stats = hub.stats().await;
    assert_eq!((stats.seq.0, stats.progress_reports, stats.counts.running), (2, 500, 0));
}

#[tokio::test]
async fn creating_with_the_same_id_again_answers_with_the_same_job() {
    let hub = TestHub::start().await;
    let id = uuid::Uuid::now_v7();
    let new = json!({"id": id, "name": "make", "start": true});
    let first = hub.post("/v1/jobs", new.clone()).await;
    assert_eq!(first.status(), StatusCode::CREATED);
    let fence = first.json::<doorbell_protocol::jobs::CreatedJob>().await.unwrap().lease.unwrap().fence;
    let again = hub.post("/v1/jobs", new).await;
    assert_eq!(again.status(), StatusCode::OK);
    let again: doorbell_protocol::jobs::CreatedJob = again.json().await.unwrap();
    assert_eq!((again.job.id.0, again.lease.unwrap().fence), (id, fence));
    assert_eq!(hub.stats().await.seq.0, 1);
    let other = hub.post("/v1/jobs", json!({"id": id, "name": "other", "start": true})).await;
    assert_eq!(refused(other).await, Refused(409, ErrorCode::IdTaken, Some("id".to_owned())));
}

#[tokio::test]
async fn what_describes_a_job_comes_back_with_it() {
    let hub = TestHub::start().await;
    let new = json!({
        "name": "tests", "start": true, "parent": uuid::Uuid::now_v7(), "labels": {"branch": "main"},
        "url": "https://ci.example/7", "notify_after_ms": 10_000,
    });
    let job: serde_json::Value = hub.post("/v1/jobs", new.clone()).await.json().await.unwrap();
    for field in ["parent", "labels", "url", "notify_after_ms"] {
        assert_eq!(job["job"][field], new[field]);
    }
    let refusal = hub.post("/v1/jobs", json!({"name": "tests", "start": true, "url": "javascript:alert(1)"})).await;
    assert_eq!(refused(refusal).await, Refused(422, ErrorCode::Invalid, Some("url".to_owned())));
}

#[tokio::test]
async fn an_end_is_told_once_and_kept() {
    let hub = TestHub::start().await;
    let job = hub.started("make").await.job;
    let end = json!({"fence": hub.fence(job.id), "outcome": "failed", "exit_code": 2, "failure": "\u{1b}[31mno rule\u{1b}[0m"});
    let path = format!("/v1/jobs/{}/finish", job.id);
    for _ in 0..2 {
        assert_eq!(hub.post(&path, end.clone()).await.status(), StatusCode::OK);
    }
    let other = hub.finish(job.id, "succeeded").await;
    assert_eq!(refused(other).await, Refused(409, ErrorCode::BadTransition, None));
    let job = hub.job(job.id).await;
    assert_eq!((job.state, job.exit_code, job.failure.as_deref()), (JobState::Failed, Some(2), Some("[31mno rule[0m")));
    assert!(job.duration_ms.is_some());
    assert_eq!(hub.stats().await.seq.0, 2);
}

#[tokio::test]
async fn a_job_that_has_ended_takes_no_report() {
    let hub = TestHub::start().await;
    let job = hub.started("make").await.job;
    hub.finish(job.id, "succeeded").await;
    let late = hub.put(&format!("/v1/jobs/{}/progress", job.id), json!({"fence": hub.fence(job.id), "done": 1})).await;
    assert_eq!(refused(late).await.1, ErrorCode::LeaseStale);
}

#[tokio::test]
async fn an_unchanged_running_list_has_no_body() {
    let hub = TestHub::start().await;
    let job = hub.started("make").await.job;
    let poll = |etag: Option<String>| {
        let mut call = hub.call(Method::GET, "/v1/jobs?state=running");
        if let Some(etag) = etag {
            call = call.header("If-None-Match", etag);
        }
        async { call.send().await.unwrap() }
    };
    let etag = |answer: &reqwest::Response| answer.headers()["etag"].to_str().unwrap().to_owned();
    let first = etag(&poll(None).await);
    let unchanged = poll(Some(first.clone())).await;
    assert_eq!((unchanged.status(), etag(&unchanged)), (StatusCode::NOT_MODIFIED, first.clone()));
    assert!(unchanged.bytes().await.unwrap().is_empty());
    hub.progress(job.id, 1).await;
    let moved = poll(Some(first)).await;
    assert_eq!(moved.status(), StatusCode::OK);
    let second = etag(&moved);
    hub.finish(job.id, "succeeded").await;
    assert_eq!(poll(Some(second)).await.status(), StatusCode::OK);
    assert_eq!(hub.stats().await.polls, 4);
}

#[tokio::test]
async fn the_running_list_has_the_latest_progress_and_the_oldest_job_first() {
    let hub = TestHub::start().await;
    let first = hub.started("first").await.job;
    hub.started("second").await;
    let report = json!({"fence": hub.fence(first.id), "step": {"index": 3, "count": 8, "label": "Scanning"}, "message": "a\nb"});
    hub.put(&format!("/v1/jobs/{}/progress", first.id), report).await;
    let list = hub.running().await;
    let names: Vec<&str> = list.jobs.iter().map(|job| job.name.as_str()).collect();
    assert_eq!((names.as_slice(), list.counts.running, list.seq.0), (["first", "second"].as_slice(), 2, 2));
    let progress = list.jobs[0].progress.clone().unwrap();
    assert_eq!((progress.fraction, progress.message.as_deref()), (Some(0.25), Some("a b")));
    assert!(progress.at.is_some());
}

#[tokio::test]
async fn what_a_program_says_of_itself_outranks_its_runner_and_renews_no_lease() {
    let hub = TestHub::with_leases_of(std::time::Duration::from_secs(1)).await;
    let job = hub.started("make").await.job;
    let path = format!("/v1/jobs/{}/progress", job.id);
    let done = async || hub.job(job.id).await.progress.and_then(|progress| progress.done);
    hub.progress(job.id, 3).await;
    assert_eq!(hub.put(&path, json!({"done": 25, "total": 60})).await.status(), StatusCode::NO_CONTENT);
    hub.progress(job.id, 4).await;
    assert_eq!(done().await, Some(25));
    // Its runner is silent from here on, and what the program says does not hide that.
    let lost = async {
        loop {
            let answer = hub.put(&path, json!({"done": 26, "total": 60})).await;
            if answer.status() != StatusCode::NO_CONTENT {
                break refused(answer).await;
            }
        }
    };
    let refused = tokio::time::timeout(crate::support::LONG, lost).await.unwrap();
    assert_eq!((refused.0, refused.1), (409, ErrorCode::LeaseStale));
    assert_eq!((hub.job(job.id).await.state, done().await), (JobState::Lost, Some(26)));
}

/// Its runner has not told of it yet, perhaps: then it tries again.
#[tokio::test]
async fn what_a_program_says_of_a_job_that_nobody_knows_is_told_from_one_that_is_over() {
    let hub = TestHub::start().await;
    let job = hub.started("make").await.job;
    hub.finish(job.id, "succeeded").await;
    let unknown = "0192f0c1-7a3b-7c4d-8e5f-0123456789ab".to_owned();
    for (id, status, code) in [(unknown, 404, ErrorCode::NotFound), (job.id.to_string(), 409, ErrorCode::LeaseStale)] {
        let refused = refused(hub.put(&format!("/v1/jobs/{id}/progress"), json!({"done": 1, "total": 2})).await).await;
        assert_eq!((refused.0, refused.1), (status, code));
    }
}

#[tokio::test]
async fn pages_go_from_new_to_old_and_end() {
    let hub = TestHub::start().await;
    for n in 0..5 {
        let job = hub.started(&n.to_string()).await.job;
        hub.finish(job.id, if n == 2 { "failed" } else { "succeeded" }).await;
    }
    let page = async |path: &str| serde_json::from_value::<JobPage>(hub.get(path).await).unwrap();
    let names = |page: &JobPage| page.jobs.iter().map(|job| job.name.clone()).collect::<Vec<_>>();
    let first = page("/v1/jobs?limit=2").await;
    assert_eq!(names(&first), ["4", "3"]);
    let second = page(&format!("/v1/jobs?limit=2&cursor={}", first.next_cursor.unwrap())).await;
    assert_eq!(names(&second), ["2", "1"]);
    let last = page(&format!("/v1/jobs?limit=2&cursor={}", second.next_cursor.unwrap())).await;
    assert_eq!((names(&last), last.next_cursor), (vec!["0".to_owned()], None));
    assert_eq!(names(&page("/v1/jobs?state=failed").await), ["2"]);
}
