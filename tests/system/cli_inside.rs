//! What a command says about its own job: `progress`, `step` and `ask`, `questions` and `answer`, and the Python helper.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use doorbell_protocol::{JobState, Question};
use doorbell_tests::{Home, Hub, Running, eventually, home::program, hub::SOON};
use rustix::process::Signal;

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs a script as a job, in which `$D` is the program.
fn run(home: &Home, script: &str) -> Running {
    Running::start(home.doorbell(&["run", "--name", "deploy", "--", "sh", "-c", script]).env("D", program()))
}

fn open(hub: &Hub) -> Vec<Question> {
    hub.ask(async |client| client.open_questions().await).expect("questions")
}

fn asked(hub: &Hub) -> Question {
    eventually("a question", SOON, || open(hub).into_iter().next())
}

#[test]
fn a_command_says_how_far_it_is_and_outranks_what_is_read_from_its_output() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let wait = |file: &str| format!("while [ ! -e {file} ]; do sleep 0.02; done");
    let script = format!(
        r#"until echo "[1/9] guess"; $D progress 25/60 --unit files 'Reading orders'; [ -e seen ]; do sleep 0.05; done
        until [ -e go1 ]; do i=$((i % 9 + 1)); echo "[$i/9] guess"; sleep 0.1; done
        $D progress 40%; {}; $D step 3/8 'Scanning tables'; {}"#,
        wait("go2"),
        wait("go3")
    );
    let running = run(&home, &script);
    let progress = |what: &str, fits: &dyn Fn(&doorbell_protocol::Progress) -> bool| {
        eventually(what, SOON, || hub.running().first()?.progress.clone().filter(fits))
    };
    let counted = progress("25 of 60", &|progress| progress.done == Some(25));
    assert_eq!((counted.total, counted.unit.as_deref(), counted.message.as_deref()), (Some(60), Some("files"), Some("Reading orders")));
    fs::write(home.path("seen"), "").unwrap();
    let reports = hub.stats().progress_reports;
    eventually("the runner has told its guesses", SOON, || (hub.stats().progress_reports > reports + 3).then_some(()));
    assert_eq!(progress("still", &|_| true).done, Some(25));
    fs::write(home.path("go1"), "").unwrap();
    progress("40 %", &|progress| progress.fraction == Some(0.4) && progress.done.is_none());
    fs::write(home.path("go2"), "").unwrap();
    let step = progress("a step", &|progress| progress.step.is_some()).step.unwrap();
    assert_eq!((step.index, step.count, step.label.as_deref()), (3, 8, Some("Scanning tables")));
    fs::write(home.path("go3"), "").unwrap();
    assert!(running.end().0.success());
    hub.the_job_is(JobState::Succeeded);
    assert_eq!(hub.stats().seq.0, 2);
}

