//! Under a shell: a job stops, goes on, and goes into the background as without doorbell, and full-screen programs work.

use std::fs;

use doorbell_protocol::JobState;
use doorbell_tests::{Home, Hub, eventually, hub::SOON, terminal::Terminal};
use rustix::process::{Pid, Signal, kill_process};

const STOP: &str = "\u{1a}";
const INTERRUPT: &str = "\u{3}";

/// Writes its process id, then counts. Not for `sh`, which may be one that starts programs by vfork: a stop that meets its child
/// in between leaves it waiting, unstopped, with doorbell or without.
const COUNTS: &str = "doorbell run -- bash -c 'trap \"exit 130\" INT; echo $$ > pid; i=0; while [ ! -e go ]; do i=$((i+1)); echo $i > count; sleep 0.02; done; echo over; exit 3'\r";

fn count(home: &Home) -> u64 {
    fs::read_to_string(home.path("count")).ok().and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}

fn counts_on(home: &Home) {
    let before = count(home);
    eventually("it counts", SOON, || (count(home) > before + 1).then_some(()));
}

/// The state of the process as the system tells it: `S`leeping, s`T`opped, …
fn state(home: &Home) -> char {
    let pid = fs::read_to_string(home.path("pid")).expect("its id");
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next()).unwrap_or('-')
}

fn stops(home: &Home) {
    eventually("the command is stopped", SOON, || (state(home) == 'T').then_some(()));
}

/// The job in the foreground has made the terminal its own.
fn has_the_keys(shell: &Terminal) {
    eventually("the keys are handed on", SOON, || (!shell.is_as_found()).then_some(()));
}

#[test]
fn a_job_stops_at_the_key_and_goes_on_in_the_foreground() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let mut shell = Terminal::shell(&home, (24, 80));
    shell.types(COUNTS);
    counts_on(&home);
    hub.the_job_is(JobState::Running);
    for _ in 0..3 {
        shell.types(STOP);
        shell.shows_anew("Stopped");
        shell.shows_anew("ready> ");
        stops(&home);
        // The shell has its terminal back.
        shell.types("echo $((6*7))\r");
        shell.shows_anew("42\r\nready> ");
        let at = count(&home);
        shell.types("fg\r");
        eventually("it counts again", SOON, || (count(&home) > at + 2).then_some(()));
    }
    fs::write(home.path("go"), "").unwrap();
    shell.shows_anew("over\r\n");
    shell.shows_anew("ready> ");
    shell.types("echo code $?\r");
    shell.shows_anew("code 3");
    assert_eq!(hub.the_job_is(JobState::Failed).exit_code, Some(3));
    assert!(shell.is_as_found());
}

#[test]
fn a_job_without_a_terminal_stops_and_goes_on_too() {
    let home = Home::new();
    let mut shell = Terminal::shell(&home, (24, 80));
    shell.types(&COUNTS.replace('\r', " > out 2>&1\r"));
    counts_on(&home);
    for _ in 0..3 {
        shell.types(STOP);
        shell.shows_anew("Stopped");
        shell.shows_anew("ready> ");
        stops(&home);
        let at = count(&home);
        shell.types("fg\r");
        eventually("it counts again", SOON, || (count(&home) > at + 2).then_some(()));
    }
    fs::write(home.path("go"), "").unwrap();
    shell.shows_anew("ready> ");
    shell.types("echo code $?\r");
    shell.shows_anew("code 3");
    assert_eq!(fs::read_to_string(home.path("out")).unwrap(), "over\n");
}

#[test]
fn a_stopped_job_goes_on_in_the_background() {
    let home = Home::new();
    let mut shell = Terminal::shell(&home, (24, 80));
    shell.types(COUNTS);
    counts_on(&home);
    shell.types(STOP);
    shell.shows_anew("Stopped");
    shell.shows_anew("ready> ");
    stops(&home);
    shell.types("bg\r");
    counts_on(&home);
    // What is typed goes to the shell.
    shell.types("echo $((6*7))\r");
    shell.shows_anew("42\r\nready> ");
    counts_on(&home);
    shell.types("fg\r");
    has_the_keys(&shell);
    shell.types(INTERRUPT);
    shell.shows_anew("ready> ");
    shell.types("echo code $?\r");
    shell.shows_anew("code 130");
}

#[test]
fn a_job_that_is_started_in_the_background_leaves_the_terminal_alone() {
    let home = Home::new();
    let mut shell = Terminal::shell(&home, (24, 80));
    shell.types(&COUNTS.replace('\r', " &\r"));
    counts_on(&home);
    shell.types("echo $((6*7))\r");
    shell.shows_anew("42\r\nready> ");
    shell.types("fg\r");
    has_the_keys(&shell);
    shell.types(STOP);
    shell.shows_anew("Stopped");
    shell.shows_anew("ready> ");
    stops(&home);
    shell.types("kill -CONT %1; kill %1; wait %1; echo code $?\r");
    shell.shows_anew("code 143");
}

