//! A disk that is full or fails: what could not be stored is refused, nothing is half done, and the hub goes on.

use doorbell_client::CallError;
use doorbell_protocol::{
    ErrorCode, Fence, JobId, JobState, Outcome,
    jobs::{FinishReport, NewJob},
};
use doorbell_tests::{
    Home, Hub, Running, eventually,
    faults::{Call, Faults, Files, Often, SmallDisk},
    hub::SOON,
};
use rustix::io::Errno;
use uuid::Uuid;

/// Starts a job, which is safe to repeat, and gives the fence of its lease.
fn start(hub: &Hub, id: JobId) -> Result<Fence, CallError> {
    let job = NewJob { id: Some(id), name: "make".to_owned(), start: true, ..NewJob::default() };
    hub.ask(async |client| client.create_job(&job).await.map(|created| created.lease.expect("its lease").fence))
}

fn finish(hub: &Hub, id: JobId, fence: Fence) -> Result<(), CallError> {
    let report = FinishReport { fence, outcome: Outcome::Succeeded, exit_code: None, failure: None, finished_at: None };
    hub.ask(async |client| client.finish_job(id, &report).await.map(drop))
}

fn state(hub: &Hub, id: JobId) -> Option<JobState> {
    match hub.ask(async |client| client.job(id).await) {
        Ok(job) => Some(job.state),
        Err(error) if error.code() == Some(ErrorCode::NotFound) => None,
        Err(error) => panic!("{error}"),
    }
}

fn is_storage<T>(refused: &Result<T, CallError>) -> bool {
    matches!(refused, Err(error @ CallError::Refused(refusal)) if error.code() == Some(ErrorCode::Storage) && refusal.status == 503)
}

fn new_id() -> JobId {
    JobId(Uuid::now_v7())
}

#[test]
fn a_disk_that_fails_refuses_changes_and_the_hub_goes_on_once_it_works() {
    for (call, error) in [(Call::Sync, Errno::IO), (Call::Sync, Errno::NOSPC), (Call::Write, Errno::IO), (Call::Write, Errno::NOSPC)] {
        let home = Home::new();
        let faults = Faults::new(&home);
        let hub = faults.hub(&home);
        let (first, second) = (new_id(), new_id());
        let fence = start(&hub, first).unwrap();

        faults.fail(call, error, Often::Always);
        for _ in 0..3 {
            assert!(is_storage(&start(&hub, second)), "{call:?} {error:?}");
            assert!(is_storage(&finish(&hub, first, fence)), "{call:?} {error:?}");
        }
        assert_eq!(hub.running().iter().map(|job| job.id).collect::<Vec<_>>(), [first], "{call:?} {error:?}");
        assert_eq!((hub.stats().seq.0, hub.stats().counts.running), (1, 1));
        assert_eq!((state(&hub, first), state(&hub, second)), (Some(JobState::Running), None));

        faults.mend();
        finish(&hub, first, fence).unwrap();
        start(&hub, second).unwrap();
        assert_eq!(hub.stats().seq.0, 3);
        hub.kill();
        let hub = Hub::start(&home);
        assert_eq!(hub.replayed(), [1, 2, 3]);
        assert_eq!((state(&hub, first), state(&hub, second)), (Some(JobState::Succeeded), Some(JobState::Running)));
    }
}

#[test]
fn a_disk_that_takes_no_log_costs_the_log_alone() {
    for (error, often) in [(Errno::IO, Often::Always), (Errno::NOSPC, Often::Always), (Errno::NOSPC, Often::Once)] {
        let home = Home::new();
        let faults = Faults::new(&home);
        let hub = faults.hub(&home);
        let (job, other) = (new_id(), new_id());
        let fence = start(&hub, job).unwrap();
        let append = |offset, text: &'static str| hub.ask(async |client| client.append_log(job, fence, offset, text.into()).await);
        let text = || {
            let log = hub.ask(async |client| client.log(job, None).await).unwrap();
            String::from_utf8(log.parts.into_iter().flat_map(|part| part.bytes.0).collect()).unwrap()
        };
        assert_eq!(append(0, "first\n").unwrap(), 6);

        faults.fail_for(Files::Logs, Call::Write, error, often);
        assert!(is_storage(&append(6, "second\n").map(drop)), "{error:?} {often:?}");
        assert_eq!((text().as_str(), hub.stats().seq.0), ("first\n", 1));
        start(&hub, other).unwrap();
        if matches!(often, Often::Always) {
            assert!(is_storage(&append(6, "second\n").map(drop)), "{error:?} {often:?}");
            faults.mend();
        }
        // The runner repeats what was refused.
        assert_eq!(append(6, "second\n").unwrap(), 13);
        finish(&hub, job, fence).unwrap();
        assert_eq!((text().as_str(), state(&hub, job)), ("first\nsecond\n", Some(JobState::Succeeded)));
        hub.kill();
        let hub = Hub::start(&home);
        assert_eq!(hub.replayed(), [1, 2, 3]);
        assert_eq!(hub.ask(async |client| client.log(job, None).await).unwrap().end, 13);
    }
}

