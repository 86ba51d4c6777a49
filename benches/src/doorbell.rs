//! `doorbell hub` as it is shipped, with its data in a folder of its own.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::{
    call::{Caller, request},
    process::Processes,
};

/// Where the program is, and where its data may be.
pub(crate) struct Place {
    pub(crate) program: PathBuf,
    pub(crate) folder: PathBuf,
}

pub(crate) struct Doorbell {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
    child: Child,
    command: Command,
    folder: TempDir,
}

impl Doorbell {
    /// Starts a hub, and returns when it answers.
    pub(crate) fn start(place: &Place) -> Result<Self> {
        Self::start_with(place, &[])
    }

    /// [`start`](Self::start), with more arguments.
    pub(crate) fn start_with(place: &Place, args: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir_in(&place.folder)?;
        let data = folder.path().join("data");
        let mut command = Command::new(&place.program);
        command.args(["hub", "--listen", "127.0.0.1:0", "--data-dir"]).arg(&data).args(args);
        for variable in ["HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME"] {
            command.env(variable, folder.path());
        }
        command.env("DOORBELL_LOG", "error").stdin(Stdio::null()).stdout(Stdio::piped());
        let (child, address) = spawn(&mut command)?;
        let token = std::fs::read_to_string(data.join("token"))?.trim().to_owned();
        let hub = Self { address, token, child, command, folder };
        hub.stats()?;
        Ok(hub)
    }

    /// Kills the hub, starts it again, and returns when it answers.
    pub(crate) fn restart(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        (self.child, self.address) = spawn(&mut self.command)?;
        self.stats()?;
        Ok(())
    }

    /// A `doorbell` that calls this hub.
    pub(crate) fn client(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.command.get_program());
        command.args(args).env("DOORBELL_URL", format!("http://{}", self.address)).env("DOORBELL_TOKEN", &self.token);
        for variable in ["HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME"] {
            command.env(variable, self.folder.path());
        }
        command
    }

    pub(crate) fn processes(&self) -> Processes {
        Processes(vec![self.child.id()])
    }

    pub(crate) fn caller(&self) -> Result<Caller> {
        Caller::connect(self.address)
    }

    pub(crate) fn request(&self, method: &str, path: &str, body: &str) -> Vec<u8> {
        request(method, path, &self.token, body)
    }

    /// What the hub counts.
    pub(crate) fn stats(&self) -> Result<serde_json::Value> {
        Ok(serde_json::from_slice(&self.caller()?.call(&self.request("GET", "/v1/stats", ""))?)?)
    }
}

/// Starts it, and learns where it listens.
fn spawn(command: &mut Command) -> Result<(Child, SocketAddr)> {
    let mut child = command.spawn().with_context(|| format!("cannot start {}", command.get_program().display()))?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("no standard output")?).read_line(&mut line)?;
    let address = line.split_once("http://").and_then(|(_, rest)| rest.split(',').next()).context("the hub named no address")?;
    Ok((child, address.parse().with_context(|| format!("{address:?} is no address"))?))
}

impl Drop for Doorbell {
    fn drop(&mut self) {
        // It may have ended before. Whoever needed it has said so.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
