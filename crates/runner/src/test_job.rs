//! The built-in test job: an ordinary command that takes its time and says how far it is.

use std::{
    io::{self, Write},
    thread,
    time::Duration,
};

use doorbell_protocol::limits;

const LABELS: [&str; limits::TEST_JOB_STEPS as usize] = [
    "Opening the toolbox",
    "Reading the plan",
    "Scanning tables",
    "Pulling the wire",
    "Fitting the button",
    "Tuning the chime",
    "Ringing once",
    "Listening for the echo",
];

/// Prints a line for each step over `duration`. Returns the exit code: 1 when it was to fail at a step, else
/// 0.
///
/// # Errors
/// The output cannot be written.
pub fn run_steps(duration: Duration, fail_at_step: Option<u32>) -> io::Result<i32> {
    let step_time = duration / limits::TEST_JOB_STEPS;
    for (step, label) in (1..).zip(LABELS) {
        let mut out = io::stdout().lock();
        writeln!(out, "step {step}/{}: {label}", limits::TEST_JOB_STEPS)?;
        out.flush()?;
        drop(out);
        thread::sleep(step_time);
        if fail_at_step == Some(step) {
            writeln!(io::stderr(), "error: step {step} ({label}) was told to fail")?;
            return Ok(1);
        }
    }
    Ok(0)
}
