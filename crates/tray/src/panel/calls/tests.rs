//! What the page gets, from a real hub, and what it does not get.

use doorbell_client::{BearerToken, Client, Endpoint, EndpointSource, rest::Running};
use doorbell_desk::{Action, HubId, Input, State};
use doorbell_hub::{Config, Hub};
use doorbell_protocol::jobs::NewJob;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::*;
use crate::{
    recorder::Recorder,
    shell::{self, HubFeed},
};

/// A hub, a resident whose panel is open, and the calls of that panel.
struct World {
    calls: Calls,
    answers: mpsc::Receiver<ToPanel>,
    /// Everything that went to the panel.
    said: String,
    inbox: Inbox,
    token: String,
    hub_ends: CancellationToken,
    _data: TempDir,
}

impl World {
    async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let hub = Hub::open(Config::new(data.path())).unwrap();
        let hub_ends = CancellationToken::new();
        tokio::spawn(hub.serve(listener, hub_ends.clone().cancelled_owned()));
        let token = std::fs::read_to_string(data.path().join("token")).unwrap().trim().to_owned();
        let endpoint = Endpoint::new(&url, BearerToken::new(&token).unwrap()).unwrap();

        let (inbox, messages) = Inbox::new(HubId::discovered(), Client::new(EndpointSource::fixed(endpoint)));
        let (feed, updates) = mpsc::channel(1);
        tokio::spawn(async move {
            // The feed says nothing, and does not end.
            let _feed = feed;
            let feed = HubFeed { hub: HubId::discovered(), updates, down: Arc::default() };
            shell::run(State::new(HubId::discovered(), []), messages, feed, &Recorder::default()).await;
        });
        inbox.input(Input::Chosen(Action::OpenPanel));
        let (messages, answers) = mpsc::channel(8);
        let calls = Calls::new(&inbox, &messages, &CancellationToken::new());
        Self { calls, answers, said: String::new(), inbox, token, hub_ends, _data: data }
    }

    /// A job that its reporter runs.
    async fn job(&self, name: &str) {
        let job: NewJob = serde_json::from_value(json!({ "name": name, "start": true })).unwrap();
        self.inbox.client().create_job(&job).await.unwrap();
    }

    async fn next(&mut self) -> ToPanel {
        let message = self.answers.recv().await.unwrap();
        self.said.push_str(&serde_json::to_string(&message).unwrap());
        message
    }

    async fn answer(&mut self) -> Result<Answer, Refusal> {
        let message = self.next().await;
        let ToPanel::Answer { answer, .. } = message else { panic!("no answer: {message:?}") };
        answer
    }

    async fn request(&mut self, request: Request) -> Result<Response, Refusal> {
        self.calls.request(1, request);
        let answer = self.answer().await?;
        let Answer::Response(response) = answer else { panic!("no response: {answer:?}") };
        Ok(response)
    }

    async fn standing(&mut self) -> serde_json::Value {
        self.calls.standing(2);
        let answer = self.answer().await.unwrap();
        let Answer::Standing(standing) = answer else { panic!("no standing: {answer:?}") };
        standing
    }

    async fn known(&mut self) -> serde_json::Value {
        self.calls.known(3);
        let answer = self.answer().await.unwrap();
        let Answer::Known(known) = answer else { panic!("nothing known: {answer:?}") };
        known
    }
}

fn get(path: &str) -> Request {
    Request { method: "GET".to_owned(), path: path.to_owned(), ..Request::default() }
}

fn poll() -> Request {
    get("/v1/jobs?state=running")
}

#[tokio::test]
async fn a_poll_comes_back_whole_and_the_state_hears_of_it() {
    let mut world = World::new().await;
    world.job("make").await;
    let first = world.request(poll()).await.unwrap();
    assert_eq!(first.status, 200);
    let list: RunningList = serde_json::from_str(&first.body).unwrap();
    assert_eq!(list.jobs[0].name, "make");
    assert_eq!(world.known().await["jobs"][0]["name"], "make", "the badge counts what the panel lists");

    let etag = first.headers["etag"].clone();
    let again = world.request(Request { headers: [("if-none-match".to_owned(), etag)].into(), ..poll() }).await.unwrap();
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert!(matches!(world.inbox.client().running(None).await.unwrap(), Running::List { .. }));
    assert!(!world.said.contains(&world.token), "the token stays here");
}

