//! Workers, schedules, settings, the manual, and the panel.

use std::{fs, process::Output};

use doorbell_protocol::JobState;
use doorbell_tests::{Home, Hub, Running, eventually, hub::SOON};
use rustix::process::Signal;
use serde_json::Value;

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&stdout(output)).expect("JSON")
}

#[test]
fn a_worker_adds_slots_until_it_is_drained_or_interrupted() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let mut worker = Running::start(&mut home.doorbell(&["worker", "--slots", "3", "--name", "extra"]));
    worker.says("as extra, 3 at once. Ctrl-C ends it.\n");
    let list = eventually("it is registered", SOON, || {
        let list = stdout(&home.run(&["worker", "ls"]));
        list.contains("  active    extra").then_some(list)
    });
    assert!(list.contains("0/3 running · on "), "{list}");
    let job = stdout(&home.run(&["add", "-q", "--host", "extra", "--", "sh", "-c", "while [ ! -e go ]; do sleep 0.02; done"]));
    eventually("it runs there", SOON, || hub.running().first()?.worker.as_deref().filter(|name| *name == "extra").map(drop));
    assert_eq!(stdout(&home.run(&["worker", "drain", "extra"])), "extra gets no more jobs.\n");
    assert_eq!(worker.wait().code(), Some(0));
    let workers = json(&home.run(&["worker", "ls", "--json"]));
    assert!(workers["workers"].as_array().unwrap().iter().any(|worker| worker["state"] == "draining"), "{workers}");
    // What it started goes on.
    fs::write(home.path("go"), "").unwrap();
    eventually("the job is over", SOON, || {
        let state = hub.ask(async |client| client.job(job.trim().parse().expect("an id")).await).expect("the job").state;
        (state == JobState::Succeeded).then_some(())
    });
    let mut worker = Running::start(&mut home.doorbell(&["worker"]));
    worker.says("1 at once");
    worker.signal(Signal::INT);
    assert_eq!(worker.wait().code(), Some(0));
    let output = home.run(&["worker", "drain", "nobody"]);
    assert_eq!(stderr(&output), "doorbell: No worker is called \"nobody\". `doorbell worker ls` shows them.\n");
}

#[test]
fn a_schedule_is_added_paused_resumed_and_removed() {
    let home = Home::new();
    let _hub = Hub::start(&home);
    assert!(stdout(&home.run(&["schedule", "ls"])).starts_with("No schedules. "));
    let added = home.run(&["schedule", "add", "30 2 * * *", "--name", "nightly", "--timezone", "Europe/Berlin", "--", "ingest", "--all"]);
    assert!(stdout(&added).starts_with("Added nightly; it fires next at "), "{added:?}");
    let schedule = &json(&home.run(&["schedule", "ls", "--json"]))["schedules"][0];
    assert!(schedule["next_fire"].as_str().unwrap().ends_with(":30:00.000Z"), "{schedule}");
    assert_eq!((&schedule["command"][1], &schedule["overlap"]), (&Value::from("--all"), &Value::from("skip")));
    assert_eq!(stdout(&home.run(&["schedule", "pause", "nightly"])), "Paused nightly.\n");
    assert!(stdout(&home.run(&["schedule", "ls"])).contains("nightly  30 2 * * *  never while it is paused · Europe/Berlin"));
    assert!(stdout(&home.run(&["schedule", "resume", "nightly"])).starts_with("Resumed nightly; it fires next at "));
    let id = stdout(&home.run(&["schedule", "ls", "-q"])).trim().to_owned();
    assert_eq!(stdout(&home.run(&["schedule", "rm", &id[30..]])), "Removed nightly.\n");
    assert_eq!(stdout(&home.run(&["schedule", "ls", "-q"])), "");
    let output = home.run(&["schedule", "add", "61 * * * *", "--", "true"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).starts_with("doorbell: ") && stderr(&output).len() > 20, "{output:?}");
}

#[test]
fn config_says_where_things_are_and_why() {
    let home = Home::new();
    let text = stdout(&home.run(&["config"]));
    assert!(text.starts_with("hub           –  (No hub is running."), "{text}");
    let hub = Hub::start(&home);
    let output = home.doorbell(&["config", "--json"]).env("DOORBELL_CONFIG_DIR", "/elsewhere").output().unwrap();
    let values = json(&output)["values"].as_array().unwrap().clone();
    let of = |name: &str| values.iter().find(|value| value["name"] == name).unwrap().clone();
    assert_eq!(of("hub")["value"], hub.endpoint().url());
    assert_eq!(of("hub")["origin"], home.hub_file().display().to_string());
    assert_eq!((&of("settings")["value"], &of("settings")["origin"]), (&"/elsewhere".into(), &"DOORBELL_CONFIG_DIR".into()));
    assert_eq!(of("data")["value"], home.data_dir().display().to_string());
    assert!(!stdout(&output).contains(hub.endpoint().token().expose()));
}

#[test]
fn the_manual_has_a_page_for_every_verb() {
    let home = Home::new();
    let page = stdout(&home.run(&["man"]));
    assert!(page.contains(".TH doorbell 1") && page.contains("Queue a command for a worker"), "{page}");
    assert!(stdout(&home.run(&["man", "add"])).contains("\\-\\-after"));
    assert!(home.run(&["man", "--dir", home.path("man1").to_str().unwrap()]).status.success());
    for page in ["doorbell.1", "doorbell-add.1", "doorbell-schedule-add.1"] {
        assert!(home.path("man1").join(page).exists(), "{page}");
    }
    assert!(!home.path("man1/doorbell-runner.1").exists());
    assert_eq!(stderr(&home.run(&["man", "nothing"])), "doorbell: There is no verb \"nothing\". `doorbell help` shows them.\n");
}

#[test]
fn open_starts_the_app_with_its_panel() {
    let home = Home::new();
    // The program by itself in a folder, with something beside it that stands for the app.
    let doorbell = home.install("bin/doorbell", &doorbell_tests::home::program());
    let open = || {
        let mut command = std::process::Command::new(&doorbell);
        home.live_in(&mut command);
        command.arg("open").env("PATH", "/usr/bin:/bin").output().unwrap()
    };
    let output = open();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("cannot start the tray app"), "{output:?}");
    for (script, code) in [("echo \"$@\" > opened", Some(0)), ("exit 3", Some(1))] {
        home.script("bin/doorbell-tray", &format!("#!/bin/sh\n{script}\n"));
        assert_eq!(open().status.code(), code, "{script}");
    }
    assert_eq!(fs::read_to_string(home.path("opened")).unwrap(), "--panel\n");
}
