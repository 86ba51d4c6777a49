//! `add`, `retry`, `rm` and `log`: commands that go through the queue, as people type them.

use std::{
    collections::BTreeMap,
    fs,
    process::{Command, Output},
};

use doorbell_protocol::{
    Job, JobState,
    jobs::{NewJob, Task},
};
use doorbell_tests::{Home, Hub, Running, eventually, hub::SOON};

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Queues by `doorbell add -q` and gives the id.
fn add(home: &Home, args: &[&str]) -> String {
    stdout(&home.run(&[&["add", "-q"], args].concat())).trim().to_owned()
}

fn job(hub: &Hub, id: &str) -> Job {
    hub.ask(async |client| client.job(id.parse().expect("an id")).await).expect("the job")
}

fn becomes(hub: &Hub, id: &str, state: JobState) -> Job {
    eventually(&format!("{id} is {}", state.as_str()), SOON, || Some(job(hub, id)).filter(|job| job.state == state))
}

#[test]
fn a_queued_command_runs_in_the_folder_and_with_the_search_path_of_its_shell() {
    let home = Home::new();
    let hub = Hub::start(&home);
    home.script("here/bin/greet", "#!/bin/sh\necho \"hello $WHO from $(pwd)\"\n");
    let path = format!("{}:{}", home.path("here/bin").display(), std::env::var("PATH").unwrap());
    let mut command = home.doorbell(&["add", "--env", "WHO=you", "--label", "team=search", "--", "sh", "-c", "greet > seen"]);
    let output = command.current_dir(home.path("here")).env("PATH", path).output().unwrap();
    assert!(stdout(&output).starts_with("Queued sh -c 'greet > seen' ("), "{output:?}");
    let job = hub.the_job_is(JobState::Succeeded);
    assert_eq!((job.labels["team"].as_str(), job.origin.unwrap().command.len()), ("search", 3));
    let seen = fs::read_to_string(home.path("here/seen")).unwrap();
    assert!(seen.starts_with("hello you from ") && seen.ends_with("/here\n"), "{seen}");
}

#[test]
fn a_queued_command_has_the_umask_and_the_limits_of_its_shell_and_knows_its_own_folder() {
    let home = Home::new();
    // As a service manager might start it.
    let mut hub = Command::new("sh");
    hub.args(["-c", "umask 077; ulimit -S -n 4096; PWD=/nowhere OLDPWD=/before exec \"$0\" \"$@\""]).arg(doorbell_tests::home::program());
    home.live_in(hub.args(["hub", "--listen", "127.0.0.1:0"]));
    let hub = Hub::start_as(&home, &mut hub);
    std::fs::create_dir_all(home.path("here")).unwrap();
    let said = "umask; ulimit -S -n; ulimit -S -c; ulimit -S -v; echo $PWD $OLDPWD; touch made; stat -c %a made";
    let queued = |limits: &str, args: &str| {
        let mut shell = Command::new("sh");
        let line = format!("{limits}; exec \"$0\" add -q {args} -- sh -c '{said}'");
        home.live_in(shell.args(["-c", &line]).arg(doorbell_tests::home::program()));
        let id = stdout(&shell.current_dir(home.path("here")).output().unwrap()).trim().to_owned();
        becomes(&hub, &id, JobState::Succeeded);
        stdout(&home.run(&["log", &id]))
    };
    let here = home.path("here").canonicalize().unwrap();
    let own = queued("umask 027; ulimit -S -n 256; ulimit -S -c 0; ulimit -S -v 8000000", "");
    assert_eq!(own, format!("0027\n256\n0\n8000000\n{}\n640\n", here.display()));
    let command = ["sh", "-c", said].map(str::to_owned).to_vec();
    let bare = NewJob { name: "bare".to_owned(), task: Task { command, ..Task::default() }, ..NewJob::default() };
    let id = hub.ask(async |client| client.create_job(&bare).await).unwrap().job.id.to_string();
    becomes(&hub, &id, JobState::Succeeded);
    let hubs = stdout(&home.run(&["log", &id]));
    assert!(
        hubs.starts_with("0077\n4096\n")
            && hubs.ends_with(&format!("{}\n600\n", home.path("").display().to_string().trim_end_matches('/'))),
        "{hubs}"
    );
}

