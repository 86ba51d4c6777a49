//! What people see of the command line.

use std::process::Output;

use doorbell_tests::{Home, Hub};
use serde_json::Value;

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("JSON on standard output")
}

#[test]
fn without_a_hub_every_verb_says_what_to_do() {
    let home = Home::new();
    for args in [
        &["status"][..],
        &["ls"],
        &["test-job"],
        &["cancel", "x"],
        &["add", "true"],
        &["show", "x"],
        &["log", "x"],
        &["retry", "x"],
        &["rm", "x"],
    ] {
        let output = home.run(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert_eq!(stderr(&output), "doorbell: No hub is running. Start the tray app, or run `doorbell hub`.\n");
    }
    let output = home.run(&["status", "--json"]);
    assert_eq!((output.status.code(), json(&output)["reachable"].as_bool()), (Some(1), Some(false)));
}

#[test]
fn a_wrong_token_is_told_from_a_hub_that_is_away() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let output = home.doorbell(&["status"]).env("DOORBELL_TOKEN", "wrong").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("refuses the token"), "{}", stderr(&output));
    hub.kill();
    let output = home.run(&["status"]);
    assert!(stderr(&output).contains("No hub is running"), "{}", stderr(&output));
}

#[test]
fn status_says_where_the_hub_is() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let output = home.run(&["status"]);
    assert!(output.status.success());
    assert!(stdout(&output).contains(hub.address()) && stdout(&output).contains("0 running, 0 queued"), "{}", stdout(&output));
    let status = json(&home.run(&["status", "--json"]));
    assert_eq!((status["reachable"].as_bool(), status["url"].as_str()), (Some(true), Some(hub.endpoint().url())));
}

#[test]
fn ls_shows_jobs_as_text_and_as_data() {
    let home = Home::new();
    let _hub = Hub::start(&home);
    assert_eq!(stdout(&home.run(&["ls"])), "No jobs yet. Try `doorbell run -- sleep 10`.\n");
    home.run(&["run", "--name", "good", "true"]);
    home.run(&["run", "--name", "bad", "false"]);
    let text = stdout(&home.run(&["ls"]));
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0][6..].starts_with("  failed     bad") && lines[0].ends_with("exit code 1"), "{text}");
    assert!(lines[1][6..].starts_with("  succeeded  good"), "{text}");
    assert!(!text.contains('\u{1b}'));
    let listing = json(&home.run(&["ls", "--json", "--recent", "1"]));
    assert_eq!(listing["finished"].as_array().unwrap().len(), 1);
    assert_eq!(listing["finished"][0]["failure"], "exit code 1");
}

#[test]
fn the_test_job_can_be_followed_by_its_id() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let created = json(&home.run(&["test-job", "--duration", "100ms", "--json"]));
    let id = created["job"]["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(hub.ask(async |client| client.job(id).await).unwrap().id, id);
}

#[test]
fn typos_are_usage_errors_with_a_suggestion() {
    let home = Home::new();
    for (args, hint) in [
        (&["statsu"][..], "status"),
        (&["run", "--nmae", "x", "true"], "--name"),
        (&["test-job", "--duration", "soon"], "30s"),
        (&["test-job", "--fail-at-step", "9"], "1..=8"),
        (&["run"], "COMMAND"),
    ] {
        let output = home.run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stderr(&output).contains(hint), "{args:?}: {}", stderr(&output));
    }
}

#[test]
fn one_hub_a_data_folder() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let output = home.run(&["hub", "--listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("another hub uses the data folder"), "{}", stderr(&output));
    let output = home.run(&["hub", "--data-dir", home.path("other").to_str().unwrap(), "--listen", hub.address()]);
    assert!(stderr(&output).contains("cannot listen on"), "{}", stderr(&output));
}

#[test]
fn a_hub_that_is_asked_to_end_leaves_no_announcement() {
    let home = Home::new();
    let hub = Hub::start(&home);
    assert!(home.hub_file().exists());
    assert_eq!(hub.stop().code(), Some(0));
    assert!(!home.hub_file().exists());
}

#[test]
fn a_runner_without_a_claim_says_so() {
    let output = Home::new().run(&["runner"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("holds no claim"), "{}", stderr(&output));
}

#[test]
fn a_log_is_text_or_json() {
    let home = Home::new();
    let _hub = Hub::start(&home);
    let log = |format| home.doorbell(&["status"]).env("DOORBELL_LOG", "trace").env("DOORBELL_LOG_FORMAT", format).output().unwrap();
    let output = log("json");
    let lines: Vec<Value> = stderr(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!lines.is_empty() && lines.iter().all(|line| line["level"].is_string() && line["fields"]["message"].is_string()), "{lines:?}");
    assert!(log("text").status.success());
    let output = log("xml");
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(2), "doorbell: DOORBELL_LOG_FORMAT is \"xml\"; use text or json\n"));
}
