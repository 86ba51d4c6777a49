//! A database that is damaged, or gone: what a hub says of it, and that it loses nothing without a word.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use doorbell_client::{CallError, rest::JobQuery};
use doorbell_protocol::{ErrorCode, Fence, JobId, JobState, Outcome, jobs::FinishReport, jobs::NewJob};
use doorbell_tests::{Home, Hub, Running, eventually, hub::SOON};
use uuid::Uuid;

fn create(hub: &Hub, name: &str) -> Result<JobId, CallError> {
    let job = NewJob { id: Some(JobId(Uuid::now_v7())), name: name.to_owned(), start: true, ..NewJob::default() };
    hub.ask(async |client| client.create_job(&job).await.map(|created| created.job.id))
}

/// A job that runs, with its fence.
fn start(hub: &Hub, name: &str) -> (JobId, Fence) {
    let job = NewJob { name: name.to_owned(), start: true, ..NewJob::default() };
    let created = hub.ask(async |client| client.create_job(&job).await).expect("a job");
    (created.job.id, created.lease.expect("a lease").fence)
}

fn finish(hub: &Hub, (id, fence): (JobId, Fence)) {
    let report = FinishReport { fence, outcome: Outcome::Succeeded, exit_code: None, failure: None, finished_at: None };
    hub.ask(async |client| client.finish_job(id, &report).await).expect("its end");
}

fn database(home: &Home) -> PathBuf {
    home.data_dir().join("doorbell.db")
}

/// What the hub says in its log, as often as it says it.
fn said(home: &Home, text: &str) -> usize {
    fs::read_to_string(home.path("hub.log")).unwrap_or_default().matches(text).count()
}

fn names(hub: &Hub, query: JobQuery) -> Vec<String> {
    hub.ask(async |client| client.jobs(query).await).expect("a page").jobs.into_iter().map(|job| job.name).collect()
}

/// A data folder with some jobs, whose hub has ended in order, so that all is in the one file.
fn home_with_jobs() -> Home {
    let home = Home::new();
    let hub = Hub::start(&home);
    for n in 0..20 {
        let job = start(&hub, &format!("job {n} {}", "x".repeat(150)));
        if n % 2 == 0 {
            finish(&hub, job);
        }
    }
    assert!(hub.stop().success());
    assert!(!home.data_dir().join("doorbell.db-wal").exists());
    home
}

fn replace(path: &Path, from: &[u8], to: &[u8]) -> usize {
    assert_eq!(from.len(), to.len());
    let mut bytes = fs::read(path).expect("a file");
    let places: Vec<_> = bytes.windows(from.len()).enumerate().filter(|(_, window)| *window == from).map(|(at, _)| at).collect();
    places.iter().for_each(|at| bytes[*at..*at + to.len()].copy_from_slice(to));
    fs::write(path, bytes).expect("a file");
    places.len()
}

