//! Who can reach a hub, and what it answers to them.

use std::{fs, net::SocketAddr, path::Path};

use doorbell_hub::{Config, Exposure, Hub, OpenError, ServeError, TlsError, TlsFiles};
use doorbell_protocol::token::CreatedToken;
use reqwest::{Client, Method, StatusCode};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::support::{Feed, TestHub, http, refused, try_open};

/// A certificate for `hub.example` that signed itself.
fn self_signed(folder: &Path) -> (TlsFiles, String) {
    let made = rcgen::generate_simple_self_signed(["hub.example".to_owned()]).unwrap();
    let files = TlsFiles { cert: folder.join("cert.pem"), key: folder.join("key.pem") };
    fs::write(&files.cert, made.cert.pem()).unwrap();
    fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    (files, made.cert.pem())
}

/// A hub on all addresses of the machine, known as `hub.example`.
async fn serve(folder: &Path, exposure: Exposure) -> (SocketAddr, String, tokio_util::sync::DropGuard) {
    let mut config = Config::new(folder.join("data"));
    config.exposure = exposure;
    config.host_names = vec!["hub.example".to_owned()];
    let hub = Hub::open(config).unwrap();
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], listener.local_addr().unwrap().port()));
    let shutdown = CancellationToken::new();
    let ended = shutdown.clone().cancelled_owned();
    tokio::spawn(async move { hub.serve(listener, ended).await.unwrap() });
    let token = fs::read_to_string(folder.join("data/token")).unwrap().trim().to_owned();
    (address, token, shutdown.drop_guard())
}

