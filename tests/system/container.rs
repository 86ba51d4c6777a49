//! In a container, in which the session and the process group that we were started from have no number.

use std::process::Command;

/// Runs other tests of this program once more, there.
#[test]
fn signals_cancels_and_job_control_work_in_a_container() {
    let container = || {
        let mut container = Command::new("unshare");
        container.args(["--pid", "--fork", "--kill-child", "--mount-proc"]);
        container
    };
    if !container().arg("true").status().is_ok_and(|status| status.success()) {
        eprintln!("not run: this needs root and unshare");
        return;
    }
    let program = std::env::current_exe().unwrap();
    let output = container().arg(program).args(["cancel::", "job_control::", "signals::"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !text.contains(" 0 passed"), "{text}");
}
