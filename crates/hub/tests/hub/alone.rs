//! A test in a process of its own, with a wrapper around it when need be.

use std::process::Command;

/// Runs the ignored test `name` of this program, with `wrapper` in front of its command.
///
/// # Errors
/// What the test printed.
pub(crate) fn run(wrapper: &[&str], name: &str) -> Result<(), String> {
    let program = std::env::current_exe().unwrap();
    let mut command = match wrapper {
        [] => Command::new(program),
        [first, rest @ ..] => {
            let mut command = Command::new(first);
            command.args(rest).arg(program);
            command
        }
    };
    let output = command.args(["--ignored", "--exact", name, "--nocapture"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    let passed = output.status.success() && text.contains("test result: ok. 1 passed");
    if passed { Ok(()) } else { Err(text.into_owned()) }
}
