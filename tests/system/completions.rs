//! What real shells complete.

use std::process::{Command, Stdio};

use doorbell_tests::{Home, Hub};

use crate::shells::shell;

fn stdout(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("the shell starts");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What bash offers for a line whose last word is being typed.
fn bash(home: &Home, words: &[&str]) -> String {
    let line = words.join(" ");
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let script = format!(
        r#"source <(doorbell completions bash)
        COMP_LINE='{line}'; COMP_POINT={}; COMP_WORDS=({}); COMP_CWORD={}; COMP_TYPE=9
        complete=$(complete -p doorbell); f=${{complete##*-F }}; "${{f%% *}}" doorbell "${{COMP_WORDS[COMP_CWORD]}}" ''
        printf '%s\n' "${{COMPREPLY[@]}}""#,
        line.len(),
        quoted.join(" "),
        words.len() - 1
    );
    stdout(&mut shell(home, "bash", &["--norc", "-c", &script]))
}

fn fish(home: &Home, line: &str) -> String {
    let script = format!("doorbell completions fish | source; complete --do-complete '{line}'");
    stdout(&mut shell(home, "fish", &["--no-config", "-c", &script]))
}

/// What zsh offers, heard by standing in for the function that shows candidates.
fn zsh(home: &Home, words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let script = format!(
        r#"compdef() {{ :; }}; source <(doorbell completions zsh)
        _describe() {{ local name=$3; print -l -- ${{(P)name}}; }}
        words=({}); CURRENT={}; _clap_dynamic_completer_doorbell"#,
        quoted.join(" "),
        words.len()
    );
    stdout(&mut shell(home, "zsh", &["-f", "-c", &script]))
}

#[test]
fn bash_zsh_and_fish_complete_verbs_options_and_jobs() {
    let home = Home::new();
    let _hub = Hub::start(&home);
    assert!(home.run(&["add", "--at", "1h", "--name", "nightly ingest", "true"]).status.success());
    for (words, offered) in [
        (["doorbell", "scheduled"].as_slice(), None),
        (&["doorbell", "sched"], Some("schedule")),
        (&["doorbell", "add", "--prio"], Some("--priority")),
        (&["doorbell", "cancel", "nigh"], Some("nightly-ingest")),
        (&["doorbell", "schedule", "pau"], Some("pause")),
    ] {
        let all = [("bash", bash(&home, words)), ("zsh", zsh(&home, words)), ("fish", fish(&home, &words.join(" ")))];
        for (shell, answer) in all {
            match offered {
                Some(offered) => assert!(answer.contains(offered), "{shell} {words:?}: {answer:?}"),
                None => assert!(!answer.contains("schedule"), "{shell} {words:?}: {answer:?}"),
            }
        }
    }
}

#[test]
fn completion_is_silent_without_a_hub() {
    let home = Home::new();
    assert_eq!(bash(&home, &["doorbell", "cancel", "x"]).trim(), "");
    assert_eq!(fish(&home, "doorbell cancel x").trim(), "");
}
