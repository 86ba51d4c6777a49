//! Logs: appended by offset, read, followed, cut, kept.

use doorbell_protocol::{
    ErrorBody, ErrorCode, JobId,
    limits::{LOG_CHUNK_BYTES, LOG_HEAD_BYTES, LOG_TAIL_BYTES},
    log::{Log, LogCut, LogEnd, LogMessage},
};
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;

use crate::{
    blocks::{Blocks, field},
    support::{Refused, TestHub, refused},
};

async fn send(hub: &TestHub, job: JobId, offset: u64, bytes: impl Into<reqwest::Body>) -> Response {
    hub.call(Method::POST, &format!("/v1/jobs/{job}/log?offset={offset}&fence={}", hub.fence(job).0)).body(bytes).send().await.unwrap()
}

async fn append(hub: &TestHub, job: JobId, offset: u64, bytes: impl Into<reqwest::Body>) -> u64 {
    let answer = send(hub, job, offset, bytes).await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json::<LogEnd>().await.unwrap().end
}

async fn read(hub: &TestHub, job: JobId, query: &str) -> Log {
    serde_json::from_value(hub.get(&format!("/v1/jobs/{job}/log{query}")).await).unwrap()
}

/// The bytes, where nothing is cut out of them.
async fn bytes(hub: &TestHub, job: JobId, query: &str) -> Vec<u8> {
    let log = read(hub, job, query).await;
    assert!(log.cuts.is_empty(), "{:?}", log.cuts);
    log.parts.into_iter().flat_map(|part| part.bytes.0).collect()
}

fn printed(length: u64) -> Vec<u8> {
    (0..length).map(|n| u8::try_from(n * 7 % 251).unwrap()).collect()
}

struct Following(Blocks);

impl Following {
    async fn of(hub: &TestHub, job: JobId, query: &str, last: Option<&str>) -> Self {
        let mut call = hub.call(Method::GET, &format!("/v1/jobs/{job}/log?follow=true{query}"));
        if let Some(last) = last {
            call = call.header("Last-Event-ID", last);
        }
        let mut blocks = Blocks::of(call).await;
        assert_eq!(blocks.next().await.unwrap(), "retry: 1000");
        Self(blocks)
    }

    /// The next message; its id is where the log goes on.
    async fn next(&mut self) -> Option<LogMessage> {
        let block = self.0.next().await?;
        let message = LogMessage::decode(field(&block, "event").unwrap(), field(&block, "data").unwrap()).unwrap().unwrap();
        assert_eq!(field(&block, "id").unwrap(), message.end().to_string());
        Some(message)
    }

    /// Bytes until there are `length` of them, or the job's end.
    async fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while bytes.len() < length {
            let LogMessage::Part(part) = self.next().await.unwrap() else { panic!("no part") };
            bytes.extend(part.bytes.0);
        }
        bytes
    }
}

#[tokio::test]
async fn what_is_appended_is_read_byte_by_byte() {
    let hub = TestHub::start().await;
    let job = hub.started("make").await.job.id;
    assert_eq!(read(&hub, job, "").await, Log { parts: vec![], cuts: vec![], end: 0 });
    // Any bytes, and a chunk that ends within a character.
    let text = "grün\u{1b}[0m\r\n".as_bytes();
    assert_eq!(append(&hub, job, 0, text[..3].to_vec()).await, 3);
    assert_eq!(append(&hub, job, 3, [&text[3..], &[0, 0xff]].concat()).await, 13);
    assert_eq!(bytes(&hub, job, "").await, [text, &[0, 0xff]].concat());
    assert_eq!(bytes(&hub, job, "?tail=2").await, [0, 0xff]);
    assert_eq!((bytes(&hub, job, "?tail=99").await.len(), bytes(&hub, job, "?tail=0").await.len()), (13, 0));
    assert_eq!(hub.stats().await.seq.0, 1);
}

#[tokio::test]
async fn a_chunk_may_come_again_and_a_gap_is_refused_with_the_offset_that_fits() {
    let hub = TestHub::start().await;
    let job = hub.started("make").await.job.id;
    for _ in 0..2 {
        assert_eq!(append(&hub, job, 0, "abcd").await, 4);
    }
    assert_eq!(append(&hub, job, 2, "cdef").await, 6);
    let gap = send(&hub, job, 7, "h").await;
    assert_eq!(gap.status(), StatusCode::CONFLICT);
    let error = gap.json::<ErrorBody>().await.unwrap().error;
    assert_eq!((error.code, error.field.as_deref(), error.expected_offset), (ErrorCode::LogGap, Some("offset"), Some(6)));
    assert_eq!(bytes(&hub, job, "").await, b"abcdef");
}