/// A commit whose sync failed leaves its frames in the database's log. After a crash they would be taken for
/// a commit that succeeded, if the store did not write something else in their place.
#[test]
fn what_was_refused_is_not_there_after_a_crash() {
    for error in [Errno::IO, Errno::NOSPC] {
        let home = Home::new();
        let faults = Faults::new(&home);
        let hub = faults.hub(&home);
        let (kept, refused) = (new_id(), new_id());
        start(&hub, kept).unwrap();
        faults.fail(Call::Sync, error, Often::Once);
        assert!(is_storage(&start(&hub, refused)));
        assert!(!faults.are_pending());
        hub.kill();
        let hub = Hub::start(&home);
        assert_eq!((state(&hub, kept), state(&hub, refused)), (Some(JobState::Running), None));
        assert_eq!(hub.replayed(), [1]);
    }
}

#[test]
fn the_end_of_a_command_on_a_full_disk_is_told_once_there_is_room() {
    let home = Home::new();
    let Some(disk) = SmallDisk::mount(&home.data_dir(), 4_096) else { return };
    let hub = Hub::start(&home);
    let running =
        Running::start(&mut home.doorbell(&["run", "--name", "mine", "--", "sh", "-c", "while [ ! -e go ]; do sleep 0.02; done; exit 3"]));
    let mine = hub.the_job_is(JobState::Running).id;
    let ballast = disk.fill();
    // The file system gives what it holds in reserve first.
    eventually("a change is refused", SOON, || is_storage(&start(&hub, new_id())).then_some(()));
    std::fs::write(home.path("go"), "").unwrap();
    assert_eq!(running.end().0.code(), Some(3), "the command does not suffer");
    assert_eq!(state(&hub, mine), Some(JobState::Running));
    let waits = |folder: &str| std::fs::read_dir(home.path(folder)).map_or(0, |files| files.count());
    assert_eq!((waits("data/doorbell/spool"), waits("run/doorbell/spool")), (0, 1));

    std::fs::remove_file(ballast).unwrap();
    assert!(home.run(&["ls"]).status.success());
    let job = hub.ask(async |client| client.job(mine).await).unwrap();
    assert_eq!((job.state, job.exit_code), (JobState::Failed, Some(3)));
    assert_eq!(waits("run/doorbell/spool"), 0);
    let log = std::fs::read_to_string(home.path("hub.log")).unwrap();
    assert_eq!((log.matches("no room on the disk").count(), log.matches("takes changes again").count()), (1, 1), "{log}");
    drop(hub);
    drop(disk);
}

#[test]
fn a_full_disk_refuses_changes_and_the_hub_goes_on_once_there_is_room() {
    let home = Home::new();
    let Some(disk) = SmallDisk::mount(&home.data_dir(), 4_096) else { return };
    let hub = Hub::start(&home);
    let before = new_id();
    let fence = start(&hub, before).unwrap();
    let ballast = disk.fill();
    // The file system gives what it holds in reserve first.
    let mut stored = vec![before];
    let refused = eventually("a change is refused", SOON, || {
        let id = new_id();
        let answer = start(&hub, id);
        if answer.is_ok() {
            stored.push(id);
            return None;
        }
        assert!(is_storage(&answer), "{answer:?}");
        Some(id)
    });
    assert_eq!(state(&hub, refused), None);
    assert_eq!(usize::try_from(hub.stats().counts.running).unwrap(), stored.len());
    // Progress needs no disk.
    hub.ask(async |client| client.report_progress(before, fence, doorbell_protocol::Progress::default()).await).unwrap();

    std::fs::remove_file(ballast).unwrap();
    start(&hub, refused).unwrap();
    finish(&hub, before, fence).unwrap();
    let seq = hub.stats().seq.0;
    hub.kill();
    let hub = Hub::start(&home);
    assert_eq!(hub.replayed(), (1..=seq).collect::<Vec<_>>());
    assert_eq!((state(&hub, before), state(&hub, refused)), (Some(JobState::Succeeded), Some(JobState::Running)));
    assert_eq!(hub.running().len(), stored.len());
    drop(hub);
    drop(disk);
}
