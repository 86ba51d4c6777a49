//! Who did it: told by the token, never by what a caller says of themselves.

use doorbell_protocol::{
    Job, JobState, Question,
    jobs::{CreatedJob, OneJob},
    question::{OneQuestion, QuestionList},
    token::CreatedToken,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::TestHub;

async fn token(hub: &TestHub, body: Value) -> String {
    hub.post("/v1/tokens", body).await.json::<CreatedToken>().await.unwrap().secret
}

async fn post<T: serde::de::DeserializeOwned>(hub: &TestHub, secret: &str, path: &str, body: Value) -> T {
    hub.bare(Method::POST, path).bearer_auth(secret).json(&body).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn what_is_done_is_told_under_the_name_of_the_token_and_stays_so() {
    let hub = TestHub::with(|config| config.owner = "olga".to_owned()).await;
    let ada = token(&hub, json!({"name": "phone", "roles": ["admin"], "person": "Ada"})).await;
    let ci = token(&hub, json!({"name": "ci", "roles": ["report"]})).await;
    let answerer = token(&hub, json!({"name": "tablet", "roles": ["answer"]})).await;

    let job = post::<CreatedJob>(&hub, &ci, "/v1/jobs", json!({"name": "make", "start": true, "created_by": "olga"})).await;
    assert_eq!(job.job.created_by.as_deref(), Some("ci"));
    assert_eq!(hub.started("own").await.job.created_by, None);
    let ask = json!({"prompt": "Deploy?", "free_text": true});
    for (secret, by) in [(&answerer, "tablet"), (&ada, "Ada"), (&hub.token, "olga")] {
        let asked = post::<OneQuestion>(&hub, &ci, &format!("/v1/jobs/{}/questions", job.job.id), ask.clone()).await.question;
        let said = json!({"text": "yes", "by": "somebody else", "from": "tray"});
        let answered = post::<OneQuestion>(&hub, secret, &format!("/v1/questions/{}/answer", asked.id), said).await.question;
        let answer = answered.answer.unwrap();
        assert_eq!((answer.by.as_deref(), answer.from.as_deref()), (Some(by), Some("tray")));
    }

    let asked_to_stop = post::<OneJob>(&hub, &answerer, &format!("/v1/jobs/{}/cancel", job.job.id), json!({"cancelled_by": "x"})).await.job;
    assert_eq!((asked_to_stop.state, asked_to_stop.cancelled_by.as_deref()), (JobState::Running, Some("tablet")));
    let again = post::<OneJob>(&hub, &ada, &format!("/v1/jobs/{}/cancel", job.job.id), json!({})).await.job;
    assert_eq!(again.cancelled_by.as_deref(), Some("tablet"), "it was asked for before");

    let queued = hub.queued("deploy", json!({})).await.id;
    let cancelled = post::<OneJob>(&hub, &ada, &format!("/v1/jobs/{queued}/cancel"), json!({})).await.job;
    assert_eq!((cancelled.state, cancelled.cancelled_by.as_deref()), (JobState::Cancelled, Some("Ada")));
    let retried = post::<CreatedJob>(&hub, &ada, &format!("/v1/jobs/{queued}/retry"), json!({})).await.job;
    let people = |job: &Job| (job.created_by.clone(), job.cancelled_by.clone(), job.retried_by.clone());
    assert_eq!(people(&retried), (None, None, Some("Ada".to_owned())));

    let hub = hub.restart().await;
    assert_eq!(hub.job(job.job.id).await.cancelled_by.as_deref(), Some("tablet"));
    assert_eq!(people(&hub.job(retried.id).await), people(&retried));
}

#[tokio::test]
async fn questions_that_are_closed_are_listed_in_pages_newest_first_of_all_jobs_or_of_one() {
    let hub = TestHub::start().await;
    let (mut asked, mut jobs) = (Vec::new(), Vec::new());
    for n in 0..3 {
        let job = hub.started("deploy").await.job.id;
        jobs.push(job);
        for _ in 0..2 {
            let ask = json!({"prompt": "Deploy?", "free_text": true});
            let question: OneQuestion = hub.post(&format!("/v1/jobs/{job}/questions"), ask).await.json().await.unwrap();
            asked.push(question.question.id);
        }
        if n == 1 {
            hub.post(&format!("/v1/questions/{}/answer", asked[2]), json!({"text": "yes"})).await;
            hub.post(&format!("/v1/questions/{}/withdraw", asked[3]), json!({})).await;
        }
        if n == 0 {
            hub.finish(job, "succeeded").await;
        }
    }
    let list = async |query: &str| serde_json::from_value::<QuestionList>(hub.get(&format!("/v1/questions?{query}")).await).unwrap();
    let ids = |list: &[Question]| list.iter().map(|question| question.id).collect::<Vec<_>>();
    let newest_first = |range: std::ops::Range<usize>| asked[range].iter().rev().copied().collect::<Vec<_>>();
    assert_eq!(ids(&list("state=open").await.questions), asked[4..]);
    assert_eq!(ids(&list("").await.questions), asked[4..]);
    assert_eq!(ids(&list(&format!("job={}", jobs[1])).await.questions), []);
    assert_eq!(ids(&list("state=closed").await.questions), newest_first(0..4));
    assert_eq!(ids(&list("state=all").await.questions), newest_first(0..6));
    assert_eq!(ids(&list(&format!("state=all&job={}", jobs[1])).await.questions), newest_first(2..4));
    let first = list("state=closed&limit=3").await;
    assert_eq!(ids(&first.questions), newest_first(1..4));
    let rest = list(&format!("state=closed&limit=3&cursor={}", first.next_cursor.unwrap())).await;
    assert_eq!((ids(&rest.questions), rest.next_cursor), (newest_first(0..1), None));
}
