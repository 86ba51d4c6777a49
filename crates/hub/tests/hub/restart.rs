//! What outlives the hub, and what a folder allows.

use std::time::Duration;

use doorbell_hub::{Config, Hub, OpenError};
use doorbell_protocol::JobState;

use crate::support::{TestHub, open};

#[tokio::test]
async fn jobs_events_and_leases_outlive_a_restart() {
    let hub = TestHub::start().await;
    let mut feed = hub.feed(None).await;
    let (start, _) = feed.snapshot().await;
    let ended = hub.started("ended").await.job;
    let running = hub.started("running").await.job;
    hub.finish(ended.id, "succeeded").await;
    let hub = hub.restart().await;

    assert_eq!(hub.job(ended.id).await.state, JobState::Succeeded);
    assert_eq!(hub.running().await.jobs.iter().map(|job| job.id).collect::<Vec<_>>(), [running.id]);
    let mut back = hub.feed(Some(&start.to_string())).await;
    for seq in 1..=3 {
        assert_eq!(back.event().await.0.seq.0, seq);
    }
    hub.progress(running.id, 5).await;
    hub.finish(running.id, "succeeded").await;
    let (id, _, event) = back.event().await;
    assert_eq!((id.seq.0, event.counts.running), (4, 0));
}

#[tokio::test]
async fn a_job_that_ran_before_a_restart_gets_one_fresh_lease() {
    let hub = TestHub::with_leases_of(Duration::from_millis(300)).await;
    let job = hub.started("make").await.job;
    let hub = hub.restart().await;
    assert_eq!(hub.job(job.id).await.state, JobState::Running);
    let mut feed = hub.feed(None).await;
    feed.snapshot().await;
    assert_eq!(feed.event().await.2.job.state, JobState::Lost);
}

#[tokio::test]
async fn a_folder_has_one_hub() {
    let hub = TestHub::start().await;
    let folder = hub.folder().join("data");
    assert!(matches!(Hub::open(Config::new(&folder)), Err(OpenError::InUse(_))));
    let keep = hub.stop().await;
    open(Config::new(&folder)).await;
    drop(keep);
}

#[tokio::test]
async fn the_address_is_announced_while_the_hub_serves() {
    let hub = TestHub::start().await;
    let path = hub.folder().join("run/hub.json");
    let file: doorbell_protocol::place::HubFile = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!((file.url, file.pid), (format!("http://{}", hub.address), std::process::id()));
    let hub = hub.restart().await;
    assert!(path.exists());
    hub.stop_and(|_| assert!(!path.exists())).await;
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_on_disk_is_closed_to_others() {
    use std::os::unix::fs::PermissionsExt;
    let hub = TestHub::start().await;
    let mode = |path: &str| std::fs::metadata(hub.folder().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("data"), mode("data/token"), mode("run")), (0o700, 0o600, 0o700));
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_in_a_folder_that_is_open_to_others_is_closed_to_them() {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::PermissionsExt,
        path::Path,
    };
    fn modes(folder: &Path) -> Vec<(String, u32)> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        entries.flat_map(|path| if path.is_dir() { modes(&path) } else { vec![(path.display().to_string(), mode(&path))] }).collect()
    }
    async fn look(hub: &TestHub) {
        let job = hub.started("make").await.job;
        let log = hub.call(reqwest::Method::POST, &format!("/v1/jobs/{}/log?offset=0&fence={}", job.id, hub.fence(job.id).0)).body("made");
        assert_eq!(log.send().await.unwrap().status(), 200);
        let modes = modes(&hub.folder().join("data"));
        for name in ["doorbell.db", "doorbell.db-wal", "doorbell.db-shm", "token", "0"] {
            assert!(modes.iter().any(|(path, _)| path.ends_with(&format!("/{name}"))), "{name}: {modes:?}");
        }
        // The lock is empty.
        assert!(modes.iter().all(|(path, mode)| *mode == 0o600 || path.ends_with("/lock")), "{modes:?}");
    }
    let hub = TestHub::with(|config| {
        fs::create_dir_all(&config.data_dir).unwrap();
        fs::set_permissions(&config.data_dir, Permissions::from_mode(0o755)).unwrap();
        // As an older version left it.
        for name in ["doorbell.db", "doorbell.db-wal", "doorbell.db-shm"].map(|name| config.data_dir.join(name)) {
            if name.exists() {
                fs::set_permissions(name, Permissions::from_mode(0o644)).unwrap();
            }
        }
    })
    .await;
    look(&hub).await;
    look(&hub.restart().await).await;
}
