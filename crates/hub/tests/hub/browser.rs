//! A browser comes in by a link, once, and is then a token like any other.

use doorbell_protocol::{ErrorCode, Role, browser::BrowserLink, token::CreatedToken};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::support::{Refused, TestHub, refused};

async fn link(hub: &TestHub) -> String {
    let answer = hub.call(Method::POST, "/v1/browser-sessions").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    answer.json::<BrowserLink>().await.unwrap().path.strip_prefix("/#key=").unwrap().to_owned()
}

async fn open(hub: &TestHub, body: &Value, origin: Option<&str>) -> Response {
    let call = hub.bare(Method::POST, "/v1/browser-sessions/open").json(body);
    origin.map_or_else(|| call.try_clone().unwrap(), |origin| call.try_clone().unwrap().header("Origin", origin)).send().await.unwrap()
}

fn key_is_not_good() -> Refused {
    Refused(401, ErrorCode::Unauthorized, Some("key".to_owned()))
}

#[tokio::test]
async fn a_link_lets_one_page_in_until_its_token_is_removed() {
    let hub = TestHub::start().await;
    let key = link(&hub).await;
    let ours = format!("http://{}", hub.address);
    let answer = open(&hub, &json!({"key": key}), Some(&ours)).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let CreatedToken { token, secret } = answer.json().await.unwrap();
    assert_eq!((token.name.as_str(), token.roles.as_slice()), ("browser", &[Role::Admin][..]));
    assert!(token.expires_at.is_some());
    let jobs = async || hub.bare(Method::GET, "/v1/jobs?state=running").bearer_auth(&secret).send().await.unwrap().status();
    assert_eq!(jobs().await, StatusCode::OK);
    assert_eq!(refused(open(&hub, &json!({"key": key}), Some(&ours)).await).await, key_is_not_good());
    let tokens = hub.get("/v1/tokens").await;
    assert_eq!(tokens["tokens"].as_array().unwrap().len(), 1);
    assert_eq!(hub.delete(&format!("/v1/tokens/{}", token.id)).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(jobs().await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_page_gets_the_role_that_its_link_was_made_for_and_is_the_persons_who_made_it() {
    let hub = TestHub::start().await;
    let ada = hub.post("/v1/tokens", json!({"name": "desk", "roles": ["admin"], "person": "Ada"})).await;
    let ada = ada.json::<CreatedToken>().await.unwrap().secret;
    let made = async |body: Value| hub.bare(Method::POST, "/v1/browser-sessions").bearer_auth(&ada).json(&body).send().await.unwrap();
    for (body, role) in [(json!({}), Role::Admin), (json!({"role": "answer"}), Role::Answer), (json!({"role": "view"}), Role::View)] {
        let path = made(body).await.json::<BrowserLink>().await.unwrap().path;
        let answer = open(&hub, &json!({"key": path.strip_prefix("/#key=").unwrap()}), None).await;
        let CreatedToken { token, secret } = answer.json().await.unwrap();
        assert_eq!((token.roles.as_slice(), token.person()), (&[role][..], "Ada"));
        let test_job = hub.bare(Method::POST, "/v1/test-jobs").bearer_auth(&secret).send().await.unwrap();
        assert_eq!(test_job.status() == StatusCode::CREATED, role == Role::Admin, "{role:?}");
        for path in ["/v1/jobs?state=running", "/v1/stats", "/v1/workers", "/v1/questions"] {
            assert_eq!(hub.bare(Method::GET, path).bearer_auth(&secret).send().await.unwrap().status(), StatusCode::OK, "{path}");
        }
    }
    for role in ["report", "work", "root"] {
        assert_eq!(refused(made(json!({"role": role})).await).await, Refused(422, ErrorCode::Invalid, Some("role".to_owned())));
    }
}

#[tokio::test]
async fn neither_a_guess_nor_another_site_nor_a_lesser_token_gets_in() {
    let hub = TestHub::start().await;
    for body in [json!({"key": "0".repeat(64)}), json!({"key": ""}), json!({})] {
        assert_eq!(refused(open(&hub, &body, None).await).await, key_is_not_good());
    }
    assert_eq!(open(&hub, &json!({"key": 3}), None).await.status(), StatusCode::BAD_REQUEST);
    let large = open(&hub, &json!({"key": "0".repeat(1_024)}), None).await;
    assert_eq!(refused(large).await, Refused(413, ErrorCode::TooLarge, None));
    let key = link(&hub).await;
    let foreign = open(&hub, &json!({"key": key}), Some("http://evil.example")).await;
    assert_eq!(refused(foreign).await, Refused(403, ErrorCode::Forbidden, Some("Origin".to_owned())));
    // What was refused has not used it up.
    assert_eq!(open(&hub, &json!({"key": key}), None).await.status(), StatusCode::CREATED);

    let lesser = hub.post("/v1/tokens", json!({"name": "ci", "roles": ["report", "work", "answer"], "host": "nas"})).await;
    let lesser: CreatedToken = lesser.json().await.unwrap();
    let answer = hub.bare(Method::POST, "/v1/browser-sessions").bearer_auth(&lesser.secret).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(hub.bare(Method::POST, "/v1/browser-sessions").send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_page_comes_without_a_token_and_runs_nothing_but_its_own_files() {
    let hub = TestHub::start().await;
    let page = hub.bare(Method::GET, "/").send().await.unwrap();
    if page.status() == StatusCode::NOT_FOUND {
        assert!(page.text().await.unwrap().contains("built without its page"));
        eprintln!("not run: the page was not built");
        return;
    }
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert!(page.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'self';"));
    assert_eq!(page.headers()["x-frame-options"], "DENY");
    let html = page.text().await.unwrap();
    let script = html.split('"').find(|part| part.ends_with(".js")).unwrap().trim_start_matches('.').to_owned();
    let answer = hub.bare(Method::GET, &script).send().await.unwrap();
    assert_eq!((answer.status(), &answer.headers()["content-type"]), (StatusCode::OK, &"text/javascript; charset=utf-8".parse().unwrap()));
    let answer = hub.bare(Method::POST, "/").send().await.unwrap();
    assert_eq!(refused(answer).await, Refused(405, ErrorCode::MethodNotAllowed, None));
    for path in ["/assets/../../etc/passwd", "/assets/nothing.js", "/%2e%2e/token", "/v1/nothing"] {
        assert_eq!(hub.bare(Method::GET, path).send().await.unwrap().status(), StatusCode::NOT_FOUND, "{path}");
    }
}
