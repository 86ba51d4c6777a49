//! `doorbell run`: exit codes, environment, and what the hub is told of it.

use std::{collections::BTreeSet, fs, process::Command};

use doorbell_protocol::JobState;
use doorbell_tests::{Home, Hub};

/// With the same exit code, or by the same signal.
fn ends_are_the_commands_own(home: &Home) {
    for script in ["true", "exit 3", "exit 255", "kill -TERM $$", "kill -KILL $$"] {
        let with = home.run(&["run", "--", "sh", "-c", script]).status;
        let without = Command::new("sh").args(["-c", script]).status().expect("sh starts");
        assert_eq!(with, without, "{script}");
    }
}

#[test]
fn ends_are_the_commands_own_without_a_hub() {
    ends_are_the_commands_own(&Home::new());
}

#[test]
fn ends_are_the_commands_own_with_a_hub() {
    let home = Home::new();
    let hub = Hub::start(&home);
    ends_are_the_commands_own(&home);
    let mut ends: Vec<_> = hub.jobs().into_iter().map(|job| (job.exit_code, job.state, job.failure)).collect();
    ends.reverse();
    let failed = |code, failure: &str| (Some(code), JobState::Failed, Some(failure.to_owned()));
    assert_eq!(
        ends,
        [
            (Some(0), JobState::Succeeded, None),
            failed(3, "exit code 3"),
            failed(255, "exit code 255"),
            failed(143, "killed by signal 15 (SIGTERM)"),
            failed(137, "killed by signal 9 (SIGKILL)"),
        ]
    );
}

#[test]
fn a_command_that_cannot_start_is_told_here_and_there() {
    let home = Home::new();
    let hub = Hub::start(&home);
    home.script("script", "#!/no/such/interpreter\n");
    fs::write(home.path("data.txt"), "x").unwrap();
    for (program, code, reason) in [
        ("no-such-command", 127, "cannot run no-such-command: command not found"),
        ("./nothing", 127, "cannot run ./nothing: no such file"),
        ("./script", 127, "cannot run ./script: the interpreter on its first line, /no/such/interpreter, does not exist"),
        ("./data.txt", 126, "cannot run ./data.txt: it is not executable"),
    ] {
        let output = home.run(&["run", program]);
        assert_eq!(output.status.code(), Some(code), "{program}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), format!("doorbell: {reason}\n"));
        let job = &hub.jobs()[0];
        assert_eq!((job.state, job.exit_code, job.failure.as_deref()), (JobState::Failed, Some(code), Some(reason)));
    }
}

#[test]
fn a_script_that_names_no_interpreter_is_one_for_sh() {
    let home = Home::new();
    home.script("bin/plain", "echo \"$1 of $DOORBELL_JOB\"; exit 3\n");
    let path = std::env::join_paths([home.path("bin"), "/usr/bin".into(), "/bin".into()]).unwrap();
    for program in ["bin/plain", "plain"] {
        let output = home.doorbell(&["run", program, "one"]).env("PATH", &path).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stdout).starts_with("one of 0"), "{output:?}");
    }
}

#[test]
fn the_command_knows_its_job_and_keeps_the_rest_of_its_environment() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let environment = |command: &mut Command| {
        let output = command.env("MINE", "kept").output().unwrap();
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let mut alone = Command::new("env");
    home.live_in(&mut alone);
    let alone = environment(&mut alone);
    let wrapped = environment(&mut home.doorbell(&["run", "--", "env"]));
    let job = hub.jobs()[0].id;
    assert!(wrapped.contains(&format!("DOORBELL_JOB={job}")) && wrapped.contains("MINE=kept"), "{wrapped:?}");
    assert_eq!(wrapped.into_iter().filter(|variable| !variable.starts_with("DOORBELL_JOB")).collect::<BTreeSet<_>>(), alone);
}

#[test]
fn the_hub_is_told_who_ran_what_where() {
    let home = Home::new();
    let hub = Hub::start(&home);
    home.doorbell(&["run", "--", "sh", "-c", "exit 0"]).env("USER", "ada").output().unwrap();
    home.run(&["run", "--name", "Nightly ingest", "--key", "ingest", "true"]);
    let jobs = hub.jobs();
    assert_eq!((jobs[0].name.as_str(), jobs[0].key.as_str()), ("Nightly ingest", "ingest"));
    assert_eq!(jobs[1].name, "sh -c 'exit 0'");
    let origin = jobs[1].origin.clone().unwrap();
    assert_eq!(origin.command, ["sh", "-c", "exit 0"]);
    assert_eq!(origin.user.as_deref(), Some("ada"));
    assert_eq!(origin.cwd.as_deref().map(fs::canonicalize).unwrap().unwrap(), fs::canonicalize(home.path("")).unwrap());
    assert!(origin.host.is_some());
}

#[test]
fn the_last_line_on_standard_error_says_why_it_failed() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let output =
        home.run(&["run", "--", "sh", "-c", "echo fine; printf 'Traceback\\n\\033[31mAssertionError\\033[0m: 3 != 4' >&2; exit 1"]);
    assert_eq!(output.stderr, b"Traceback\n\x1b[31mAssertionError\x1b[0m: 3 != 4");
    assert_eq!(hub.the_job_is(JobState::Failed).failure.as_deref(), Some("AssertionError: 3 != 4 · exit 1"));
}
