//! A command in a terminal has a terminal like ours, and ours is given back as it was found.

use doorbell_protocol::JobState;
use doorbell_tests::{Home, Hub, eventually, hub::SOON, terminal::Terminal};
use rustix::process::Signal;

#[test]
fn all_three_streams_are_a_terminal_of_our_size() {
    let home = Home::new();
    let script = "for fd in 0 1 2; do test -t $fd && echo fd $fd; done; stty size; test -c /dev/tty && (: < /dev/tty) && echo controlled";
    let (code, output) = Terminal::start(&home, &["run", "--", "sh", "-c", script], (33, 111), None).end();
    assert_eq!((code, output.as_str()), (Some(0), "fd 0\r\nfd 1\r\nfd 2\r\n33 111\r\ncontrolled\r\n"));
}

#[test]
fn what_is_logged_may_go_to_a_terminal() {
    let home = Home::new();
    let mut run = std::process::Command::new(doorbell_tests::home::program());
    run.args(["run", "--", "echo", "said"]).env("DOORBELL_LOG", "trace");
    let (code, output) = Terminal::start_as(&home, run, (24, 200), None).end();
    assert_eq!(code, Some(0), "{output}");
    assert!(output.contains("said\r\n") && output.contains("DEBUG") && !output.contains("ansi"), "{output}");
    let mut hub = std::process::Command::new(doorbell_tests::home::program());
    hub.args(["hub", "--listen", "127.0.0.1:0"]).env("DOORBELL_LOG", "debug");
    let terminal = Terminal::start_as(&home, hub, (24, 200), None);
    terminal.program.says("DEBUG");
    assert!(!terminal.program.output().contains("ansi"), "{}", terminal.program.output());
    terminal.program.signal(Signal::TERM);
    assert_eq!(terminal.end().0, Some(0));
}

#[test]
fn a_terminal_without_a_size_gets_the_usual_one() {
    let home = Home::new();
    let (_, output) = Terminal::start(&home, &["run", "stty", "size"], (0, 0), None).end();
    assert_eq!(output, "24 80\r\n");
}

#[test]
fn the_command_learns_of_a_new_size() {
    let home = Home::new();
    let script = "trap 'stty size' WINCH; echo ready; while [ ! -e go ]; do sleep 0.02; done";
    let terminal = Terminal::start(&home, &["run", "--", "sh", "-c", script], (24, 80), None);
    terminal.program.says("ready");
    terminal.resizes(50, 132);
    terminal.program.says("50 132");
    std::fs::write(home.path("go"), "").unwrap();
    assert_eq!(terminal.end().0, Some(0));
}

#[test]
fn what_is_typed_reaches_the_command_and_is_echoed_once() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["run", "--", "sh", "-c", "echo ready; read word; echo got $word"], (24, 80), None);
    terminal.program.says("ready");
    // Before the terminal is raw its own echo would show the keys a second time.
    eventually("the keys are handed on", SOON, || (!terminal.is_as_found()).then_some(()));
    terminal.types("hello\r");
    assert_eq!(terminal.end(), (Some(0), "ready\r\nhello\r\ngot hello\r\n".to_owned()));
}

#[test]
fn the_terminal_is_given_back_whatever_ends_the_command() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let home = Home::new();
        let terminal = Terminal::start(&home, &["run", "--", "sh", "-c", "echo ready; exec sleep 60"], (24, 80), None);
        terminal.program.says("ready");
        eventually("the terminal is raw", SOON, || (!terminal.is_as_found()).then_some(()));
        terminal.program.signal(signal);
        // `end` asserts that the terminal is as it was found.
        assert_eq!(terminal.end().0, Some(code));
    }
}

#[test]
fn a_pipe_next_to_a_terminal_stays_a_pipe() {
    let home = Home::new();
    let file = std::fs::File::create(home.path("out")).unwrap();
    let script = "for fd in 0 1 2; do test -t $fd && echo fd $fd; done; echo 'to the terminal' >&2; stty size <&2";
    let (code, shown) = Terminal::start(&home, &["run", "--", "sh", "-c", script], (33, 111), Some(file.into())).end();
    assert_eq!((code, shown.as_str()), (Some(0), "to the terminal\r\n"));
    assert_eq!(std::fs::read_to_string(home.path("out")).unwrap(), "fd 0\nfd 2\n33 111\n");
}

#[test]
fn a_thousand_lines_before_the_end_are_all_shown() {
    let home = Home::new();
    let (_, output) = Terminal::start(&home, &["run", "seq", "5000"], (24, 80), None).end();
    let expected: String = (1..=5000).map(|i| format!("{i}\r\n")).collect();
    assert!(output == expected, "{} bytes in place of {}", output.len(), expected.len());
}

#[test]
fn progress_on_a_terminal_is_seen() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let script = r#"printf '\033]9;4;1;45\033\\'; echo; while [ ! -e go ]; do sleep 0.02; done"#;
    let terminal = Terminal::start(&home, &["run", "--", "sh", "-c", script], (24, 80), None);
    eventually("45 %", SOON, || (hub.running().first()?.progress.as_ref()?.fraction? == 0.45).then_some(()));
    std::fs::write(home.path("go"), "").unwrap();
    assert_eq!(terminal.end().0, Some(0));
    hub.the_job_is(JobState::Succeeded);
}