#[test]
fn a_damaged_database_is_left_alone_and_said_with_the_way_back() {
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage, &str); 5] = [
        ("empty", |bytes| bytes.clear(), "is empty"),
        ("no database", |bytes| bytes[..16].copy_from_slice(b"Dear diary, today"[..16].as_ref()), "is damaged"),
        ("cut short", |bytes| bytes.truncate(bytes.len() / 2), "is damaged"),
        ("cut within its first page", |bytes| bytes.truncate(100), "is damaged"),
        ("overwritten", |bytes| bytes.chunks_mut(4096).skip(1).step_by(2).for_each(|page| page[..64].fill(0xa5)), "is damaged"),
    ];
    for (what, damage, word) in damages {
        let home = home_with_jobs();
        let path = database(&home);
        let mut bytes = fs::read(&path).unwrap();
        damage(&mut bytes);
        fs::write(&path, &bytes).unwrap();
        let mut process = home.doorbell(&["hub", "--listen", "127.0.0.1:0"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = process.stderr.take().unwrap();
        let (status, text) = Running::reading(process, stderr).end();
        assert!(!status.success(), "{what}: {text}");
        for part in [format!("the database {} {word}", path.display()), format!("move {}", path.display()), "a backup".to_owned()] {
            assert!(text.contains(&part), "{what}: {text}");
        }
        assert!(fs::read(&path).unwrap() == bytes, "{what}: it is as it was");

        // The way that it says.
        for name in ["doorbell.db", "doorbell.db-wal", "doorbell.db-shm"].map(|name| home.data_dir().join(name)) {
            let _ = fs::rename(&name, home.path("aside"));
        }
        let hub = Hub::start(&home);
        assert_eq!(hub.jobs(), []);
        create(&hub, "a new beginning").unwrap();
    }
}

#[test]
fn a_row_that_cannot_be_read_hides_itself_alone_and_is_said_once() {
    let home = Home::new();
    let hub = Hub::start(&home);
    for name in ["first", "second", "third", "fourth"] {
        finish(&hub, start(&hub, name));
    }
    for name in ["runs", "goes on"] {
        create(&hub, name).unwrap();
    }
    assert!(hub.stop().success());
    for name in ["second", "goes on"] {
        let (good, bad) = (format!("\"name\":\"{name}\""), format!("\"name\";\"{name}\""));
        assert!(replace(&database(&home), good.as_bytes(), bad.as_bytes()) >= 2, "the job and its event");
    }

    let hub = Hub::start(&home);
    assert_eq!(hub.running().iter().map(|job| job.name.as_str()).collect::<Vec<_>>(), ["runs"]);
    for _ in 0..3 {
        assert_eq!(names(&hub, JobQuery::default()), ["runs", "fourth", "third", "first"]);
    }
    // A page is as long as it was asked to be, and leads on behind what is hidden.
    let page = hub.ask(async |client| client.jobs(JobQuery { limit: Some(3), ..JobQuery::default() }).await).unwrap();
    assert_eq!(page.jobs.iter().map(|job| job.name.as_str()).collect::<Vec<_>>(), ["runs", "fourth", "third"]);
    let next = JobQuery { cursor: page.next_cursor, ..JobQuery::default() };
    assert_eq!(names(&hub, next), ["first"]);
    // Once for each of the two jobs, and for the events that cannot be told any more.
    assert_eq!(said(&home, "left out what cannot be read id=\"0"), 2, "{}", fs::read_to_string(home.path("hub.log")).unwrap());
    // It goes on as ever.
    let job = start(&hub, "fifth");
    finish(&hub, job);
    assert_eq!(hub.stats().seq.0, 12);
    assert_eq!(hub.ask(async |client| client.job(job.0).await).unwrap().state, JobState::Succeeded);
    // What cannot be deleted for its age holds up nothing that can.
    assert!(hub.stop().success());
    let hub = Hub::start_with(&home, &["--keep-jobs", "1"]);
    eventually("the history is short", SOON, || (names(&hub, JobQuery::default()) == ["fifth", "runs"]).then_some(()));
}

#[test]
fn what_is_nowhere_is_not_acknowledged_when_the_data_folder_is_gone() {
    type Loss = fn(&Home);
    let losses: [(&str, Loss); 3] = [
        ("deleted", |home| fs::remove_dir_all(home.data_dir()).unwrap()),
        ("replaced", |home| {
            fs::rename(home.data_dir(), home.path("aside")).unwrap();
            fs::create_dir(home.data_dir()).unwrap();
        }),
        ("its database deleted", |home| fs::remove_file(database(home)).unwrap()),
    ];
    for (what, lose) in losses {
        let home = Home::new();
        let hub = Hub::start(&home);
        let (job, fence) = start(&hub, "before");
        lose(&home);
        let path = database(&home);
        for _ in 0..3 {
            let Err(CallError::Refused(refused)) = create(&hub, "after") else { panic!("{what}: it is stored nowhere") };
            assert_eq!((refused.status, refused.code), (503, ErrorCode::Storage), "{what}");
            assert!(refused.message.contains(&format!("{} is gone", path.display())), "{what}: {}", refused.message);
        }
        assert_eq!(said(&home, "is gone"), 1, "{what}");
        assert!(!path.exists(), "{what}: no other database is begun");
        let appended = hub.ask(async |client| client.append_log(job, fence, 0, "lost".into()).await);
        assert!(what != "deleted" || (appended.is_err() && !home.data_dir().exists()), "{what}: no folder is made that nobody finds");
        if what == "replaced" {
            fs::remove_dir_all(home.data_dir()).unwrap();
            fs::rename(home.path("aside"), home.data_dir()).unwrap();
            create(&hub, "again").unwrap();
            assert_eq!(hub.running().len(), 2);
        }
    }
}
