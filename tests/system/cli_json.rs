//! What scripts stand on: the shapes of `--json` are those that `docs/cli.md` shows.

use std::{collections::BTreeSet, fs, path::Path};

use doorbell_protocol::JobState;
use doorbell_tests::{Home, Hub, Running, eventually, hub::SOON};
use serde_json::Value;

/// The names at the top of the shape that the page shows for a verb, and those of them that may be left out.
fn documented(verb: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cli.md")).expect("docs/cli.md");
    let row = page
        .lines()
        .find(|line| line.starts_with("| `") && line.split('|').nth(1).is_some_and(|verbs| verbs.contains(&format!("`{verb}"))));
    let shape = row.and_then(|row| row.split("`{").nth(1)).unwrap_or_else(|| panic!("docs/cli.md has no shape of {verb}"));
    let (mut names, mut optional, mut depth) = (BTreeSet::new(), BTreeSet::new(), 1);
    for (part, text) in shape.split('"').enumerate() {
        if part % 2 == 1 {
            if depth == 1 {
                names.insert(text.to_owned());
            }
            continue;
        }
        depth += text.matches(['{', '[']).count();
        depth = depth.saturating_sub(text.matches(['}', ']']).count());
    }
    for name in &names {
        if shape.contains(&format!("\"{name}\"?")) {
            optional.insert(name.clone());
        }
    }
    (names, optional)
}

fn is_as_documented(verb: &str, output: &str) {
    let value: Value = serde_json::from_str(output).unwrap_or_else(|e| panic!("{verb}: {e} in {output:?}"));
    assert_eq!(output.matches('\n').count(), 1, "{verb} prints one line");
    let seen: BTreeSet<String> = value.as_object().expect("an object").keys().cloned().collect();
    let (names, optional) = documented(verb);
    assert!(seen.is_subset(&names), "{verb} prints {seen:?}, and docs/cli.md has {names:?}");
    assert!(names.difference(&optional).all(|name| seen.contains(name)), "{verb} prints {seen:?}, and docs/cli.md has {names:?}");
}

#[test]
fn every_shape_is_as_documented() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let print = |args: &[&str]| {
        let output = home.run(args);
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    is_as_documented("add", &print(&["add", "--json", "--name", "one", "true"]));
    hub.the_job_is(JobState::Succeeded);
    for (verb, args) in [
        ("ls", &["ls", "--json"][..]),
        ("show", &["show", "--json", "one"]),
        ("log", &["log", "--json", "one"]),
        ("retry", &["retry", "--json", "one"]),
        ("test-job", &["test-job", "--json", "--duration", "0s"]),
        ("questions", &["questions", "--json"]),
        ("worker ls", &["worker", "ls", "--json"]),
        ("schedule add", &["schedule", "add", "@daily", "--json", "--", "true"]),
        ("schedule ls", &["schedule", "ls", "--json"]),
        ("token create", &["token", "create", "--role", "report", "--json"]),
        ("token ls", &["token", "ls", "--json"]),
        ("status", &["status", "--json"]),
        ("config", &["config", "--json"]),
    ] {
        is_as_documented(verb, &print(args));
    }
    let asking =
        Running::start(&mut home.doorbell(&["run", "--", &doorbell_tests::home::program().display().to_string(), "ask", "Go?", "--json"]));
    eventually("it asks", SOON, || (hub.stats().counts.waiting == 1).then_some(()));
    is_as_documented("answer", &print(&["answer", "yes", "--json"]));
    is_as_documented("ask", &asking.end().1);
    is_as_documented("cancel", &print(&["cancel", "--json", print(&["add", "-q", "--at", "1h", "true"]).trim()]));
}