#[test]
fn jobs_run_after_one_another_and_not_when_one_fails() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let first = add(&home, &["--name", "build", "sh", "-c", "while [ ! -e go ]; do sleep 0.02; done; echo build >> order"]);
    let second = add(&home, &["--after", "build", "--name", "test", "sh", "-c", "echo test >> order; exit 1"]);
    let third = add(&home, &["--after", &second[second.len() - 6..], "--after", &first, "--name", "deploy", "true"]);
    assert_eq!(job(&hub, &second).state, JobState::Queued);
    fs::write(home.path("go"), "").unwrap();
    assert!(becomes(&hub, &third, JobState::Cancelled).failure.unwrap().contains("test"));
    assert_eq!(fs::read_to_string(home.path("order")).unwrap(), "build\ntest\n");
    let output = home.run(&["add", "--after", "nothing", "true"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("No job is called \"nothing\""), "{output:?}");
}

#[test]
fn a_job_waits_for_its_time_its_host_and_its_turn() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let later = add(&home, &["--at", "1h", "--name", "later", "true"]);
    let output = home.run(&["add", "-q", "--host", "no-such-host", "--name", "elsewhere", "true"]);
    assert!(stderr(&output).starts_with("doorbell: No worker on a host or with the name \"no-such-host\" is there."), "{output:?}");
    let elsewhere = stdout(&output).trim().to_owned();
    let here = add(&home, &["--host", rustix::system::uname().nodename().to_str().unwrap(), "true"]);
    becomes(&hub, &here, JobState::Succeeded);
    assert_eq!((job(&hub, &later).state, job(&hub, &elsewhere).state), (JobState::Queued, JobState::Queued));
    let text = stdout(&home.run(&["ls"]));
    assert!(text.contains("later") && text.contains("not before ") && text.contains("for no-such-host"), "{text}");
    let order = "while [ ! -e go ]; do sleep 0.02; done";
    for n in 1..=2 {
        add(&home, &["--name", &format!("fills slot {n}"), "sh", "-c", order]);
    }
    eventually("the slots are full", SOON, || (hub.stats().counts.running == 2).then_some(()));
    let low = add(&home, &["--priority", "-1", "sh", "-c", "echo low >> turns"]);
    let high = add(&home, &["--priority", "5", "sh", "-c", "echo high >> turns"]);
    assert!(home.run(&["cancel", "fills slot 1"]).status.success());
    becomes(&hub, &low, JobState::Succeeded);
    assert_eq!(job(&hub, &high).priority, 5);
    assert_eq!(fs::read_to_string(home.path("turns")).unwrap(), "high\nlow\n");
    fs::write(home.path("go"), "").unwrap();
}

#[test]
fn a_job_is_run_again_by_itself_and_by_hand_and_can_be_forgotten() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let id = add(&home, &["--retries", "2", "--name", "flaky", "sh", "-c", "echo x >> runs; [ $(wc -l < runs) -ge 3 ]"]);
    let last = eventually("the third attempt", SOON, || hub.jobs().into_iter().find(|job| job.state == JobState::Succeeded));
    assert_eq!((last.attempt, last.attempts), (3, 3));
    let again = stdout(&home.run(&["retry", "-q", "flaky"]));
    assert_eq!(becomes(&hub, again.trim(), JobState::Succeeded).retry_of, Some(last.id));
    assert_eq!(stdout(&home.run(&["rm", &id])), format!("Forgot flaky ({id}).\n"));
    let output = home.run(&["show", &id]);
    assert_eq!((output.status.code(), stderr(&output)), (Some(1), format!("doorbell: there is no job {id}\n")));
    home.run(&["run", "--name", "by hand", "true"]);
    let output = home.run(&["retry", "by hand"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).starts_with("doorbell: cannot"), "{output:?}");
}

