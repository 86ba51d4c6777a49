//! The session bus: private, and with a connection of its own for looking around.

use std::io::{BufRead, BufReader};

use anyhow::{Context, Result};
use zbus::{Connection, fdo::DBusProxy, names::BusName};

use super::{
    process::{Process, Stdout},
    session::Session,
    wait,
};

/// A running bus.
#[derive(Debug)]
pub struct Bus {
    connection: Connection,
    address: String,
    _daemon: Process,
}

impl Bus {
    /// Starts the bus at the address that the session's environment names.
    ///
    /// # Errors
    /// It did not come up.
    pub async fn start(session: &mut Session) -> Result<Self> {
        let config = session.write("session.conf", include_str!("config/session.conf"))?;
        let config = format!("--config-file={}", config.display());
        let mut command = session.dependent_command("dbus-daemon", &["--nofork", "--print-address=1", &config]);
        let mut daemon = session.start(&mut command, Stdout::Piped)?;
        let mut address = String::new();
        BufReader::new(daemon.take_stdout().context("a piped program has a pipe")?).read_line(&mut address)?;
        anyhow::ensure!(!address.trim().is_empty(), "no session bus; {}", daemon.last_words());
        let address = address.trim().to_owned();
        session.set_env("DBUS_SESSION_BUS_ADDRESS", &address);
        let bus = Self { connection: connect(&address).await?, address, _daemon: daemon };
        Ok(bus)
    }

    /// The connection that is shared by all observers.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// One more connection, for who must not share.
    ///
    /// # Errors
    /// The bus is gone.
    pub async fn connect(&self) -> Result<Connection> {
        connect(&self.address).await
    }

    /// Names that are owned now, unique ones among them.
    ///
    /// # Errors
    /// The bus is gone.
    pub async fn names(&self) -> Result<Vec<String>> {
        let names = DBusProxy::new(&self.connection).await?.list_names().await?;
        Ok(names.into_iter().map(|name| name.to_string()).collect())
    }

    /// Waits until somebody owns `name`.
    ///
    /// # Errors
    /// Nobody did in time.
    pub async fn until_somebody_owns(&self, name: &str) -> Result<()> {
        wait::until(&format!("somebody owns {name}"), wait::SOON, async || self.owned(name).await).await
    }

    /// Waits until nobody owns `name`.
    ///
    /// # Errors
    /// Somebody still did at the deadline.
    pub async fn until_nobody_owns(&self, name: &str) -> Result<()> {
        wait::until(&format!("nobody owns {name}"), wait::SOON, async || Ok(!self.owned(name).await?)).await
    }

    /// Waits until a process has no connection left: then the bus has passed on all that it ever sent.
    ///
    /// # Errors
    /// It still had one at the deadline.
    pub async fn until_without(&self, pid: u32) -> Result<()> {
        let proxy = DBusProxy::new(&self.connection).await?;
        wait::until(&format!("process {pid} leaves the bus"), wait::SOON, async || {
            for name in self.names().await?.iter().filter(|name| name.starts_with(':')) {
                // An error means that the connection went away since the names were listed.
                if proxy.get_connection_unix_process_id(BusName::try_from(name.as_str())?).await.is_ok_and(|owner| owner == pid) {
                    return Ok(false);
                }
            }
            Ok(true)
        })
        .await
    }

    async fn owned(&self, name: &str) -> Result<bool> {
        Ok(DBusProxy::new(&self.connection).await?.name_has_owner(BusName::try_from(name)?).await?)
    }
}

async fn connect(address: &str) -> Result<Connection> {
    zbus::connection::Builder::address(address)?.build().await.context("cannot connect to the private session bus")
}
