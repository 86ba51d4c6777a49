//! Signals reach the command once each, and the wrapper outlives it.

use std::{fs, os::unix::process::ExitStatusExt, process::Command};

use doorbell_protocol::JobState;
use doorbell_tests::{Home, Hub, Running, eventually, home::program, hub::SOON, shell_code, terminal::Terminal};
use rustix::process::Signal;

/// Counts what it gets in the file `got`, and ends on SIGUSR2. It waits in `wait`, which a signal ends at once: in a command
/// it would run its traps later, and two signals close together would count as one. The key may also end a sleeper that has
/// just been forked, so there is a new one when it has gone. Left behind by a failed test, it ends with the test's home.
const COUNTER: &str = r#"
sleep 60 & sleeper=$!
for s in HUP INT TERM USR1; do trap "echo $s >> got" $s; done
trap 'kill $sleeper; exit 7' USR2
echo ready
while test -e "$HOME"; do
    kill -0 $sleeper 2>/dev/null || { sleep 60 & sleeper=$!; }
    wait $sleeper
done"#;

fn got(home: &Home) -> String {
    fs::read_to_string(home.path("got")).unwrap_or_default()
}

fn waits_for(home: &Home, text: &str) {
    eventually(&format!("the command got {text:?}, not {:?}", got(home)), SOON, || (got(home) == text).then_some(()));
}

#[test]
fn a_signal_from_a_process_arrives_once() {
    let home = Home::new();
    let running = Running::start(&mut home.doorbell(&["run", "--", "sh", "-c", COUNTER]));
    running.says("ready");
    let mut expected = String::new();
    for (signal, name) in [(Signal::HUP, "HUP"), (Signal::INT, "INT"), (Signal::TERM, "TERM"), (Signal::USR1, "USR1"), (Signal::INT, "INT")]
    {
        running.signal(signal);
        expected.push_str(name);
        expected.push('\n');
        waits_for(&home, &expected);
    }
    running.signal(Signal::USR2);
    assert_eq!(running.end().0.code(), Some(7));
    assert_eq!(got(&home), expected);
}

#[test]
fn a_job_that_dies_of_being_told_to_stop_is_cancelled() {
    for (signal, code, reason) in
        [(Signal::TERM, 143, "stopped by SIGTERM"), (Signal::INT, 130, "stopped by SIGINT"), (Signal::HUP, 129, "stopped by SIGHUP")]
    {
        let home = Home::new();
        let hub = Hub::start(&home);
        let running = Running::start(&mut home.doorbell(&["run", "--", "sh", "-c", "echo ready; exec sleep 60"]));
        running.says("ready");
        running.signal(signal);
        assert_eq!(shell_code(running.end().0), Some(code));
        assert_eq!(hub.the_job_is(JobState::Cancelled).failure.as_deref(), Some(reason));
    }
}

#[test]
fn a_job_that_is_killed_by_somebody_else_has_failed() {
    let home = Home::new();
    let hub = Hub::start(&home);
    assert_eq!(home.run(&["run", "--", "sh", "-c", "kill -TERM $$"]).status.signal(), Some(15));
    assert_eq!(hub.the_job_is(JobState::Failed).failure.as_deref(), Some("killed by signal 15 (SIGTERM)"));
}

