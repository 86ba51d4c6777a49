//! Windows has no signal that asks, so a command is ended at once. All that it has started is ended with it:
//! they are in one job object.
//!
//! # Invariants
//! - The end of this process, and so of the job object, ends nothing: the command goes on, and so does what
//!   it has left behind.
//! - What the command has started is ended only together with the command, never after the command's own end.

use std::{
    os::windows::io::RawHandle,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use win32job::{ExtendedLimitInfo, Job, JobError};

use crate::ending::{Exit, StopReason};

/// Stops one command.
#[derive(Clone)]
pub(crate) struct Stopper(Arc<Mutex<State>>);

struct State {
    /// `None` once the command is over, or stopped.
    job: Option<Job>,
    /// The command's id, which is its own as long as its handle is open.
    pid: Option<u32>,
    reason: Option<StopReason>,
}

impl Stopper {
    /// A stopper for the command with this handle and this id. Whatever the command starts from now on is in
    /// the job object, too. That is early enough: a new process needs longer to load its libraries than we
    /// need to get here.
    pub(crate) fn new(process: Option<(RawHandle, u32)>) -> Self {
        let (handle, pid) = process.unzip();
        // A process that is over cannot be put into a job object, and need not be.
        let job = handle.and_then(|handle| in_job(handle).inspect_err(|e| tracing::debug!("the command cannot be stopped: {e}")).ok());
        Self(Arc::new(Mutex::new(State { job, pid, reason: None })))
    }

    /// Stops the command. Does nothing when it is over or was told before.
    pub(crate) fn stop(&self, reason: StopReason) {
        let mut state = self.state();
        if !state.runs() {
            return;
        }
        if let Some(job) = state.job.take() {
            state.reason = Some(reason);
            if let Err(e) = end(job) {
                tracing::warn!("cannot stop the command: {e}");
            }
        }
    }

    /// The command has exited, and is not stopped any more. Returns why it was stopped, if it was.
    pub(crate) fn command_exited(&self) -> Option<StopReason> {
        let mut state = self.state();
        state.job = None;
        state.reason
    }

    /// The exit of a command that we have stopped. The system gives it the code 0, as if it had succeeded; 1
    /// is what it has after its end by hand.
    pub(crate) fn exit(exit: Exit) -> Exit {
        if exit == Exit::Code(0) { Exit::Code(1) } else { exit }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether the command itself runs. In doubt it does: the list of processes has a largest size, and the
    /// job object may hold more.
    fn runs(&self) -> bool {
        let Some((job, pid)) = self.job.as_ref().zip(self.pid) else { return false };
        job.query_process_id_list().map_or(true, |pids| pids.iter().any(|other| u32::try_from(*other) == Ok(pid)))
    }
}

fn in_job(process: RawHandle) -> Result<Job, JobError> {
    let job = Job::create()?;
    job.assign_process(process.expose_provenance().cast_signed())?;
    Ok(job)
}

/// Ends all that is in the job object: closing its last handle does that from now on, and the handle is
/// closed when this returns.
fn end(job: Job) -> Result<(), JobError> {
    let mut limits = ExtendedLimitInfo::new();
    limits.limit_kill_on_job_close();
    job.set_extended_limit_info(&limits)
}

#[cfg(test)]
mod tests {
    use std::{
        io::Read,
        os::windows::io::AsRawHandle,
        process::{Child, Command, Stdio},
        time::Duration,
    };

    use super::*;

    /// This program, running the test with that name.
    fn program(test: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--nocapture", "--exact", &format!("job_control::stopper::windows::tests::{test}")]);
        command
    }

    fn started(test: &str) -> (Child, Stopper) {
        let child = program(test).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let stopper = Stopper::new(Some((child.as_raw_handle(), child.id())));
        (child, stopper)
    }

    #[test]
    #[ignore = "a command for the other tests"]
    fn starts_another() {
        let mut another = program("waits").spawn().unwrap();
        println!("started");
        another.wait().unwrap();
    }

    #[test]
    #[ignore = "a command for the other tests"]
    fn waits() {
        std::thread::sleep(Duration::from_secs(60));
    }

    #[test]
    #[ignore = "a command for the other tests"]
    fn leaves_another() {
        #[expect(clippy::zombie_processes, reason = "it is to outlive this process")]
        let another = program("waits").spawn().unwrap();
        println!("left {}.", another.id());
    }

    #[test]
    fn a_command_is_ended_with_all_that_it_has_started() {
        let (mut child, stopper) = started("starts_another");
        let mut output = child.stdout.take().unwrap();
        let mut seen = String::new();
        while !seen.contains("started") {
            let mut block = [0; 256];
            let size = output.read(&mut block).unwrap();
            assert!(size > 0, "{seen}");
            seen.push_str(&String::from_utf8_lossy(&block[..size]));
        }
        stopper.stop(StopReason::Cancelled);
        // The pipe ends when nobody can write to it any more.
        output.read_to_end(&mut Vec::new()).unwrap();
        child.wait().unwrap();
        assert_eq!(stopper.command_exited(), Some(StopReason::Cancelled));
    }

    #[test]
    fn what_a_command_leaves_behind_outlives_it_and_us() {
        let (mut child, stopper) = started("leaves_another");
        child.wait().unwrap();
        stopper.stop(StopReason::Cancelled);
        assert_eq!(stopper.command_exited(), None, "it was over before");
        let (mut output, mut seen) = (child.stdout.take().unwrap(), String::new());
        while !seen.contains("left ") || !seen[seen.find("left ").unwrap()..].contains('.') {
            let mut block = [0; 256];
            let size = output.read(&mut block).unwrap();
            assert!(size > 0, "{seen}");
            seen.push_str(&String::from_utf8_lossy(&block[..size]));
        }
        let (_, pid) = seen.split_once("left ").unwrap();
        let (pid, _) = pid.split_once('.').unwrap();
        drop(stopper);
        let mut kill = Command::new("taskkill");
        kill.args(["/F", "/PID", pid]).stdout(Stdio::null());
        assert!(kill.status().unwrap().success(), "process {pid} had gone with its parent");
    }

    #[test]
    fn a_command_that_we_have_ended_has_not_succeeded() {
        assert_eq!((Stopper::exit(Exit::Code(0)), Stopper::exit(Exit::Code(3))), (Exit::Code(1), Exit::Code(3)));
    }
}