#[tokio::test]
async fn a_follower_gets_what_is_there_then_what_comes_and_then_the_end() {
    let hub = TestHub::start().await;
    let job = hub.started("make").await.job.id;
    append(&hub, job, 0, "one ").await;
    let mut following = Following::of(&hub, job, "", None).await;
    assert_eq!(following.bytes(4).await, b"one ");
    // A commit that is none of this job's ends nothing.
    hub.started("other").await;
    append(&hub, job, 4, "two ").await;
    assert_eq!(following.bytes(4).await, b"two ");
    append(&hub, job, 8, "three").await;
    hub.finish(job, "succeeded").await;
    assert_eq!(following.bytes(5).await, b"three");
    assert_eq!((following.next().await, following.next().await), (Some(LogMessage::End(LogEnd { end: 13 })), None));
}

#[tokio::test]
async fn a_follower_that_comes_back_goes_on_at_its_byte() {
    let hub = TestHub::start().await;
    let job = hub.started("make").await.job.id;
    let all = printed(300_000);
    append(&hub, job, 0, all[..200_000].to_vec()).await;
    let mut following = Following::of(&hub, job, "", None).await;
    let LogMessage::Part(first) = following.next().await.unwrap() else { panic!("no part") };
    let last = first.bytes.0.len();
    assert!(last < 200_000);
    drop(following);
    append(&hub, job, 200_000, all[200_000..].to_vec()).await;
    // `tail` is for who comes first.
    let mut back = Following::of(&hub, job, "&tail=1", Some(&last.to_string())).await;
    assert_eq!(back.bytes(300_000 - last).await, all[last..]);
    // An id of bytes that this log does not have yet goes on at its end, and what is no id is none.
    for last in ["300009", "garbage", "-1", ""] {
        let mut back = Following::of(&hub, job, "&tail=1", Some(last)).await;
        append(&hub, job, 300_000, "x").await;
        let LogMessage::Part(part) = back.next().await.unwrap() else { panic!("no part") };
        assert_eq!((part.offset, part.bytes.0.as_slice()), (300_000, b"x".as_slice()), "{last:?}");
    }
}

#[tokio::test]
async fn a_long_log_keeps_both_ends_and_says_what_is_cut() {
    let hub = TestHub::start().await;
    let job = hub.started("make").await.job.id;
    let mut slow = Following::of(&hub, job, "", None).await;
    let end = 4_000_000;
    let all = printed(end);
    for (n, chunk) in all.chunks(LOG_CHUNK_BYTES).enumerate() {
        append(&hub, job, (n * LOG_CHUNK_BYTES) as u64, chunk.to_vec()).await;
    }
    let tail = end - LOG_TAIL_BYTES;
    let log = read(&hub, job, "").await;
    assert_eq!((log.end, log.cuts), (end, vec![LogCut { offset: LOG_HEAD_BYTES, length: tail - LOG_HEAD_BYTES }]));
    let mut kept = 0;
    for part in log.parts {
        kept += part.bytes.0.len() as u64;
        let start = usize::try_from(part.offset).unwrap();
        assert_eq!(part.bytes.0, all[start..start + part.bytes.0.len()]);
    }
    assert_eq!(kept, LOG_HEAD_BYTES + LOG_TAIL_BYTES);
    assert_eq!(read(&hub, job, &format!("?tail={}", LOG_TAIL_BYTES + 1)).await.cuts, [LogCut { offset: tail - 1, length: 1 }]);

    // Who did not read meanwhile is told of a cut where its bytes are gone, and every byte once.
    hub.finish(job, "succeeded").await;
    let mut at = 0;
    loop {
        let message = slow.next().await.unwrap();
        match &message {
            LogMessage::Part(part) => {
                let start = usize::try_from(part.offset).unwrap();
                assert_eq!((part.offset, &part.bytes.0[..]), (at, &all[start..start + part.bytes.0.len()]));
            }
            LogMessage::Cut(cut) => assert!(cut.offset == at && at >= LOG_HEAD_BYTES),
            LogMessage::End(_) => break,
        }
        at = message.end();
    }
    assert_eq!(at, end);
}

#[tokio::test]
async fn logs_outlive_a_restart_and_go_on_where_they_stopped() {
    let hub = TestHub::start().await;
    let job = hub.started("make").await.job.id;
    let all = printed(100_000);
    append(&hub, job, 0, all[..70_000].to_vec()).await;
    let orphan = hub.folder().join(format!("data/logs/{}", uuid::Uuid::now_v7()));
    std::fs::create_dir(&orphan).unwrap();
    let hub = hub.restart().await;
    assert!(!orphan.exists(), "the log of a job that is gone is still there");
    assert_eq!(append(&hub, job, 70_000, all[70_000..].to_vec()).await, 100_000);
    assert_eq!(bytes(&hub, job, "").await, all);
}

