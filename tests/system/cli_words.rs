//! What people read, word for word, with ids and times left out. After a change on purpose: `INSTA_UPDATE=always`, and look at the
//! difference before it is committed.

use std::{fs, process::Output};

use doorbell_protocol::JobState;
use doorbell_tests::{Home, Hub, Running, eventually, hub::SOON};

/// What a command printed, and how it exited.
fn words(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let code = output.status.code().map_or_else(|| "a signal".to_owned(), |code| code.to_string());
    format!("{}--- standard error\n{}--- exit {code}\n", text(&output.stdout), text(&output.stderr))
}

/// Runs commands one after another and compares all that they say with what is kept under `name`.
fn says(name: &str, home: &Home, commands: &[&[&str]]) {
    let told: Vec<String> = commands.iter().map(|args| format!("$ doorbell {}\n{}", args.join(" "), words(&home.run(args)))).collect();
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    for (pattern, stands_for) in [
        (r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "[id]"),
        (r"(?m)^[0-9a-f]{6}  ", "[end]   "),
        (r"after [0-9a-f]{6}", "after [end]"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d|\b\d\d:\d\d\b", "[moment]"),
        (r"just now|\d+s ago|\d+m ago", "[ago]"),
        (r" +\d+\.\ds", " [time]"),
        // A command that ends at once may not get to its first report.
        (r"(?m)^  progress +no rule\n", ""),
        (r"127\.0\.0\.1:\d+", "[address]"),
        (home.path("").to_str().expect("a path").trim_end_matches('/'), "[home]"),
        (&host, "[host]"),
        (r"(?m)^(  by +).*$", "$1[user]"),
        (r"Hub \d+\.\d+\.\d+", "Hub [version]"),
    ] {
        settings.add_filter(pattern, stands_for);
    }
    settings.bind(|| insta::assert_snapshot!(name, told.join("\n")));
}

#[test]
fn lists_and_cards() {
    let home = Home::new();
    let hub = Hub::start(&home);
    assert!(home.run(&["run", "--name", "good", "true"]).status.success());
    assert!(!home.run(&["run", "--name", "bad", "--", "sh", "-c", "echo no rule >&2; exit 2"]).status.success());
    let script = "echo '[12/60] Reading'; while [ ! -e go ]; do sleep 0.02; done";
    let mut running = Running::start(&mut home.doorbell(&["run", "--name", "index", "--label", "team=search", "--", "sh", "-c", script]));
    eventually("progress", SOON, || (hub.running().first()?.progress.as_ref()?.done? == 12).then_some(()));
    let later = &["add", "--at", "2099-01-01 06:00", "--name", "tonight", "--priority", "5", "--after", "index", "--host", "gpu-1", "true"];
    says("lists", &home, &[later, &["ls"], &["worker", "ls"], &["status"], &["log", "bad"]]);
    says("cards", &home, &[&["show", "index"], &["show", "bad"], &["show", "tonight"]]);
    fs::write(home.path("go"), "").unwrap();
    running.wait();
    eventually("it is over", SOON, || hub.jobs().iter().all(|job| job.state != JobState::Running).then_some(()));
}

#[test]
fn what_goes_wrong_names_its_fix() {
    let home = Home::new();
    says("without-a-hub", &home, &[&["ls"], &["add", "true"], &["ask", "Go?"], &["progress", "1/2"], &["worker"], &["status"]]);
    let _hub = Hub::start(&home);
    for name in ["twin", "twin"] {
        assert!(home.run(&["add", "--at", "1h", "--name", name, "true"]).status.success());
    }
    says(
        "mistakes",
        &home,
        &[
            &["show", "nothing"],
            &["cancel", "twin"],
            &["rm", "nothing"],
            &["answer", "yes"],
            &["schedule", "pause", "x"],
            &["worker", "drain", "x"],
            &["statsu"],
            &["add", "--prioritty", "1", "true"],
            &["add", "--at", "soon", "true"],
            &["progress", "61/60"],
            &["step", "9/8"],
            &["ls", "--json", "-q"],
        ],
    );
}

#[test]
fn the_verbs_at_a_glance() {
    says("help", &Home::new(), &[&["help"], &["help", "add"], &["help", "ask"]]);
}
