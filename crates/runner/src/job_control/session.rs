//! Leads the session of a command that has a terminal of its own: what `doorbell session` does.
//!
//! A process group can be stopped by a key only when somebody of its session, outside the group, waits for it. A shell does;
//! a command that leads its session itself would not stop at Ctrl-Z. So a process of ours leads the session, puts the
//! command into a group of its own, in the foreground, and stands for it: it hands on signals, stops when the command stops,
//! and ends as the command ends.
//!
//! A group cannot be in the foreground before it is there, and a command that asks its terminal for something before it is in
//! the foreground is stopped. So the same verb, started by the leader, waits for that and then becomes the command.

use std::{
    ffi::OsString,
    io,
    os::unix::process::{CommandExt, ExitStatusExt},
    process::{Child, Command, ExitStatus},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::{
    command,
    exit_as::ExitAs,
    job_control::{
        signals::{CommandGroup, Signals, Target},
        suspend::{Whom, suspend_until_woken},
    },
    processes,
    stdio::Terminals,
};

/// Runs the command in the foreground of the terminal that standard output is, and ends as it does; or, started by that,
/// becomes the command.
///
/// # Errors
/// Signals cannot be caught, the terminal is gone, or the command is not told of.
pub fn run(program: &OsString, args: &[OsString]) -> io::Result<i32> {
    if processes::our_session() == Some(rustix::process::getpid()) { lead(program, args) } else { follow(program, args) }
}

fn follow(program: &OsString, args: &[OsString]) -> io::Result<i32> {
    /// The leader needs less, as a rule, than we have taken to get here.
    const LOOK_EVERY: Duration = Duration::from_micros(200);

    while Some(rustix::termios::tcgetpgrp(io::stdout())?) != processes::our_group() {
        thread::sleep(LOOK_EVERY);
    }
    Ok(command::refused(program, &Command::new(program).args(args).exec()).code())
}

fn lead(program: &OsString, args: &[OsString]) -> io::Result<i32> {
    let signals = Signals::catch()?;
    let size = rustix::termios::tcgetwinsize(io::stdout())?;
    let mut command = command::led(program, args);
    let child = match command.process_group(0).spawn() {
        Ok(child) => child,
        Err(e) => return Ok(command::refused(program, &e).code()),
    };
    let group = Pid::from_child(&child);
    // We are the foreground still, so we may give it away.
    rustix::termios::tcsetpgrp(io::stdout(), group)?;
    if rustix::termios::tcgetwinsize(io::stdout()).is_ok_and(|now| now != size) {
        // The terminal told us, who were the foreground.
        let _ = kill_process_group(group, Signal::WINCH);
    }
    let terminals = Terminals::default();
    let target = signals.hand_on(Some(group), CommandGroup::ItsOwn, terminals.clone())?;
    let status = stand_for(child, group, &target, &terminals)?;
    let_go_of_terminal();
    // Whoever waits for us sees the same.
    let exit_as = status.signal().map_or_else(|| ExitAs::Code(status.code().unwrap_or(1)), ExitAs::Signal);
    Ok(exit_as.carry_out())
}

/// Makes us the foreground. When the leader of a session ends, the foreground is hung up, and the command may have left a server
/// there that shall go on.
fn let_go_of_terminal() {
    let mut change = nix::sys::signal::SigSet::empty();
    change.add(nix::sys::signal::Signal::SIGTTOU);
    // From the background that is allowed to those who do not hear this signal.
    let _ = change.thread_block();
    if let Some(ours) = processes::our_group() {
        let _ = rustix::termios::tcsetpgrp(io::stdout(), ours);
    }
}

fn stand_for(mut child: Child, group: Pid, target: &Target, terminals: &Terminals) -> io::Result<ExitStatus> {
    loop {
        match waitid(WaitId::Pid(group), WaitIdOptions::EXITED | WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT) {
            Ok(Some(status)) if status.stopped() => {
                // Takes this change of state, so that the next wait is for another one.
                let _ = waitid(WaitId::Pid(group), WaitIdOptions::STOPPED | WaitIdOptions::NOHANG);
                let by = status.stopping_signal();
                // It was faster than we were to make it the foreground: nobody has stopped it.
                let was_early = [Signal::TTIN, Signal::TTOU].iter().any(|signal| by == Some(signal.as_raw()));
                if !was_early {
                    suspend_until_woken(Whom::StandIn, terminals);
                }
                let _ = kill_process_group(group, Signal::CONT);
            }
            Ok(_) => break,
            Err(rustix::io::Errno::INTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
    let _ = target.command_exited();
    child.wait()
}