#[tokio::test]
async fn a_hub_that_others_can_reach_speaks_tls() {
    let folder = tempfile::tempdir().unwrap();
    let (files, pem) = self_signed(folder.path());
    let (address, token, _served) = serve(folder.path(), Exposure::Tls(files)).await;
    let trusting = |certificates: Vec<reqwest::Certificate>| {
        http().no_proxy().tls_certs_only(certificates).resolve("hub.example", address).build().unwrap()
    };
    let client = trusting(vec![reqwest::Certificate::from_pem(pem.as_bytes()).unwrap()]);
    let url = format!("https://hub.example:{}/v1/stats", address.port());
    let own_page = format!("https://hub.example:{}", address.port());
    let ask = |client: &Client| client.get(&url).bearer_auth(&token);
    assert_eq!(ask(&client).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(ask(&client).header("Origin", own_page).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(ask(&client).header("Host", "evil.example").send().await.unwrap().status(), StatusCode::FORBIDDEN);
    assert!(ask(&trusting(Vec::new())).send().await.is_err());
    // A caller that does not speak TLS, and one that says nothing, keep nobody else waiting.
    let _silent = TcpStream::connect(address).await.unwrap();
    assert!(ask(&client).send().await.is_ok());
    let plain = http().no_proxy().build().unwrap();
    assert!(plain.get(url.replace("https", "http")).send().await.is_err());
    assert!(ask(&client).send().await.is_ok());
}

#[tokio::test]
async fn a_feed_over_tls_tells_everything_in_order_and_ends_with_its_token_or_its_hub() {
    let folder = tempfile::tempdir().unwrap();
    let (files, pem) = self_signed(folder.path());
    let (address, token, served) = serve(folder.path(), Exposure::Tls(files)).await;
    let certificates = vec![reqwest::Certificate::from_pem(pem.as_bytes()).unwrap()];
    let client = http().no_proxy().tls_certs_only(certificates).resolve("hub.example", address).build().unwrap();
    let call = |secret: &str, method, path: &str| {
        client.request(method, format!("https://hub.example:{}{path}", address.port())).bearer_auth(secret)
    };
    let made = call(&token, Method::POST, "/v1/tokens").json(&json!({"name": "phone", "roles": ["answer"]})).send().await.unwrap();
    let CreatedToken { token: phone, secret } = made.json().await.unwrap();
    let mut own = Feed::of(call(&token, Method::GET, "/v1/feed").send().await.unwrap());
    own.snapshot().await;
    let mut guest = Feed::of(call(&secret, Method::GET, "/v1/feed").send().await.unwrap());
    guest.snapshot().await;
    // Names that are long, so that what is sent at once fills more than one record of TLS.
    let name = "x".repeat(200);
    for seq in 1..=50 {
        let answer = call(&token, Method::POST, "/v1/jobs").json(&json!({"name": name, "start": true})).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        if seq == 25 {
            let removed = call(&token, Method::DELETE, &format!("/v1/tokens/{}", phone.id)).send().await.unwrap();
            assert_eq!(removed.status(), StatusCode::NO_CONTENT);
        }
    }
    for seq in 1..=50 {
        assert_eq!(own.event().await.0.seq.0, seq);
    }
    for seq in 1..=25 {
        assert_eq!(guest.event().await.0.seq.0, seq);
    }
    assert!(guest.maybe_next().await.is_none());
    // One that comes back much later is told a lot at once.
    let back = call(&token, Method::GET, "/v1/feed").send().await.unwrap();
    assert_eq!(Feed::of(back).snapshot().await.1.running.len(), 50);
    drop(served);
    assert!(own.maybe_next().await.is_none());
}

#[tokio::test]
async fn a_hub_behind_a_proxy_answers_to_its_own_names_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (address, token, _served) = serve(folder.path(), Exposure::BehindProxy).await;
    let client = http().no_proxy().build().unwrap();
    let ask = |host: &str| client.get(format!("http://{address}/v1/stats")).bearer_auth(&token).header("Host", host.to_owned());
    for host in ["hub.example", "hub.example:443", "127.0.0.1"] {
        assert_eq!(ask(host).send().await.unwrap().status(), StatusCode::OK, "{host}");
    }
    let own = ask("hub.example").header("Origin", "https://hub.example").send().await.unwrap();
    assert_eq!(own.status(), StatusCode::OK);
    for host in ["evil.example", "hub.example.evil.example", "10.1.2.3"] {
        assert_eq!(refused(ask(host).send().await.unwrap()).await.0, 403, "{host}");
    }
}

#[tokio::test]
async fn an_address_that_others_can_reach_is_refused_without_tls() {
    let folder = tempfile::tempdir().unwrap();
    let hub = Hub::open(Config::new(folder.path())).unwrap();
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let refused = hub.serve(listener, std::future::pending()).await.unwrap_err();
    assert!(matches!(refused, ServeError::NotLoopback(_)));
    for fix in ["--tls-cert", "--behind-proxy", "127.0.0.1"] {
        assert!(refused.to_string().contains(fix), "{refused}");
    }
}

#[tokio::test]
async fn tls_files_that_cannot_be_used_are_named_with_their_fix() {
    let folder = tempfile::tempdir().unwrap();
    let (good, _) = self_signed(folder.path());
    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    let (other, _) = self_signed(&other);
    let missing = folder.path().join("missing.pem");
    let open = async |cert: &Path, key: &Path| {
        let mut config = Config::new(folder.path().join("data"));
        config.exposure = Exposure::Tls(TlsFiles { cert: cert.to_owned(), key: key.to_owned() });
        match try_open(config).await {
            Err(OpenError::Tls(error)) => error,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("it opened"),
        }
    };
    for (error, path, fix) in [
        (open(&missing, &good.key).await, &missing, "--tls-cert"),
        (open(&good.cert, &missing).await, &missing, "--tls-key"),
        (open(&good.key, &good.key).await, &good.key, "BEGIN CERTIFICATE"),
        (open(&good.cert, &good.cert).await, &good.cert, "--tls-key"),
        (open(&good.cert, &other.key).await, &other.key, "made together"),
    ] {
        let text = error.to_string();
        assert!(text.contains(path.to_str().unwrap()) && text.contains(fix), "{text}");
    }
    assert!(matches!(open(&good.cert, &other.key).await, TlsError::Unfit { .. }));
    assert!(!folder.path().join("data/doorbell.db").exists());
}

#[tokio::test]
async fn every_answer_keeps_browsers_from_keeping_guessing_framing_and_running_it() {
    let hub = TestHub::start().await;
    let answers = [
        hub.bare(Method::GET, "/v1/health").send().await.unwrap(),
        hub.call(Method::GET, "/v1/jobs").send().await.unwrap(),
        hub.call(Method::GET, "/v1/feed").send().await.unwrap(),
        hub.bare(Method::GET, "/v1/jobs").send().await.unwrap(),
        hub.call(Method::GET, "/v1/jobs").header("Host", "evil.example").send().await.unwrap(),
        hub.call(Method::GET, "/nothing").send().await.unwrap(),
        hub.call(Method::DELETE, "/v1/jobs").send().await.unwrap(),
    ];
    for answer in answers {
        for (name, value) in [
            ("cache-control", "no-store"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(answer.headers()[name], value, "{} {}", answer.status(), answer.url());
        }
        assert!(!answer.headers().contains_key("access-control-allow-origin"));
    }
}

#[tokio::test]
async fn no_path_is_redirected() {
    let hub = TestHub::start().await;
    for path in ["/v1/jobs/", "//v1/jobs", "/v1/../v1/jobs", "/v1", "/"] {
        let status = hub.call(Method::GET, path).send().await.unwrap().status();
        assert!(!status.is_redirection(), "{path}: {status}");
    }
}

#[tokio::test]
async fn headers_beyond_the_bounds_are_refused() {
    let hub = TestHub::start().await;
    let many = (0..65).fold(hub.call(Method::GET, "/v1/jobs"), |call, n| call.header(format!("x-{n}"), "1"));
    assert_eq!(many.send().await.unwrap().status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    let large = hub.call(Method::GET, "/v1/jobs").header("x-large", "x".repeat(20_000));
    assert_eq!(large.send().await.unwrap().status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    assert_eq!(hub.call(Method::GET, "/v1/jobs").send().await.unwrap().status(), StatusCode::OK);
}
