//! What a command prints becomes its job's log, without its secrets, and costs the command nothing.

use std::{fs, net::TcpListener};

use doorbell_protocol::{Job, JobState};
use doorbell_tests::{Home, Hub, Running, eventually, hub::SOON};

fn log(hub: &Hub, job: &Job) -> String {
    let log = hub.ask(async |client| client.log(job.id, None).await).expect("its log");
    let bytes: Vec<u8> = log.parts.into_iter().flat_map(|part| part.bytes.0).collect();
    String::from_utf8(bytes).expect("text")
}

#[test]
fn what_a_command_prints_is_its_log() {
    let home = Home::new();
    let hub = Hub::start(&home);
    assert!(home.run(&["run", "--", "sh", "-c", "echo one; echo two >&2; printf three"]).status.success());
    let job = hub.the_job_is(JobState::Succeeded);
    let log = log(&hub, &job);
    assert_eq!(log.len(), "one\ntwo\nthree".len());
    assert!(["one\n", "two\n", "three"].iter().all(|part| log.contains(part)), "{log}");
}

#[test]
fn the_log_grows_while_the_command_runs() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let script = "for i in 1 2 3; do echo part $i; while [ ! -e go$i ]; do sleep 0.02; done; done";
    let running = Running::start(&mut home.doorbell(&["run", "--", "sh", "-c", script]));
    let job = hub.the_job_is(JobState::Running);
    for i in 1..=3 {
        let expected: String = (1..=i).map(|i| format!("part {i}\n")).collect();
        eventually(&format!("part {i}"), SOON, || (log(&hub, &job) == expected).then_some(()));
        fs::write(home.path(format!("go{i}")), "").unwrap();
    }
    assert!(running.end().0.success());
}

#[test]
fn a_claimed_job_has_a_log_too() {
    let home = Home::new();
    let hub = Hub::start(&home);
    assert!(home.run(&["test-job", "--duration", "400ms"]).status.success());
    let job = hub.the_job_is(JobState::Succeeded);
    assert_eq!(log(&hub, &job).lines().count(), 8);
}

#[test]
fn of_long_output_the_hub_gets_the_beginning_or_a_note_and_the_end() {
    let home = Home::new();
    let hub = Hub::start(&home);
    assert!(home.run(&["run", "--", "sh", "-c", "seq 200000; echo the end"]).status.success());
    let job = hub.the_job_is(JobState::Succeeded);
    let log = log(&hub, &job);
    assert!(log.ends_with("\n199999\n200000\nthe end\n"), "{}", &log[log.len() - 60..]);
    assert!(log.starts_with("1\n2\n3\n") || log.contains("[output was left out here]"));
}

#[test]
fn secrets_stay_here() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let secret = "hunter2hunter2";
    // The secret is everywhere: cut in two by a pause, in the progress, in the last words, in the command
    // line and in the name. Beside it stands another one.
    let script = format!(
        "printf 'a hunter2h'; sleep 0.2; echo 'unter2 b'; echo \"[1/2] at $MY_PASSWORD\"; echo pin 4711-0815; echo 'cannot use {secret}' >&2; exit 1"
    );
    let args = ["run", "--name", &format!("log in with {secret}"), "--redact", r"re:\d{4}-\d{4}", "--", "sh", "-c", &script];
    let output = home.doorbell(&args).env("MY_PASSWORD", secret).output().unwrap();
    // What the command itself wrote is unchanged.
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(stdout, format!("a {secret} b\n[1/2] at {secret}\npin 4711-0815\n"));
    let job = hub.the_job_is(JobState::Failed);
    assert_eq!(job.failure.as_deref(), Some("cannot use [redacted] · exit 1"));
    assert_eq!(job.name, "log in with [redacted]");
    let log = log(&hub, &job);
    // Standard output and standard error are two pipes, so the order of their lines is open.
    assert!(["a [redacted] b\n", "[1/2] at [redacted]\n", "pin [redacted]\n"].iter().all(|part| log.contains(part)), "{log}");
    let all = format!("{job:?}{log}");
    assert!(!all.contains(secret) && !all.contains("4711-0815"), "{all}");
}

#[test]
fn nothing_that_is_printed_leaves_when_it_must_not() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let script = "echo '[3/8] private'; while [ ! -e go ]; do sleep 0.02; done; echo private >&2; exit 1";
    let running = Running::start(&mut home.doorbell(&["run", "--no-output", "--name", "quiet", "--", "sh", "-c", script]));
    let progress = eventually("figures", SOON, || hub.running().first()?.progress.clone());
    assert_eq!((progress.done, progress.message), (Some(3), None));
    fs::write(home.path("go"), "").unwrap();
    assert_eq!(running.end().0.code(), Some(1));
    let job = hub.the_job_is(JobState::Failed);
    assert_eq!((job.failure.as_deref(), log(&hub, &job).as_str()), (Some("exit code 1"), ""));
}

#[test]
fn the_last_output_of_an_outage_comes_with_its_end() {
    let home = Home::new();
    assert_eq!(home.run(&["run", "--", "sh", "-c", "seq 20000; exit 1"]).status.code(), Some(1));
    let hub = Hub::start(&home);
    let job = hub.the_job_is(JobState::Failed);
    let log = log(&hub, &job);
    assert!(log.starts_with("\n[output was left out here]\n") && log.len() <= 32 * 1024, "{} bytes", log.len());
    assert!(log.ends_with("\n20000\n"));
}

#[test]
fn a_deaf_hub_does_not_slow_a_command_that_prints_much() {
    let home = Home::new();
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", deaf.local_addr().unwrap());
    let mut command = home.doorbell(&["run", "--", "sh", "-c", "head -c 100000000 /dev/zero; touch done; sleep 60"]);
    let running = Running::start(command.env("DOORBELL_URL", url).env("DOORBELL_TOKEN", "x"));
    eventually("all is printed", SOON, || home.path("done").exists().then_some(()));
    // The hub takes nothing, so all of it waits in this process, up to a bound.
    let kilobytes = eventually("its size", SOON, || {
        let status = fs::read_to_string(format!("/proc/{}/status", running.pid())).ok()?;
        status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix(" kB")?.parse::<u64>().ok()
    });
    assert!(kilobytes < 40_000, "{kilobytes} KiB");
}
