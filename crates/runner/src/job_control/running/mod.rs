//! A command that runs, with our signals or console events handed on to it.

#[cfg(unix)]
mod unix;
#[cfg(not(unix))]
mod windows;

#[cfg(unix)]
pub(crate) use self::unix::RunningCommand;
#[cfg(not(unix))]
pub(crate) use self::windows::RunningCommand;
