//! Real shells: what their hooks report.

use std::{fs, process::Command, time::Instant};

use doorbell_protocol::{Job, JobState};
use doorbell_tests::{Home, Hub, eventually, home::program, hub::SOON, terminal::Terminal};

/// A shell of this user that finds `doorbell`.
pub(crate) fn shell(home: &Home, name: &str, args: &[&str]) -> Command {
    let mut command = Command::new(name);
    home.live_in(&mut command);
    let folder = program().parent().expect("a folder").display().to_string();
    command.args(args).env("PATH", format!("{folder}:{}", std::env::var("PATH").unwrap_or_default()));
    command
}

/// A terminal with a shell whose hooks report what runs longer than a second.
fn with_hooks(home: &Home, name: &str) -> Terminal {
    let options = "--longer-than 1s --ignore my-editor --ignore printf";
    let start = match name {
        "bash" => format!("PS1='ready> '; HISTCONTROL=ignoreboth; PATH=$PWD/bin:$PATH\neval \"$(doorbell shell-init bash {options})\"\n"),
        "zsh" => {
            format!("PS1='ready> '; setopt hist_ignore_space; PATH=$PWD/bin:$PATH\neval \"$(doorbell shell-init zsh {options})\"\n")
        }
        _ => format!(
            "function fish_prompt; printf 'ready> '; end; function fish_greeting; end; set -x PATH $PWD/bin $PATH\n\
            doorbell shell-init fish {options} | source\n"
        ),
    };
    // Where zsh looks for it.
    fs::write(home.path(".zshrc"), start).expect("a start-up file");
    let rc = home.path(".zshrc").display().to_string();
    let source = format!("source {rc}");
    let args = match name {
        "bash" => vec!["--noprofile", "--rcfile", &rc, "-i"],
        "zsh" => vec!["-d", "-i"],
        _ => vec!["--no-config", "--interactive", "--init-command", &source],
    };
    let mut command = shell(home, name, &args);
    command.env("ZDOTDIR", home.path("")).env("TERM", "dumb").env("HISTFILE", home.path("history")).env_remove("DOORBELL_JOB");
    let terminal = Terminal::start_as(home, command, (24, 200), None);
    terminal.program.says("ready> ");
    terminal
}

/// Puts a program where [`with_hooks`] looks first.
fn install(home: &Home, name: &str, script: &str) {
    home.script(&format!("bin/{name}"), &format!("#!/bin/sh\n{script}\n"));
}

/// The jobs of `hub` when there are `count`, all of them over, in the order of their starts.
fn jobs_over(hub: &Hub, terminal: &str, count: usize) -> Vec<Job> {
    eventually(&format!("{count} jobs are over, after {terminal:?}"), SOON, || {
        let mut jobs = hub.jobs();
        jobs.sort_by_key(|job| job.started_at);
        (jobs.len() >= count && jobs.iter().all(|job| job.state.is_over())).then_some(jobs)
    })
}

/// Types into a shell with hooks, and looks at the jobs that come of it.
fn reports_what_takes_long(shell: &str) {
    let home = Home::new();
    let hub = Hub::start(&home);
    install(&home, "my-editor", "sleep 1.3");
    let mut terminal = with_hooks(&home, shell);
    let start = Instant::now();
    let mut typed = 0;
    let mut types = |line: &str| {
        typed += 1;
        terminal.types(&format!("{line}\n"));
        terminal.types(&format!("printf 'done-%s' {}\n", 40 + typed));
        terminal.program.says(&format!("done-{}", 40 + typed));
    };
    types("true");
    types("sleep 1.3");
    types("/bin/sh -c 'sleep 1.2; exit 3'");
    types("my-editor");
    types(" sleep 1.25");
    terminal.types("exit\n");
    let (_, shown) = terminal.end();
    let longest = start.elapsed().as_millis();
    let jobs = jobs_over(&hub, &shown, 3);
    let names: Vec<&str> = jobs.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(names, ["sleep 1.3", "/bin/sh -c 'sleep 1.2; exit 3'", "command"], "{shell}");
    assert_eq!((jobs[0].state, jobs[1].state, jobs[1].exit_code), (JobState::Succeeded, JobState::Failed, Some(3)));
    let took = jobs[0].duration_ms.expect("a duration");
    assert!((1_300..=longest).contains(&took.into()), "{took}, of {longest}");
    assert_eq!((hub.stats().seq.0, jobs[0].notify_after_ms), (6, Some(0)));
}

#[test]
fn bash_reports_what_takes_long() {
    reports_what_takes_long("bash");
}

#[test]
fn the_same_command_twice_keeps_its_name() {
    for shell in ["bash", "zsh", "fish"] {
        let home = Home::new();
        let hub = Hub::start(&home);
        let mut terminal = with_hooks(&home, shell);
        for _ in 0..2 {
            terminal.types("sleep 1.2\n");
            terminal.shows_anew("ready> ");
        }
        terminal.types("exit\n");
        let (_, shown) = terminal.end();
        let names: Vec<String> = jobs_over(&hub, &shown, 2).into_iter().map(|job| job.name).collect();
        assert_eq!(names, ["sleep 1.2", "sleep 1.2"], "{shell}");
    }
}

#[test]
fn zsh_reports_what_takes_long() {
    reports_what_takes_long("zsh");
}

#[test]
fn fish_reports_what_takes_long() {
    reports_what_takes_long("fish");
}

#[test]
fn a_report_outlives_its_shell() {
    for shell in ["bash", "zsh", "fish"] {
        let home = Home::new();
        let hub = Hub::start(&home);
        // A report that does not come far before the shell has ended.
        let waits = "touch waits; while [ -d $HOME ] && [ ! -e go ]; do sleep 0.02; done";
        let real = program().display().to_string();
        install(&home, "doorbell", &format!("if [ \"$1\" = shell-report ]; then {waits}; fi; exec '{real}' \"$@\""));
        let mut terminal = with_hooks(&home, shell);
        terminal.types("sleep 1.2\n");
        eventually("a report waits", SOON, || home.path("waits").exists().then_some(()));
        terminal.types("exit\n");
        let (_, shown) = terminal.end();
        fs::write(home.path("go"), "").expect("a sign");
        let jobs = jobs_over(&hub, &shown, 1);
        assert_eq!(jobs.iter().map(|job| job.name.as_str()).collect::<Vec<_>>(), ["sleep 1.2"], "{shell}");
    }
}
