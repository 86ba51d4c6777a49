//! Progress is seen while it grows, and costs the feed nothing.

use doorbell_protocol::JobState;
use doorbell_tests::{Home, Hub, Running, eventually, hub::SOON};

#[test]
fn progress_grows_in_the_running_list() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let script = r#"for i in 1 2 3; do echo "[$i/3] Part $i"; while [ ! -e go$i ]; do sleep 0.02; done; done"#;
    let running = Running::start(&mut home.doorbell(&["run", "--", "sh", "-c", script]));
    for i in 1..=3 {
        let progress = eventually(&format!("part {i}"), SOON, || {
            let progress = hub.running().first()?.progress.clone()?;
            (progress.done == Some(i)).then_some(progress)
        });
        assert_eq!((progress.total, progress.message), (Some(3), Some(format!("Part {i}"))));
        std::fs::write(home.path(format!("go{i}")), "").unwrap();
    }
    assert!(running.end().0.success());
    hub.the_job_is(JobState::Succeeded);
}

#[test]
fn a_run_is_two_events_whatever_it_reports() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let start = std::time::Instant::now();
    let output = home.run(&["run", "--", "sh", "-c", "for i in $(seq 20000); do echo $i/20000; done"]);
    let seconds = start.elapsed().as_secs();
    assert!(output.status.success());
    hub.the_job_is(JobState::Succeeded);
    let stats = hub.stats();
    assert_eq!(stats.seq.0, 2);
    assert!(stats.progress_reports <= 4 * (seconds + 1) + 1, "{} reports in {seconds} s", stats.progress_reports);
}

#[test]
fn an_unfinished_line_counts_once_the_output_pauses() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let running =
        Running::start(&mut home.doorbell(&["run", "--", "sh", "-c", r#"printf '\r[7/9]'; while [ ! -e go ]; do sleep 0.02; done"#]));
    eventually("7 of 9", SOON, || (hub.running().first()?.progress.as_ref()?.done? == 7).then_some(()));
    std::fs::write(home.path("go"), "").unwrap();
    assert!(running.end().0.success());
}