#[test]
fn several_jobs_are_cancelled_retried_shown_and_forgotten_at_once() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let ids = ["one", "two"].map(|name| add(&home, &["--at", "1h", "--name", name, "true"]));
    let output = home.run(&["cancel", "one", "nothing", "two"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(ids.iter().all(|id| job(&hub, id).state == JobState::Queued), "one that is not found holds back all");
    assert_eq!(stdout(&home.run(&["cancel", "one", "two", &ids[0]])), "Cancelled one.\nCancelled two.\n");
    let done = add(&home, &["--name", "done", "true"]);
    becomes(&hub, &done, JobState::Succeeded);
    let output = home.run(&["cancel", &done, &ids[1]]);
    assert_eq!(stderr(&output), format!("doorbell: {done}: cannot cancel a job that is succeeded\n"));
    assert_eq!((output.status.code(), &*output.stdout), (Some(1), &b"Cancelled two.\n"[..]));
    let again = stdout(&home.run(&["retry", "-q", "one", "two"]));
    assert!(again.lines().all(|id| ids.contains(&job(&hub, id).retry_of.unwrap().to_string())), "{again}");
    let cards = stdout(&home.run(&["show", "one", "two"]));
    assert!(cards.starts_with("one  ") && cards.contains("\n\ntwo  "), "{cards}");
    let shown = stdout(&home.run(&["show", "--json", &ids[0], &ids[1]]));
    assert_eq!(shown.lines().count(), 2);
    assert_eq!(stdout(&home.run(&["rm", &ids[0], &ids[1]])), format!("Forgot one ({}).\nForgot two ({}).\n", ids[0], ids[1]));
}

#[test]
fn logs_of_several_jobs_are_shown_under_their_names() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let ids = [("one", "printf first"), ("two", "echo second")].map(|(name, script)| add(&home, &["--name", name, "sh", "-c", script]));
    for id in &ids {
        becomes(&hub, id, JobState::Succeeded);
    }
    assert_eq!(stdout(&home.run(&["log", "one", "two", "one"])), "==> one <==\nfirst\n\n==> two <==\nsecond\n");
    assert_eq!(stdout(&home.run(&["log", "--json", "one", "two"])).lines().count(), 2);
    let followed = ["slow", "slower"].map(|name| {
        add(
            &home,
            &["--name", name, "sh", "-c", &format!("echo {name} begins; while [ ! -e {name} ]; do sleep 0.02; done; echo {name} ends")],
        )
    });
    let mut log = Running::start(&mut home.doorbell(&["log", "-f", "slow", "slower"]));
    log.says("slower begins\n");
    fs::write(home.path("slow"), "").unwrap();
    log.says("slow ends\n");
    fs::write(home.path("slower"), "").unwrap();
    assert!(log.wait().success());
    let output = log.output();
    let mut shown = BTreeMap::<_, String>::new();
    let mut name = "";
    for line in output.lines().filter(|line| !line.is_empty()) {
        match line.strip_prefix("==> ").and_then(|line| line.strip_suffix(" <==")) {
            Some(next) => name = next,
            None => shown.entry(name).or_default().push_str(line),
        }
    }
    assert_eq!(shown, BTreeMap::from([("slow", "slow beginsslow ends".to_owned()), ("slower", "slower beginsslower ends".to_owned())]));
    for id in followed {
        becomes(&hub, &id, JobState::Succeeded);
    }
}

#[test]
fn what_is_refused_names_what_was_typed() {
    let home = Home::new();
    let _hub = Hub::start(&home);
    let many: Vec<String> = (0..1_001).map(|n| n.to_string()).collect();
    let many: Vec<&str> = ["add", "true"].into_iter().chain(many.iter().map(String::as_str)).collect();
    let long = "x".repeat(70_000);
    for (args, said) in [
        (&many[..], "doorbell: the command: must have at most 1000 arguments; a script takes more\n"),
        (&["add", "echo", &long], "doorbell: this is more than a hub takes at once ("),
        (&["schedule", "add", "x", "true"], "doorbell: the fire times: write minute, hour, "),
        (&["schedule", "add", "* * * * *", "--timezone", "Mars/Olympus", "true"], "doorbell: --timezone: use a name of the IANA"),
    ] {
        let output = home.run(args);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).starts_with(said), "{}", stderr(&output));
    }
}

#[test]
fn no_digit_names_a_job_by_the_date_in_its_id() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let id = add(&home, &["--at", "1h", "--name", "tonight", "true"]);
    for part in [&id[..1], &id[..12], &id[id.len() - 3..]] {
        let output = home.run(&["cancel", part]);
        assert!(stderr(&output).starts_with("doorbell: No running or queued job is called"), "{part}: {output:?}");
    }
    assert_eq!(job(&hub, &id).state, JobState::Queued);
    assert!(home.run(&["cancel", &id[..13]]).status.success());
    assert_eq!(job(&hub, &id).state, JobState::Cancelled);
}

