//! What real shells complete.

use std::process::{Command, Stdio};

use doorbell_tests::{
    Home, Hub,
    wire::{
        script::{self, Step},
        server::{FaultServer, TOKEN},
    },
};
use serde_json::json;

use crate::shells::shell;

fn stdout(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("the shell starts");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What bash offers for a line whose last word is being typed.
fn bash(home: &Home, words: &[&str], first: &str) -> String {
    let line = words.join(" ");
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let script = format!(
        r#"{first}; source <(doorbell completions bash)
        COMP_LINE='{line}'; COMP_POINT={}; COMP_WORDS=({}); COMP_CWORD={}; COMP_TYPE=9
        complete=$(complete -p doorbell); f=${{complete##*-F }}; "${{f%% *}}" doorbell "${{COMP_WORDS[COMP_CWORD]}}" ''
        printf '%s\n' "${{COMPREPLY[@]}}""#,
        line.len(),
        quoted.join(" "),
        words.len() - 1
    );
    stdout(&mut shell(home, "bash", &["--norc", "-c", &script]))
}

fn fish(home: &Home, line: &str, first: &str) -> String {
    let script = format!("{first}; doorbell completions fish | source; complete --do-complete '{line}'");
    stdout(&mut shell(home, "fish", &["--no-config", "-c", &script]))
}

/// What zsh offers, heard by standing in for the function that shows candidates.
fn zsh(home: &Home, words: &[&str], first: &str) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let script = format!(
        r#"{first}; compdef() {{ :; }}; source <(doorbell completions zsh)
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
        let all =
            [("bash", bash(&home, words, "true")), ("zsh", zsh(&home, words, "true")), ("fish", fish(&home, &words.join(" "), "true"))];
        for (shell, answer) in all {
            match offered {
                Some(offered) => assert!(answer.contains(offered), "{shell} {words:?}: {answer:?}"),
                None => assert!(!answer.contains("schedule"), "{shell} {words:?}: {answer:?}"),
            }
        }
    }
}

/// A hub takes no such key, but one that is older did.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_word_is_completed_by_its_id_and_runs_nothing() {
    let home = Home::new();
    let evil = ["x;touch${IFS}owned;", "x$(touch owned)", "x`touch owned`", "x\ntouch owned", "*", "--all", "=ls", "x y"];
    let named = |n: usize, evil: &str| {
        let id = format!("0192f0c1-7a3b-7c4d-8e5f-0000000000a{n}");
        json!({"id": id, "key": evil, "name": evil, "state": "running", "attempt": 1, "created_at": "2026-11-21T10:00:00.000Z"})
    };
    let jobs: Vec<_> = evil.iter().enumerate().map(|(n, evil)| named(n, evil)).chain([named(9, "@scope/pkg:x+1")]).collect();
    let running =
        json!({"epoch": "00f3a1b2c4d5e6f7", "jobs": jobs, "now": "2026-11-21T10:00:00.000Z", "counts": {"running": jobs.len()}, "seq": 1})
            .to_string();
    let server = FaultServer::start(move |request, _| {
        let body = if request.path.contains("state=running") { running.as_str() } else { r#"{"jobs":[]}"# };
        vec![Step::Send(script::answer("200 OK", "Content-Type: application/json\r\n", body))]
    })
    .await;
    std::fs::write(home.path("hub.sh"), format!("export DOORBELL_URL={} DOORBELL_TOKEN={TOKEN}\n", server.url())).expect("a file");
    let there = |shell: &str| format!(". ./hub.sh; {shell}");
    for typed in ["", "x", "@", "0", "-", "="] {
        let words = ["doorbell", "cancel", typed];
        let answers = [
            ("bash", bash(&home, &words, &there("true"))),
            ("zsh", zsh(&home, &words, &there("true"))),
            (
                "fish",
                fish(&home, &words.join(" "), "set -x DOORBELL_URL (string match -r 'http[^ ]*' <hub.sh); set -x DOORBELL_TOKEN a-secret"),
            ),
        ];
        for (shell, answer) in answers {
            for line in answer.lines() {
                // Behind it stands what is shown beside it.
                let value = line.split(['\t']).next().unwrap_or_default();
                let value = if shell == "zsh" { value.split_once(":running").map_or(value, |(value, _)| value) } else { value };
                let value = value.replace("\\:", ":");
                let is_option = value.starts_with('-') && value != "--all";
                assert!(value.is_empty() || doorbell_protocol::text::is_word(&value) || is_option, "{shell} {typed:?}: {answer:?}");
            }
            assert!(typed != "@" || answer.contains("@scope/pkg"), "{shell}: {answer:?}");
            assert!(typed != "0" || answer.contains("0000a0"), "{shell}: {answer:?}");
        }
    }
    assert!(!home.path("owned").exists());
    assert!(server.seen().polls > 0);
}

#[test]
fn completion_is_silent_without_a_hub() {
    let home = Home::new();
    assert_eq!(bash(&home, &["doorbell", "cancel", "x"], "true").trim(), "");
    assert_eq!(fish(&home, "doorbell cancel x", "true").trim(), "");
}