#[test]
fn what_our_parent_ignores_stays_ignored() {
    let home = Home::new();
    let mut nohup = Command::new("sh");
    home.live_in(
        nohup.arg("-c").arg(r#"trap "" HUP; exec "$0" run -- sh -c 'echo ready; while [ ! -e go ]; do sleep 0.02; done; echo survived'"#),
    );
    let running = Running::start(nohup.arg(program()));
    running.says("ready");
    running.signal(Signal::HUP);
    fs::write(home.path("go"), "").unwrap();
    let (status, output) = running.end();
    assert_eq!((status.code(), output.as_str()), (Some(0), "ready\nsurvived\n"));
}

#[test]
fn the_interrupt_key_reaches_a_command_in_a_pipe_once() {
    let home = Home::new();
    let out = fs::File::create(home.path("out")).unwrap();
    let mut terminal = Terminal::start(&home, &["run", "--", "sh", "-c", COUNTER], (24, 80), Some(out.into()));
    eventually("the command is ready", SOON, || fs::read_to_string(home.path("out")).ok()?.contains("ready").then_some(()));
    let mut expected = String::new();
    for _ in 0..10 {
        terminal.types("\u{3}");
        expected.push_str("INT\n");
        waits_for(&home, &expected);
    }
    terminal.program.signal(Signal::USR2);
    assert_eq!(terminal.end().0, Some(7));
    assert_eq!(got(&home), expected);
}

#[test]
fn the_interrupt_key_reaches_a_command_in_a_terminal_once() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["run", "--", "sh", "-c", COUNTER], (24, 80), None);
    terminal.program.says("ready");
    let mut expected = String::new();
    for _ in 0..10 {
        terminal.types("\u{3}");
        expected.push_str("INT\n");
        waits_for(&home, &expected);
    }
    terminal.program.signal(Signal::TERM);
    expected.push_str("TERM\n");
    waits_for(&home, &expected);
    terminal.program.signal(Signal::USR2);
    assert_eq!(terminal.end().0, Some(7));
    assert_eq!(got(&home), expected);
}

#[test]
fn a_job_that_dies_of_the_interrupt_key_is_cancelled() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let mut terminal = Terminal::start(&home, &["run", "--", "sh", "-c", "echo ready; exec sleep 60"], (24, 80), None);
    terminal.program.says("ready");
    terminal.types("\u{3}");
    assert_eq!(terminal.end().0, Some(130));
    assert_eq!(hub.the_job_is(JobState::Cancelled).failure.as_deref(), Some("stopped by SIGINT"));
}

/// With each signal once: through pipes and in a terminal, to a command that dies of it, catches it, or ignores it.
#[test]
fn every_signal_means_to_the_command_what_it_means_without_doorbell() {
    let signals = [
        (Signal::HUP, "HUP", 129),
        (Signal::INT, "INT", 130),
        (Signal::QUIT, "QUIT", 131),
        (Signal::TERM, "TERM", 143),
        (Signal::USR1, "USR1", 138),
        (Signal::USR2, "USR2", 140),
        (Signal::ALARM, "ALRM", 142),
        (Signal::VTALARM, "VTALRM", 154),
        (Signal::PROF, "PROF", 155),
    ];
    std::thread::scope(|scope| {
        for (signal, name, code) in signals {
            scope.spawn(move || {
                for in_terminal in [Where::Pipe, Where::Terminal] {
                    assert_eq!(
                        end_of(in_terminal, "ulimit -c 0; echo ready; exec sleep 60", signal),
                        code,
                        "{name} kills in a {in_terminal:?}"
                    );
                    let catches = format!("trap 'exit 7' {name}; echo ready; while test -e \"$HOME\"; do sleep 0.02; done");
                    assert_eq!(end_of(in_terminal, &catches, signal), 7, "{name} is caught in a {in_terminal:?}");
                    let ignores = format!("trap '' {name}; echo ready; while [ ! -e go ]; do sleep 0.02; done; exit 5");
                    assert_eq!(end_of(in_terminal, &ignores, signal), 5, "{name} is ignored in a {in_terminal:?}");
                }
            });
        }
    });
}

#[derive(Clone, Copy, Debug)]
enum Where {
    Pipe,
    Terminal,
}

/// The exit code of a script that gets `signal` when it is ready, and finds the file `go` a little later.
fn end_of(place: Where, script: &str, signal: Signal) -> i32 {
    let home = Home::new();
    let args = ["run", "--", "sh", "-c", script];
    let code = match place {
        Where::Pipe => {
            let running = Running::start(&mut home.doorbell(&args));
            running.says("ready");
            running.signal(signal);
            fs::write(home.path("go"), "").expect("the file");
            shell_code(running.end().0)
        }
        Where::Terminal => {
            let terminal = Terminal::start(&home, &args, (24, 80), None);
            terminal.program.says("ready");
            terminal.program.signal(signal);
            fs::write(home.path("go"), "").expect("the file");
            terminal.end().0
        }
    };
    code.expect("an exit code")
}
