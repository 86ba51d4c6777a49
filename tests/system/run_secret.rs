//! What speaks for a run: its commands, by the secret that they find in their environment, whatever token they have.

use std::{fs, path::Path};

use doorbell_protocol::{
    JobState, Progress,
    jobs::{NewJob, Task},
};
use doorbell_tests::{Home, Hub, Running, eventually, home::program, hub::SOON};

const WAITS: &str = "while [ ! -e go ]; do sleep 0.02; done";

/// A token for somebody else, who may report for jobs of their own.
fn others_token(home: &Home) -> String {
    let made = home.run(&["token", "create", "--role", "report", "--name", "other"]);
    String::from_utf8_lossy(&made.stdout).trim().to_owned()
}

fn progress(hub: &Hub, name: &str, what: &str) -> Progress {
    let of = || hub.running().into_iter().find(|job| job.name == name)?.progress;
    eventually(what, SOON, || of().filter(|progress| progress.done == Some(25)))
}

fn is_in_a_file(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).any(|path| match path.is_dir() {
        true => is_in_a_file(&path, text),
        false => fs::read(path).unwrap_or_default().windows(text.len()).any(|bytes| bytes == text.as_bytes()),
    })
}

#[test]
fn a_command_with_anothers_token_speaks_for_its_run_and_the_secret_is_kept_nowhere() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let program = program();
    let doorbell = program.display();
    let script = format!(
        "echo \"secret $DOORBELL_JOB_SECRET\"; export DOORBELL_TOKEN=\"$OTHER\"
        {doorbell} progress 25/60 \"with $DOORBELL_JOB_SECRET\"
        {doorbell} run --name inner true
        (unset DOORBELL_JOB_SECRET; {doorbell} progress 26/60)
        {doorbell} ask 'Deploy?' --choice yes; {WAITS}"
    );
    let mut outer = home.doorbell(&["run", "--name", "outer", "--", "sh", "-c", &script]);
    let outer = Running::start(outer.env("OTHER", others_token(&home)).stderr(fs::File::create(home.path("stderr")).unwrap()));
    let told = progress(&hub, "outer", "the program has told");
    assert_eq!(told.message.as_deref(), Some("with [redacted]"));
    let asked = || hub.ask(async |client| client.open_questions().await).unwrap().into_iter().next();
    eventually("a question", SOON, asked);
    assert!(home.run(&["answer", "outer", "yes"]).status.success());
    let jobs = hub.jobs();
    assert_eq!((jobs[0].name.as_str(), jobs[0].parent), ("inner", Some(jobs[1].id)));
    assert!(fs::read_to_string(home.path("stderr")).unwrap().contains("shows its secret, which its command finds in DOORBELL_JOB_SECRET"));
    assert_eq!(progress(&hub, "outer", "the last that was taken").total, Some(60));
    fs::write(home.path("go"), "").unwrap();
    let (status, output) = outer.end();
    assert!(status.success());
    let secret = output.lines().find_map(|line| line.strip_prefix("secret ")).expect("its command has the secret");
    assert_eq!(secret.len(), 65);
    let log = hub.ask(async |client| client.log(jobs[1].id, None).await).unwrap();
    let log: Vec<u8> = log.parts.into_iter().flat_map(|part| part.bytes.0).collect();
    assert!(String::from_utf8_lossy(&log).starts_with("secret [redacted]\n"), "{}", String::from_utf8_lossy(&log));
    let data = home.path("data");
    assert!(is_in_a_file(&data, "outer") && !is_in_a_file(&data, secret));
}

#[test]
fn the_command_of_a_queued_job_speaks_for_its_run_with_anothers_token() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let folder = home.path("");
    let script = format!("{} progress 25/60; {WAITS}", program().display());
    let task = Task {
        command: ["sh", "-c", &script].map(str::to_owned).to_vec(),
        cwd: Some(folder.to_string_lossy().into_owned()),
        // Those of the job from inside of which it was queued are not its own.
        env: [
            ("DOORBELL_TOKEN", others_token(&home).as_str()),
            ("DOORBELL_JOB_SECRET", "of another run"),
            ("DOORBELL_JOB", "0192f0c1-7a3b-7c4d-8e5f-0123456789ab"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into(),
        ..Task::default()
    };
    let job = NewJob { name: "queued".to_owned(), task, ..NewJob::default() };
    hub.ask(async |client| client.create_job(&job).await).unwrap();
    progress(&hub, "queued", "its command has told");
    fs::write(home.path("go"), "").unwrap();
    hub.the_job_is(JobState::Succeeded);
}
