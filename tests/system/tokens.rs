//! Tokens for others, from the command line.

use std::fs;

use doorbell_protocol::JobState;
use doorbell_tests::{Home, Hub, Running};

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

    let unbound = home.run(&["token", "create", "--role", "work"]);
    assert!(text(&unbound.stderr).contains("--role work needs --host or --worker"), "{}", text(&unbound.stderr));
    assert!(home.run(&["token", "create", "--role", "work", "--host", "nas", "--person", "Ada", "--name", "w"]).status.success());
    assert!(text(&home.run(&["token", "ls"]).stdout).ends_with("w  of Ada  on nas"));
    assert!(home.run(&["token", "rm", "w"]).status.success());

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

fn token_of(home: &Home, name: &str) -> String {
    text(&home.run(&["token", "create", "--role", "report", "--name", name]).stdout)
}

#[test]
fn a_run_whose_parent_is_anothers_is_told_as_a_job_of_its_own() {
    let home = Home::new();
    let hub = Hub::start(&home);
    assert!(home.run(&["run", "--name", "owners", "true"]).status.success());
    let owners = hub.jobs()[0].id.to_string();
    let secret = token_of(&home, "ci");
    let run = home.doorbell(&["run", "--name", "ci", "--parent", &owners, "true"]).env("DOORBELL_TOKEN", &secret).output().unwrap();
    assert!(run.status.success(), "{}", text(&run.stderr));
    let job = &hub.jobs()[0];
    assert_eq!((job.name.as_str(), job.state, job.parent), ("ci", JobState::Succeeded, None));
}

#[test]
fn it_is_told_who_stopped_a_job_and_its_log_keeps_the_commands_own_bytes() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let ada = text(&home.run(&["token", "create", "--role", "answer", "--name", "phone", "--person", "Ada"]).stdout);
    let run = Running::start(&mut home.doorbell(&["run", "--name", "make", "--", "sh", "-c", "echo ready; sleep 60"]));
    run.says("ready");
    hub.the_job_is(JobState::Running);
    let beside = fs::File::create(home.path("beside")).unwrap();
    let follow = Running::start(home.doorbell(&["log", "-f", "make"]).stderr(beside));
    follow.says("ready");
    assert!(home.doorbell(&["cancel", "make"]).env("DOORBELL_TOKEN", &ada).status().unwrap().success());
    assert!(!run.end().0.success());
    assert_eq!(follow.end().1, "ready\n");
    let beside = fs::read_to_string(home.path("beside")).unwrap();
    assert!(beside.contains("doorbell: make was cancelled by Ada"), "{beside}");
    let said = |args: &[&str]| text(&home.run(args).stdout);
    assert!(said(&["show", "make"]).contains("cancelled by  Ada"), "{}", said(&["show", "make"]));
    assert!(said(&["ls"]).contains("by Ada"), "{}", said(&["ls"]));
}

/// There is no feed for it.
#[test]
fn who_reports_waits_for_their_own_jobs_and_sees_no_others() {
    let home = Home::new();
    let hub = Hub::start(&home);
    assert!(home.run(&["run", "--name", "owners", "true"]).status.success());
    let owners = hub.jobs()[0].id.to_string();
    let secret = token_of(&home, "ci");
    let as_ci = |args: &[&str]| {
        let mut doorbell = home.doorbell(args);
        doorbell.env("DOORBELL_TOKEN", &secret);
        doorbell
    };
    let run = Running::start(&mut as_ci(&[
        "run",
        "--name",
        "mine",
        "--",
        "sh",
        "-c",
        "echo ready; while [ ! -e go ]; do sleep 0.02; done; exit 3",
    ]));
    run.says("ready");
    hub.the_job_is(JobState::Running);
    let wait = Running::start(&mut as_ci(&["wait", "mine", "--json"]));
    fs::write(home.path("go"), "").unwrap();
    assert_eq!(run.end().0.code(), Some(3));
    assert_eq!(wait.end().0.code(), Some(3));
    let listed = text(&as_ci(&["ls"]).output().unwrap().stdout);
    assert!(listed.contains("mine") && !listed.contains("owners"), "{listed}");
    assert_eq!(as_ci(&["wait", &owners]).output().unwrap().status.code(), Some(127));
    for verb in ["show", "log"] {
        let refused = as_ci(&[verb, &owners]).output().unwrap();
        assert!(!refused.status.success() && text(&refused.stderr).contains("there is no job"), "{}", text(&refused.stderr));
    }
    let watch = as_ci(&["watch"]).output().unwrap();
    assert!(!watch.status.success() && text(&watch.stderr).contains("`view`"), "{}", text(&watch.stderr));
}

