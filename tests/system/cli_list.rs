//! `ls` and `show`, and the list that stays on the screen.

use doorbell_protocol::JobState;
use doorbell_tests::{Home, Hub, Running, eventually, hub::SOON, terminal::Terminal};

fn stdout(home: &Home, args: &[&str]) -> String {
    let output = home.run(args);
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Starts a job that reports some progress and waits for a file.
fn indexing(home: &Home, hub: &Hub) -> Running {
    let script = "echo '[12/60] Reading'; while [ ! -e go ]; do sleep 0.02; done";
    let running = Running::start(&mut home.doorbell(&["run", "--name", "index", "--", "sh", "-c", script]));
    eventually("progress", SOON, || (hub.running().first()?.progress.as_ref()?.done? == 12).then_some(()));
    running
}

#[test]
fn show_tells_all_about_a_job() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let mut running = indexing(&home, &hub);
    let card = stdout(&home, &["show", "index"]);
    for part in ["index  running\n", "  progress  20% 12/60 · Reading\n", "  command   sh -c ", "  started   "] {
        assert!(card.contains(part), "{part:?} in {card}");
    }
    assert!(!card.contains('\u{1b}'));
    std::fs::write(home.path("go"), "").unwrap();
    running.wait();
    hub.the_job_is(JobState::Succeeded);
    let card = stdout(&home, &["show", "index"]);
    assert!(card.contains("index  succeeded\n") && card.contains("  exit code  0\n") && card.contains("  took       "), "{card}");
    let job: serde_json::Value = serde_json::from_str(&stdout(&home, &["show", "--json", "index"])).unwrap();
    assert_eq!(job["job"]["state"], "succeeded");
}

#[test]
fn a_list_has_what_was_asked_for() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let ids = |args: &[&str]| {
        let listed = stdout(&home, &[&["ls", "-q"], args].concat());
        listed.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    for (name, label, command) in
        [("build a", "branch=main", "true"), ("build b", "branch=next", "false"), ("backup", "branch=main", "true")]
    {
        home.run(&["run", "--name", name, "--label", label, command]);
    }
    let ended: Vec<String> = hub.jobs().iter().map(|job| job.id.to_string()).collect();
    let [backup, b, a] = &ended[..] else { panic!("{ended:?}") };
    let mut index = indexing(&home, &hub);
    let running = hub.running()[0].id.to_string();
    let queued = stdout(&home, &["add", "-q", "--at", "1h", "--name", "build c", "--label", "branch=main", "true"]).trim().to_owned();
    for (args, found) in [
        (&["--state", "failed"][..], &[b][..]),
        (&["--state", "running"], &[&running]),
        (&["--state", "queued"], &[&queued]),
        (&["BUILD"], &[&queued, b, a]),
        (&["--label", "branch=main"], &[&queued, backup, a]),
        (&["--label", "branch=main", "--state", "succeeded", "build"], &[a]),
        (&["--key", "index"], &[&running]),
        (&["--since", "1h"], &[&running, &queued, backup, b, a]),
        (&["--recent", "2"], &[&running, &queued, backup, b]),
        (&["--recent", "2", "--page", "2"], &[&running, &queued, a]),
    ] {
        assert_eq!(ids(args).iter().collect::<Vec<_>>(), found, "{args:?}");
    }
    assert_eq!(stdout(&home, &["ls", "nothing like it"]), "No such jobs.\n");
    for args in [&["ls", "--state", "done"][..], &["ls", "--since", "tomorrow"], &["ls", "--label", "branch"], &["ls", "--page", "0"]] {
        assert_eq!(home.run(args).status.code(), Some(2), "{args:?}");
    }
    std::fs::write(home.path("go"), "").unwrap();
    index.wait();
}

#[test]
fn a_list_stays_on_the_screen_and_moves_on() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let mut running = indexing(&home, &hub);
    assert!(home.run(&["add", "--at", "1h", "--name", "tonight", "true"]).status.success());
    let mut terminal = Terminal::start(&home, &["ls", "--watch"], (12, 100), None);
    terminal.program.says("1 running, 1 queued");
    for part in ["index", "20%", "12/60", "Reading", "────", "tonight"] {
        terminal.program.says(part);
    }
    let drawn = terminal.program.output().len();
    std::fs::write(home.path("go"), "").unwrap();
    running.wait();
    terminal.program.says("succeeded");
    // The screen is not cleared once it is there, so nothing flickers.
    let redrawn = terminal.program.output()[drawn..].to_owned();
    assert!(!redrawn.contains("\u{1b}[2J"), "{redrawn:?}");
    terminal.resizes(8, 60);
    // Drawn anew in its new size. A key that comes in the same instant waits for the next one, which is crossterm's.
    terminal.program.says("\u{1b}[2J");
    terminal.types("q");
    let (code, output) = terminal.end();
    assert_eq!(code, Some(0));
    assert!(output.contains("\u{1b}[?1049l"), "{output:?}");
}

#[test]
fn what_runs_has_a_bar_below_what_has_happened() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let mut running = indexing(&home, &hub);
    let terminal = Terminal::start(&home, &["watch"], (12, 100), None);
    for part in ["index", "━━━", "20% 12/60"] {
        terminal.program.says(part);
    }
    std::fs::write(home.path("go"), "").unwrap();
    running.wait();
    terminal.program.says("succeeded");
    // Nobody is asked for progress when nothing runs.
    let polls = hub.stats().polls;
    assert!(home.run(&["run", "--name", "next", "true"]).status.success());
    terminal.program.says("next");
    hub.the_job_is(JobState::Succeeded);
    assert!(hub.stats().polls <= polls + 2);
    terminal.program.signal(rustix::process::Signal::INT);
    assert_eq!(terminal.end().0, Some(130));
}

#[test]
fn a_list_stays_on_a_screen_only() {
    let home = Home::new();
    let _hub = Hub::start(&home);
    let output = home.run(&["ls", "--watch"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("draws on a terminal"), "{output:?}");
    assert!(output.stdout.is_empty());
}

#[test]
fn quiet_lists_ids_alone() {
    let home = Home::new();
    let hub = Hub::start(&home);
    home.run(&["run", "--name", "one", "true"]);
    let id = hub.the_job_is(JobState::Succeeded).id;
    assert_eq!(stdout(&home, &["ls", "-q"]), format!("{id}\n"));
}