#[tokio::test]
async fn a_poll_that_fails_puts_the_feed_in_doubt() {
    let mut world = World::new().await;
    world.request(poll()).await.unwrap();
    world.inbox.hub_input(HubInput::Live);
    assert_eq!(world.standing().await["connection"]["state"], "live");

    world.hub_ends.cancel();
    // It ends within a moment, and answers until then.
    let refusal = loop {
        if let Err(refusal) = world.request(poll()).await {
            break refusal;
        }
    };
    assert_eq!(refusal.code, "hub");
    let standing = world.standing().await;
    assert_eq!((&standing["connection"]["state"], &standing["connection"]["reason"]), (&json!("offline"), &json!(refusal.message)));
    assert!(!world.said.contains(&world.token));
}

#[tokio::test]
async fn a_panel_that_is_closed_gets_nothing_and_asks_nobody() {
    let mut world = World::new().await;
    world.inbox.input(Input::TrayClicked { at: None });
    assert_eq!(world.request(poll()).await.unwrap_err().code, "panel_closed");
    assert_eq!(world.request(get("/v1/stats")).await.unwrap_err().code, "panel_closed");
    world.calls.subscribe(7, "/v1/changes".to_owned());
    assert!(matches!(world.next().await, ToPanel::Ended { call: 7, refusal: Some(refusal) } if refusal.code == "panel_closed"));
    assert_eq!(world.inbox.client().stats().await.unwrap().polls, 0);
}

#[tokio::test]
async fn what_is_not_marked_for_the_panel_never_reaches_the_hub() {
    let mut world = World::new().await;
    let body = Some(json!({ "name": "mine", "role": "admin" }).to_string());
    let make = Request { body, ..Request { method: "POST".to_owned(), ..get("/v1/tokens") } };
    assert_eq!(world.request(make).await.unwrap_err().code, "not_for_the_panel");
    assert!(world.inbox.client().tokens().await.unwrap().is_empty());
    for path in ["/v1/feed", "http://127.0.0.1:1/v1/changes", "/v1/jobs/../feed"] {
        world.calls.subscribe(8, path.to_owned());
        assert!(
            matches!(world.next().await, ToPanel::Ended { refusal: Some(refusal), .. } if refusal.code == "not_for_the_panel"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn what_the_hub_refuses_is_an_answer() {
    let mut world = World::new().await;
    let path = "/v1/jobs/0192f0c1-7a3b-7c4d-8e5f-0123456789ab";
    let answer = world.request(get(path)).await.unwrap();
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains("not_found"), "{}", answer.body);
}

#[tokio::test]
async fn a_stream_goes_on_until_the_page_has_heard_enough() {
    let mut world = World::new().await;
    world.calls.subscribe(9, "/v1/changes".to_owned());
    let mut heard = String::new();
    // Comments keep it alive before the first event.
    while !heard.contains("event:") {
        let message = world.next().await;
        let ToPanel::Piece { call: 9, text } = message else { panic!("no piece: {message:?}") };
        heard.push_str(&text);
    }
    world.calls.unsubscribe(9);
    assert!(world.calls.streams.lock().unwrap().is_empty());
    assert!(!world.said.contains(&world.token));

    // One that is no stream is not passed on as one.
    world.calls.subscribe(10, "/v1/stats".to_owned());
    let refusal = loop {
        let message = world.next().await;
        if let ToPanel::Ended { call: 10, refusal } = message {
            break refusal;
        }
        assert!(matches!(message, ToPanel::Piece { call: 9, .. }), "neither the end nor the rest of the first: {message:?}");
    };
    assert_eq!(refusal.unwrap().code, "hub");
}
