//! `doorbell watch`: the feed as lines, whatever comes over it.

use doorbell_tests::{Home, Hub, Running, eventually, hub::SOON, wire::server::FaultServer};
use serde_json::Value;

#[test]
fn a_run_is_two_lines() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let watch = Running::start(&mut home.doorbell(&["watch"]));
    eventually("somebody listens", SOON, || (hub.stats().subscribers == 1).then_some(()));
    assert!(!home.run(&["run", "--name", "nightly", "--", "sh", "-c", "exit 3"]).status.success());
    watch.says("failed     nightly");
    let output = watch.output();
    let lines: Vec<&str> = output.lines().collect();
    assert!(lines.len() == 2 && lines[0].contains("started    nightly") && lines[1].contains("exit"), "{output}");
    assert!(!output.contains('\u{1b}'), "colours are for terminals");
}

#[test]
fn json_is_one_object_a_line_and_goes_on_after_a_restart() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let watch = Running::start(&mut home.doorbell(&["watch", "--json"]));
    watch.says("\"live\"");
    hub.kill();
    watch.says("\"down\"");
    let _hub = Hub::start(&home);
    assert!(home.run(&["run", "true"]).status.success());
    watch.says("job.finished");
    let lines: Vec<Value> = watch.output().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let events: Vec<&str> = lines.iter().filter_map(|line| line["event"].as_str()).filter(|event| *event != "connection").collect();
    assert_eq!(events, ["snapshot", "job.started", "job.finished"]);
    assert!(lines.iter().filter(|line| line["event"] != "connection").all(|line| line["id"].is_string() && line["data"].is_object()));
}

#[test]
fn a_wrong_token_ends_it_with_a_message() {
    let home = Home::new();
    let _hub = Hub::start(&home);
    let output = home.doorbell(&["watch"]).env("DOORBELL_TOKEN", "wrong").output().expect("doorbell starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("DOORBELL_TOKEN"));
}

#[test]
fn a_hub_that_is_called_by_another_name_says_so_and_nothing_of_the_token() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let mut watch = home.doorbell(&["watch"]);
    let token = hub.endpoint().token().expose().to_owned();
    watch.envs([("DOORBELL_URL", "http://hub.example"), ("DOORBELL_TOKEN", &token), ("http_proxy", hub.endpoint().url())]);
    watch.env("DOORBELL_INSECURE_HTTP", "1");
    let output = watch.output().expect("doorbell starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("this hub serves") && said.contains("hub.example") && !said.contains("token"), "{said}");
}

#[test]
fn the_feed_comes_over_tls_as_far_as_the_machine_trusts_the_hub() {
    let home = Home::new();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let (cert, key) = (home.path("cert.pem"), home.path("key.pem"));
    std::fs::write(&cert, made.cert.pem()).expect("a file in the home");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("a file in the home");
    let (cert, key) = (cert.to_str().expect("a path"), key.to_str().expect("a path"));
    let args = ["hub", "--listen", "0.0.0.0:0", "--tls-cert", cert, "--tls-key", key, "--host-name", "localhost"];
    let hub = Hub::start_as(&home, home.doorbell(&args).env("SSL_CERT_FILE", cert));
    assert!(hub.endpoint().url().starts_with("https://"), "{}", hub.endpoint().url());
    let watch = Running::start(home.doorbell(&["watch", "--json"]).env("SSL_CERT_FILE", cert));
    watch.says("\"live\"");
    assert!(home.doorbell(&["run", "true"]).env("SSL_CERT_FILE", cert).status().expect("doorbell starts").success());
    watch.says("job.finished");
    // It goes on over a new connection.
    let address = hub.endpoint().url().trim_start_matches("https://localhost:").to_owned();
    hub.kill();
    watch.says("\"down\"");
    let again = ["hub", "--listen", &format!("0.0.0.0:{address}"), "--tls-cert", cert, "--tls-key", key, "--host-name", "localhost"];
    let hub = Hub::start_as(&home, home.doorbell(&again).env("SSL_CERT_FILE", cert));
    eventually("it is live again", SOON, || (watch.output().matches("\"live\"").count() == 2).then_some(()));
    let stranger = Running::start(home.doorbell(&["watch", "--json"]).env_remove("SSL_CERT_FILE"));
    stranger.says("certificate");
    assert!(!stranger.output().contains("\"live\""), "{}", stranger.output());
    drop(hub);
}

#[tokio::test]
async fn no_proxy_stands_before_a_hub_on_this_machine() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let proxy = FaultServer::start(|_, _| Vec::new()).await;
    let variables = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"].map(|name| (name, proxy.url()));
    let watch = Running::start(home.doorbell(&["watch", "--json"]).envs(variables));
    watch.says("\"live\"");
    assert_eq!(proxy.seen().requests.len(), 0);
    drop(hub);
}
