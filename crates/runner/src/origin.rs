//! Who runs a job and where: what a hub is told about this machine.

use doorbell_protocol::Origin;

/// Host, user and working folder of this process, and the command, each cut to what a hub keeps.
#[must_use]
pub fn here(command: &[String]) -> Origin {
    let cwd = std::env::current_dir().ok().map(|cwd| cwd.to_string_lossy().into_owned());
    Origin { host: host(), user: user(), cwd, command: command.to_vec() }.cut()
}

/// The name of this machine.
#[must_use]
pub fn host() -> Option<String> {
    #[cfg(unix)]
    let name = rustix::system::uname().nodename().to_str().ok().map(str::to_owned);
    #[cfg(not(unix))]
    let name = std::env::var("COMPUTERNAME").ok();
    name.filter(|name| !name.is_empty())
}

/// The login name of who runs this process.
#[must_use]
pub fn user() -> Option<String> {
    ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok()).filter(|name| !name.is_empty())
}