#[test]
fn a_stopped_job_that_is_cancelled_ends() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let terminal = Terminal::start(&home, &["run", "--", "sh", "-c", "echo $$ > pid; echo ready; exec sleep 60"], (24, 80), None);
    terminal.program.says("ready");
    hub.the_job_is(JobState::Running);
    let pid = fs::read_to_string(home.path("pid")).unwrap().trim().parse().unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::STOP).unwrap();
    assert!(home.run(&["cancel", "--", &hub.jobs()[0].id.to_string()]).status.success());
    assert_eq!(terminal.end(), (Some(143), "ready\r\n".to_owned()));
    hub.the_job_is(JobState::Cancelled);
}

#[test]
fn a_server_that_is_left_in_the_background_of_a_terminal_goes_on() {
    let home = Home::new();
    let mut shell = Terminal::shell(&home, (24, 80));
    shell.types("doorbell run -- sh -c '(while [ ! -e go ]; do sleep 0.02; done; echo la''te; echo alive > seen) & exit 3'\r");
    shell.shows_anew("exit 3'\r\n");
    shell.shows_anew("ready> ");
    shell.types("echo code $?\r");
    shell.shows_anew("code 3");
    fs::write(home.path("go"), "").unwrap();
    shell.shows_anew("late");
    eventually("it goes on", SOON, || fs::read_to_string(home.path("seen")).ok().filter(|seen| !seen.is_empty()));
}

/// While the keys go to the command's own terminal, the script and the loop around it hear of the interrupt from us.
#[test]
fn the_interrupt_key_ends_the_loop_and_the_script_around_the_command() {
    let home = Home::new();
    let mut shell = Terminal::shell(&home, (24, 80));
    let commands = "for i in 1 2 3; do doorbell run -- sh -c 'echo up; exec sleep 60'; done";
    home.script("script", &format!("#!/bin/bash\n{commands}\necho over\n"));
    for command in [commands, "./script", "bash -c './script; echo over'"] {
        shell.types(&format!("{command}\r"));
        shell.shows_anew("up\r\n");
        has_the_keys(&shell);
        shell.types(INTERRUPT);
        shell.shows_anew("ready> ");
        shell.types("echo code $?\r");
        shell.shows_anew("code 130");
    }
    assert_eq!(shell.program.output().matches("up\r\n").count(), 3, "{}", shell.program.output());
    assert!(!shell.program.output().contains("over\r\n"));
}

#[test]
fn an_editor_edits_stops_resizes_and_quits() {
    let home = Home::new();
    let mut shell = Terminal::shell(&home, (24, 80));
    shell.types("doorbell run -- vi -u NONE -N file\r");
    shell.shows_anew("file");
    shell.types("ihello");
    shell.shows_anew("hello");
    // vi takes the byte for the escape key only when nothing follows at once: wait until it has.
    shell.types("\u{1b}");
    shell.shows_anew("\u{1b}[K");
    shell.types(":set lines?\r");
    shell.shows_anew("lines=24");
    shell.types(STOP);
    shell.shows_anew("Stopped");
    shell.shows_anew("ready> ");
    shell.types("echo $((6*7))\r");
    shell.shows_anew("42\r\nready> ");
    shell.types("fg\r");
    shell.shows_anew("hello");
    shell.resizes(30, 100);
    // The screen would not show it: vi draws only what has changed.
    eventually("its terminal has the new size", SOON, || {
        shell.types(":silent !stty size > size\r");
        (fs::read_to_string(home.path("size")).ok()? == "30 100\n").then_some(())
    });
    shell.types(":wq\r");
    shell.shows_anew("ready> ");
    assert_eq!(fs::read_to_string(home.path("file")).unwrap(), "hello\n");
    shell.types("echo code $?\r");
    shell.shows_anew("code 0");
}

#[test]
fn a_pager_pages_stops_and_quits() {
    let home = Home::new();
    let lines: String = (1..=500).map(|i| format!("line number {i}\n")).collect();
    fs::write(home.path("text"), lines).unwrap();
    let mut shell = Terminal::shell(&home, (24, 80));
    shell.types("doorbell run -- less text\r");
    shell.shows_anew("line number 23");
    shell.types("G");
    shell.shows_anew("line number 500");
    shell.types(STOP);
    shell.shows_anew("Stopped");
    shell.shows_anew("ready> ");
    shell.types("fg\r");
    shell.shows_anew("line number 500");
    // less reads this key itself: it drops what was typed before, and goes on.
    shell.types(INTERRUPT);
    let shown = shell.program.output().len();
    eventually("the first line", SOON, || {
        shell.types("g");
        shell.program.output()[shown..].contains("line number 1\r\n").then_some(())
    });
    shell.types("q");
    shell.shows_anew("ready> ");
}

#[test]
fn top_draws_itself_anew_and_quits() {
    let home = Home::new();
    let mut shell = Terminal::shell(&home, (24, 80));
    shell.types("doorbell run -- top -d 0.2\r");
    shell.shows_anew("load average");
    shell.shows_anew("load average");
    shell.resizes(12, 90);
    shell.shows_anew("load average");
    shell.types(STOP);
    shell.shows_anew("Stopped");
    shell.shows_anew("ready> ");
    shell.types("fg\r");
    shell.shows_anew("load average");
    shell.types("q");
    shell.shows_anew("ready> ");
}