#[test]
fn a_script_that_reports_runs_the_same_without_doorbell() {
    let home = Home::new();
    let output = home.run(&["progress", "25/60"]);
    assert_eq!((output.status.code(), stderr(&output).contains("this is no job")), (Some(0), true));
    let inside = |args: &[&str]| home.doorbell(args).env("DOORBELL_JOB", "0192f0c1-7a3b-7c4d-8e5f-0123456789ab").output().unwrap();
    assert_eq!((stdout(&inside(&["step", "1/2"])), stderr(&inside(&["step", "1/2"]))), (String::new(), String::new()));
    // Something that takes the connection and says nothing.
    let stalled = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = home.doorbell(&["progress", "40%"]);
    command.env("DOORBELL_URL", format!("http://{}", stalled.local_addr().unwrap())).env("DOORBELL_TOKEN", "t");
    let start = std::time::Instant::now();
    assert!(command.env("DOORBELL_JOB", "0192f0c1-7a3b-7c4d-8e5f-0123456789ab").output().unwrap().status.success());
    assert!(start.elapsed() < std::time::Duration::from_secs(5), "{:?}", start.elapsed());
    for wrong in [&["progress", "61/60"][..], &["progress", "half"], &["step", "9/8"]] {
        assert_eq!(home.run(wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn a_command_asks_and_goes_on_with_the_answer() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let script = r#"said=$($D ask 'Deploy?' --choice 'go=Deploy now' --choice stop --detail '42 files'); echo "$said $?"
        tag=$($D ask 'Which tag?' --text); echo "$tag $?"; $D ask 'Sure?' && echo never"#;
    let running = run(&home, script);
    let question = asked(&hub);
    assert_eq!((question.prompt.as_str(), question.detail.as_deref()), ("Deploy?", Some("42 files")));
    let listed = stdout(&home.run(&["questions"]));
    assert!(listed.contains("  Deploy?  deploy · just now\n") && listed.contains("        answer: Deploy now, stop\n"), "{listed}");
    let output = home.run(&["answer", "perhaps"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stderr(&output), "doorbell: \"perhaps\" does not answer \"Deploy?\". Its answers are: Deploy now, stop.\n");
    assert_eq!(stdout(&home.run(&["answer", "deploy now"])), "Answered \"Deploy?\" with \"deploy now\".\n");
    running.says("go 0\n");
    eventually("the second question", SOON, || open(&hub).into_iter().find(|question| question.free_text));
    assert!(home.run(&["answer", "-q", "deploy", "v1.4"]).status.success());
    running.says("v1.4 0\n");
    let last = eventually("the third question", SOON, || open(&hub).into_iter().next());
    assert!(home.run(&["answer", &last.id.to_string()[30..], "no"]).status.success());
    let (status, output) = running.end();
    assert_eq!((status.code(), output.as_str()), (Some(3), "go 0\nv1.4 0\nno\n"));
}

#[test]
fn a_question_without_an_answer_approves_nothing() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let mut running = run(&home, "$D ask 'Deploy?' --timeout 1s && echo never");
    assert_eq!(running.wait().code(), Some(4));
    assert!(hub.the_job_is(JobState::Failed).failure.unwrap().contains("nobody answered; the question is expired"));
    let output = home.run(&["ask", "Deploy?"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("doorbell run"), "{output:?}");
}

#[test]
fn a_question_that_is_interrupted_is_withdrawn() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let mut job = run(&home, r#"echo "id $DOORBELL_JOB"; while [ ! -e go ]; do sleep 0.02; done"#);
    hub.the_job_is(JobState::Running);
    let id = hub.jobs()[0].id.to_string();
    let mut asking = Running::start(&mut home.doorbell(&["ask", "Deploy?", "--job", &id]));
    let question = asked(&hub);
    asking.signal(Signal::INT);
    assert_eq!(asking.wait().code(), Some(130));
    assert_eq!(open(&hub), []);
    let state = hub.ask(async |client| client.question(question.id, std::time::Duration::ZERO).await).unwrap().state;
    assert_eq!(state.as_str(), "withdrawn");
    fs::write(home.path("go"), "").unwrap();
    job.wait();
}

#[test]
fn an_answer_comes_through_a_restart_of_the_hub() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let address = hub.address().to_owned();
    let running = run(&home, "$D ask 'Deploy?'; echo done");
    asked(&hub);
    hub.kill();
    let hub = Hub::start_with(&home, &["--listen", &address]);
    assert_eq!(stdout(&home.run(&["answer", "yes"])), "Answered \"Deploy?\" with \"yes\".\n");
    running.says("yes\ndone\n");
    hub.the_job_is(JobState::Succeeded);
}

/// Runs a Python program next to a copy of the helper.
fn python(home: &Home, program: &str) -> Command {
    let helper = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/doorbell.py");
    fs::copy(helper, home.path("doorbell.py")).expect("the helper");
    fs::write(home.path("program.py"), program).expect("a program");
    let mut command = Command::new("python3");
    home.live_in(&mut command);
    command.arg(home.path("program.py"));
    command
}

const TRAIN: &str = r#"
import doorbell
with doorbell.Job("train") as job:
    job.progress(25, 60, unit="files", message="Reading")
    print(job.ask("Publish?", ["yes", "no"]), flush=True)
    job.step(3, 8, "Scanning tables")
    if job.ask("Which tag?", text=True) != "v1":
        raise ValueError("another tag")
"#;

#[test]
fn a_python_program_is_a_job_of_its_own() {
    let home = Home::new();
    let hub = Hub::start_with(&home, &["--lease-ttl", "1s"]);
    let running = Running::start(&mut python(&home, TRAIN));
    asked(&hub);
    let job = hub.running().remove(0);
    let progress = job.progress.unwrap();
    assert_eq!((job.name.as_str(), progress.done, progress.unit.as_deref()), ("train", Some(25), Some("files")));
    assert!(home.run(&["answer", "yes"]).status.success());
    running.says("yes\n");
    eventually("the second question", SOON, || open(&hub).into_iter().find(|question| question.free_text));
    assert_eq!(hub.running()[0].progress.as_ref().unwrap().step.as_ref().unwrap().index, 3);
    assert!(home.run(&["answer", "v2"]).status.success());
    assert!(!running.end().0.success());
    assert_eq!(hub.the_job_is(JobState::Failed).failure.as_deref(), Some("ValueError: another tag"));
}

#[test]
fn what_a_program_says_of_itself_has_no_secrets_and_an_exit_is_no_failure() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let say = "until $D progress 1/2 'at hunter2-hunter3'; [ -e seen ]; do sleep 0.05; done
        $D ask 'Use hunter2-hunter3?' --detail 'or hunter2-hunter3' --choice 'x=hunter2-hunter3'";
    let mut command = home.doorbell(&["run", "--", "sh", "-c", say]);
    let running = Running::start(command.env("D", program()).env("MY_TOKEN", "hunter2-hunter3"));
    let message = eventually("its progress", SOON, || hub.running().first()?.progress.as_ref()?.message.clone());
    assert_eq!(message, "at [redacted]");
    fs::write(home.path("seen"), "").unwrap();
    let question = asked(&hub);
    let told = (question.prompt.as_str(), question.detail.as_deref(), question.choices[0].label.as_str());
    assert_eq!(told, ("Use [redacted]?", Some("or [redacted]"), "[redacted]"));
    assert!(home.run(&["answer", "x"]).status.success());
    assert!(running.end().0.success());
    for (program, state) in [
        ("import doorbell, sys\nwith doorbell.Job('hunter2-hunter3') as job:\n  sys.exit(0)", JobState::Succeeded),
        ("import doorbell, sys\nwith doorbell.Job('train') as job:\n  sys.exit('no hunter2-hunter3')", JobState::Failed),
    ] {
        python(&home, program).env("MY_TOKEN", "hunter2-hunter3").output().unwrap();
        let job = hub.jobs().remove(0);
        assert_eq!(job.state, state);
        assert!(!format!("{job:?}").contains("hunter2"), "{job:?}");
    }
}

#[test]
fn a_python_program_under_the_runner_speaks_for_its_job_and_runs_without_a_hub() {
    let home = Home::new();
    assert!(python(&home, TRAIN.replace("raise ValueError", "print").as_str()).output().unwrap().status.success());
    let hub = Hub::start(&home);
    // With a token that may report for nothing but its own jobs: the secret of the run lets it speak for this one.
    let token = stdout(&home.run(&["token", "create", "--role", "report", "--name", "python"]));
    let token = format!("DOORBELL_TOKEN={}", token.trim());
    let running = Running::start(&mut home.doorbell(&["run", "--name", "wrapped", "--", "env", &token, "python3", "program.py"]));
    asked(&hub);
    let job = hub.running().remove(0);
    assert_eq!((job.name.as_str(), job.progress.unwrap().done, hub.jobs().len()), ("wrapped", Some(25), 1));
    for answer in ["no", "v1"] {
        asked(&hub);
        assert!(home.run(&["answer", answer]).status.success());
    }
    assert!(running.end().0.success());
    assert_eq!(hub.the_job_is(JobState::Succeeded).name, "wrapped");
}
