//! Leads the session of a command that has a terminal of its own. This is what `doorbell session` does.
//!
//! Ctrl-Z suspends a process group only when a process of the same session, but outside the group, waits for
//! it. A shell is such a process. A command that leads its session itself would not be suspended. So a
//! process of ours leads the session, puts the command into a group of its own, in the foreground, and stands
//! in for it: it hands on signals, is suspended when the command is, and ends as the command ends.
//!
//! A command that reads its terminal before its group is in the foreground is suspended, and a group can be
//! put there only once it exists. So the leader starts the same verb again; that process waits until its
//! group is in the foreground and then becomes the command.

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
    not_started, processes,
    stdio::Terminals,
};

/// As the leader of a session: runs the command in the foreground of the terminal that is our standard
/// output, and ends as the command ends. Started by the leader: becomes the command.
///
/// # Errors
/// Signals cannot be caught, the terminal is gone, or the command cannot be waited for.
pub fn run(program: &OsString, args: &[OsString]) -> io::Result<i32> {
    if processes::our_session() == Some(rustix::process::getpid()) { lead(program, args) } else { follow(program, args) }
}

fn follow(program: &OsString, args: &[OsString]) -> io::Result<i32> {
    /// As a rule the leader is done before we get here, so the first look is enough.
    const LOOK_EVERY: Duration = Duration::from_micros(200);

    while Some(rustix::termios::tcgetpgrp(io::stdout())?) != processes::our_group() {
        thread::sleep(LOOK_EVERY);
    }
    Ok(not_started::refused(program, &Command::new(program).args(args).exec()).code())
}

fn lead(program: &OsString, args: &[OsString]) -> io::Result<i32> {
    let signals = Signals::catch()?;
    let size = rustix::termios::tcgetwinsize(io::stdout())?;
    let mut command = command::led(program, args);
    let child = match command.process_group(0).spawn() {
        Ok(child) => child,
        Err(e) => return Ok(not_started::refused(program, &e).code()),
    };
    let group = Pid::from_child(&child);
    // We are still the foreground group, so we may make another one that.
    rustix::termios::tcsetpgrp(io::stdout(), group)?;
    if rustix::termios::tcgetwinsize(io::stdout()).is_ok_and(|now| now != size) {
        // The terminal has told only us, who were the foreground group.
        let _ = kill_process_group(group, Signal::WINCH);
    }
    let terminals = Terminals::default();
    let target = signals.hand_on(Some(group), CommandGroup::ItsOwn, terminals.clone())?;
    let status = stand_for(child, group, &target, &terminals)?;
    let_go_of_terminal();
    // Whoever waits for us sees how the command ended.
    let exit_as = status.signal().map_or_else(|| ExitAs::Code(status.code().unwrap_or(1)), ExitAs::Signal);
    Ok(exit_as.carry_out())
}

/// Makes our own group the foreground. When the leader of a session ends, the foreground group gets SIGHUP.
/// The command may have left a server in its group, which must not get it.
fn let_go_of_terminal() {
    let mut change = nix::sys::signal::SigSet::empty();
    change.add(nix::sys::signal::Signal::SIGTTOU);
    // A process in the background may change the foreground only while it blocks this signal.
    let _ = change.thread_block();
    if let Some(ours) = processes::our_group() {
        let _ = rustix::termios::tcsetpgrp(io::stdout(), ours);
    }
}

fn stand_for(mut child: Child, group: Pid, target: &Target, terminals: &Terminals) -> io::Result<ExitStatus> {
    loop {
        match waitid(WaitId::Pid(group), WaitIdOptions::EXITED | WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT) {
            Ok(Some(status)) if status.stopped() => {
                // Takes this report, so that the next wait is for another one.
                let _ = waitid(WaitId::Pid(group), WaitIdOptions::STOPPED | WaitIdOptions::NOHANG);
                let by = status.stopping_signal();
                // It asked its terminal for something before we had made it the foreground. Nobody has
                // suspended it.
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
