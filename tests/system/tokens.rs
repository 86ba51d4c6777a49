//! Tokens for others, from the command line.

use doorbell_tests::{Home, Hub};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

#[test]
fn a_token_is_made_used_shown_and_removed() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let made = home.run(&["token", "create", "--role", "report", "--name", "ci"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let secret = text(&made.stdout);

    let as_ci = |args: &[&str]| home.doorbell(args).env("DOORBELL_TOKEN", &secret).output().unwrap();
    assert!(as_ci(&["run", "--", "true"]).status.success());
    assert_eq!(hub.stats().seq.0, 2);
    let refused = as_ci(&["test-job"]);
    assert_eq!((refused.status.code(), text(&refused.stderr).contains("`admin`")), (Some(1), true), "{}", text(&refused.stderr));

    let listed = text(&home.run(&["token", "ls"]).stdout);
    assert!(listed.contains("report") && listed.ends_with("ci") && !listed.contains(&secret), "{listed}");
    assert!(text(&home.run(&["token", "rm", "cd"]).stderr).contains("No token is called \"cd\""));
    let other = text(&home.run(&["token", "create", "--role", "report", "--name", "ci", "--json"]).stdout);
    let other: serde_json::Value = serde_json::from_str(&other).unwrap();
    assert_eq!(home.run(&["token", "rm", "ci"]).status.code(), Some(1), "two are called so");
    assert!(home.run(&["token", "rm", other["token"]["id"].as_str().unwrap()]).status.success());
    assert!(home.run(&["token", "rm", "ci"]).status.success());
    assert_eq!(as_ci(&["status"]).status.code(), Some(1));
    assert!(text(&home.run(&["token", "ls"]).stdout).starts_with("No tokens"));
}