#[tokio::test]
async fn a_follower_ends_with_the_hub() {
    let hub = TestHub::start().await;
    let job = hub.started("make").await.job.id;
    let mut following = Following::of(&hub, job, "", None).await;
    append(&hub, job, 0, "x").await;
    assert_eq!(following.bytes(1).await, b"x");
    hub.stop().await;
    assert_eq!(following.next().await, None);
}

#[cfg(unix)]
#[tokio::test]
async fn logs_are_closed_to_other_users() {
    use std::os::unix::fs::PermissionsExt;
    let hub = TestHub::start().await;
    let job = hub.started("make").await.job.id;
    append(&hub, job, 0, "secret").await;
    let mode = |path: &str| std::fs::metadata(hub.folder().join(path)).unwrap().permissions().mode() & 0o777;
    let folder = format!("data/logs/{job}");
    assert_eq!((mode("data/logs"), mode(&folder), mode(&format!("{folder}/0"))), (0o700, 0o700, 0o600));
}

#[tokio::test]
async fn only_this_route_takes_large_bodies_and_not_larger_ones() {
    let hub = TestHub::start().await;
    let job = hub.started("make").await.job.id;
    assert_eq!(append(&hub, job, 0, vec![b'x'; LOG_CHUNK_BYTES]).await, LOG_CHUNK_BYTES as u64);
    let larger = send(&hub, job, LOG_CHUNK_BYTES as u64, vec![b'x'; LOG_CHUNK_BYTES + 1]).await;
    assert_eq!(refused(larger).await, Refused(413, ErrorCode::TooLarge, None));
    let elsewhere = hub.call(Method::PUT, &format!("/v1/jobs/{job}/progress")).body(vec![b' '; 70_000]).send().await.unwrap();
    assert_eq!(refused(elsewhere).await, Refused(413, ErrorCode::TooLarge, None));
    assert_eq!(read(&hub, job, "?tail=0").await.end, LOG_CHUNK_BYTES as u64);
}

#[tokio::test]
async fn only_the_runner_of_a_running_job_appends() {
    let hub = TestHub::start().await;
    let job = hub.started("make").await.job.id;
    let stale = || Refused(409, ErrorCode::LeaseStale, Some("fence".to_owned()));
    let other = hub.call(Method::POST, &format!("/v1/jobs/{job}/log?offset=0&fence=2")).body("x").send().await.unwrap();
    assert_eq!(refused(other).await, stale());
    append(&hub, job, 0, "x").await;
    hub.finish(job, "succeeded").await;
    assert_eq!(refused(send(&hub, job, 1, "y").await).await, stale());
    assert_eq!(bytes(&hub, job, "").await, b"x");
}

#[tokio::test]
async fn bad_input_is_refused_and_changes_nothing() {
    let hub = TestHub::start().await;
    let job = hub.started("make").await.job.id;
    let unknown = "0192f0c1-7a3b-7c4d-8e5f-0123456789ab";
    let malformed = |field: Option<&str>| (400, ErrorCode::Malformed, field.map(str::to_owned));
    let missing = (404, ErrorCode::NotFound, None);
    for (method, path, named, expected) in [
        ("POST", format!("/v1/jobs/{job}/log"), "offset", malformed(None)),
        ("POST", format!("/v1/jobs/{job}/log?offset=0"), "fence", malformed(None)),
        ("POST", format!("/v1/jobs/{job}/log?offset=-1&fence=1"), "offset", malformed(None)),
        ("POST", format!("/v1/jobs/{job}/log?offset=0&fence=one"), "fence", malformed(None)),
        ("POST", format!("/v1/jobs/{unknown}/log?offset=0&fence=1"), unknown, missing.clone()),
        ("POST", "/v1/jobs/7/log?offset=0&fence=1".to_owned(), "job id", malformed(Some("id"))),
        ("GET", format!("/v1/jobs/{unknown}/log"), unknown, missing.clone()),
        ("GET", format!("/v1/jobs/{job}/log?tail=all"), "tail", malformed(None)),
        ("GET", format!("/v1/jobs/{job}/log?follow=maybe"), "follow", malformed(None)),
        ("PUT", format!("/v1/jobs/{job}/log"), "PUT", (405, ErrorCode::MethodNotAllowed, None)),
    ] {
        let answer = hub.call(method.parse().unwrap(), &path).body("x").send().await.unwrap();
        let status = answer.status().as_u16();
        let error = answer.json::<Value>().await.unwrap();
        let error = serde_json::from_value::<ErrorBody>(error).unwrap().error;
        assert_eq!((status, error.code, error.field), expected, "{method} {path}");
        assert!(error.message.contains(named), "{method} {path}: {}", error.message);
    }
    assert_eq!(read(&hub, job, "").await.end, 0);
    assert!(!hub.folder().join("data/logs").exists());
}