/// Its own token is replaced while it runs, so the hub takes the end from the owner alone.
#[test]
fn an_end_that_is_refused_as_anothers_waits_for_whoever_may_tell_it() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let file = home.path("token-of-ci");
    fs::write(&file, token_of(&home, "old")).unwrap();
    let mut run = home.doorbell(&["run", "--", "sh", "-c", "echo ready; while [ ! -e go ]; do sleep 0.02; done"]);
    let run = Running::start(run.env("DOORBELL_TOKEN_FILE", &file));
    run.says("ready");
    hub.the_job_is(JobState::Running);
    fs::write(&file, token_of(&home, "new")).unwrap();
    assert!(home.run(&["token", "rm", "old"]).status.success());
    fs::write(home.path("go"), "").unwrap();
    assert!(run.end().0.success());
    assert_eq!(hub.jobs()[0].state, JobState::Running);
    assert!(home.run(&["status"]).status.success());
    hub.the_job_is(JobState::Succeeded);
}

#[test]
fn the_owners_token_is_rotated_while_jobs_workers_and_listeners_go_on() {
    const UNTIL_GO: &str = "echo ready; while [ ! -e go ]; do sleep 0.02; done";
    let home = Home::new();
    let _hub = Hub::start(&home);
    let said = |args: &[&str]| {
        let output = home.run(args);
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    let watch = Running::start(&mut home.doorbell(&["watch"]));
    let worker = Running::start(&mut home.doorbell(&["worker", "--name", "extra"]));
    worker.says("Ctrl-C ends it.");
    let run = Running::start(&mut home.doorbell(&["run", "--name", "wrapped", "--", "sh", "-c", UNTIL_GO]));
    run.says("ready");
    said(&["add", "--name", "claimed", "--host", "extra", "--", "sh", "-c", UNTIL_GO]);
    let follow = Running::start(&mut home.doorbell(&["log", "-f", "claimed"]));
    follow.says("ready");
    watch.says("wrapped");
    watch.says("claimed");

    let old = fs::read_to_string(home.data_dir().join("token")).unwrap();
    said(&["token", "rotate"]);
    assert_ne!(fs::read_to_string(home.data_dir().join("token")).unwrap(), old);
    let refused = home.doorbell(&["status"]).env("DOORBELL_TOKEN", old.trim()).output().unwrap();
    assert!(!refused.status.success() && text(&refused.stderr).contains("refuses the token"), "{}", text(&refused.stderr));

    fs::write(home.path("go"), "").unwrap();
    assert!(run.end().0.success());
    said(&["wait", "wrapped", "claimed"]);
    assert_eq!(follow.end().1, "ready\n");
    // Each worker takes a new one, and whoever watched is told of it.
    for host in [None, Some("extra")] {
        let name = format!("after-{}", host.unwrap_or("any"));
        let mut add = vec!["add", "--quiet", "--name", &name];
        add.extend(host.iter().flat_map(|host| ["--host", host]));
        add.extend(["--", "true"]);
        let id = said(&add);
        said(&["wait", &id]);
        watch.says(&name);
    }
}