#[test]
fn what_a_name_means_is_the_unfinished_run_else_the_newest_of_one_key() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let first = add(&home, &["--name", "ingest", "true"]);
    becomes(&hub, &first, JobState::Succeeded);
    let second = add(&home, &["--name", "ingest", "true"]);
    becomes(&hub, &second, JobState::Succeeded);
    assert!(stdout(&home.run(&["show", "ingest"])).contains(&second));
    assert!(stdout(&home.run(&["show", &first[first.len() - 8..]])).contains(&first));
    assert!(stdout(&home.run(&["show", &first[..20].to_uppercase()])).contains(&first));
    let running = add(&home, &["--name", "ingest", "sleep", "60"]);
    becomes(&hub, &running, JobState::Running);
    assert!(stdout(&home.run(&["show", "ingest"])).contains(&running));
    let other = add(&home, &["--name", "ingest", "--key", "other", "sleep", "60"]);
    let output = home.run(&["show", "ingest"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).starts_with("doorbell: 2 jobs fit \"ingest\". Use the id of one:\n"), "{output:?}");
    for id in [running, other] {
        assert!(stderr(&output).contains(&id), "{output:?}");
        assert!(home.run(&["cancel", "-q", &id]).status.success());
    }
    eventually("both are over", SOON, || (hub.stats().counts.running == 0).then_some(()));
    let output = home.run(&["show", "ingest"]);
    assert!(stderr(&output).starts_with("doorbell: 2 jobs fit"), "{output:?}");
}

#[test]
fn a_log_is_shown_and_followed_as_it_was_written() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let (id, fence) = hub
        .ask(async |client| {
            let new = doorbell_protocol::jobs::NewJob { name: "talks".to_owned(), start: true, ..Default::default() };
            let created = client.create_job(&new).await?;
            let fence = created.lease.expect("a lease").fence;
            client.append_log(created.job.id, fence, 0, "one\ntwo\n\u{1b}[1mthree\u{1b}[0m\n".into()).await?;
            Ok((created.job.id, fence))
        })
        .unwrap();
    assert_eq!(stdout(&home.run(&["log", "talks"])), "one\ntwo\n\u{1b}[1mthree\u{1b}[0m\n");
    assert_eq!(stdout(&home.run(&["log", "-n", "2", "talks"])), "two\n\u{1b}[1mthree\u{1b}[0m\n");
    let follower = Running::start(&mut home.doorbell(&["log", "-f", "-n", "1", "talks"]));
    follower.says("three");
    let four = async |client: doorbell_client::Client| client.append_log(id, fence, 22, "four\n".into()).await;
    hub.ask(four).unwrap();
    follower.says("four\n");
    hub.ask(async |client| {
        let outcome = doorbell_protocol::Outcome::Succeeded;
        let report = doorbell_protocol::jobs::FinishReport { fence, outcome, exit_code: None, failure: None, finished_at: None };
        client.finish_job(id, &report).await
    })
    .unwrap();
    let (status, output) = follower.end();
    assert_eq!((status.code(), output.as_str()), (Some(0), "\u{1b}[1mthree\u{1b}[0m\nfour\n"));
}

#[test]
fn five_hundred_jobs_of_sixteen_processes_run_once_each_on_four_workers() {
    const JOBS: usize = 500;
    const PROCESSES: usize = 16;
    let home = Home::new();
    let hub = Hub::start(&home);
    let workers: Vec<Running> = (0..3).map(|_| Running::start(&mut home.doorbell(&["worker", "--slots", "2"]))).collect();
    eventually("four workers", SOON, || (hub.ask(async |client| client.workers().await).ok()?.len() == 4).then_some(()));
    fs::create_dir(home.path("runs")).unwrap();
    // Appends are whole lines, so a job that ran twice has two.
    let shells: Vec<std::process::Child> = (0..PROCESSES)
        .map(|process| {
            let (first, program) = (process * JOBS / PROCESSES, doorbell_tests::home::program());
            let last = (process + 1) * JOBS / PROCESSES - 1;
            let script =
                format!("for i in $(seq {first} {last}); do {} add -q -- sh -c \"echo x >> runs/$i\" || exit 1; done", program.display());
            let mut shell = std::process::Command::new("sh");
            home.live_in(&mut shell);
            shell.args(["-c", &script]).stdout(std::process::Stdio::null()).spawn().expect("a shell")
        })
        .collect();
    for mut shell in shells {
        assert!(shell.wait().unwrap().success());
    }
    eventually("all are over", SOON * 6, || {
        let counts = hub.stats().counts;
        (counts.running == 0 && counts.queued == 0).then_some(())
    });
    for n in 0..JOBS {
        assert_eq!(fs::read_to_string(home.path(format!("runs/{n}"))).unwrap_or_default(), "x\n", "job {n}");
    }
    let used: std::collections::HashSet<String> = hub.jobs().into_iter().filter_map(|job| job.worker).collect();
    assert!(used.len() > 1, "{used:?}");
    assert_eq!(hub.stats().seq.0, 2 * JOBS as u64);
    drop(workers);
}
