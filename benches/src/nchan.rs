//! nginx with nchan and two workers: the same audience, served by the best that was found.

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::process::{self, Processes};

pub(crate) struct Nchan {
    pub(crate) address: SocketAddr,
    master: Child,
    _folder: TempDir,
}

impl Nchan {
    /// `None` when it is not installed.
    pub(crate) fn start(folder: &Path) -> Result<Option<Self>> {
        let module = Path::new("/usr/lib/nginx/modules/ngx_nchan_module.so");
        if !module.exists() {
            return Ok(None);
        }
        let folder = tempfile::tempdir_in(folder)?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        std::fs::write(folder.path().join("nginx.conf"), configuration(module, folder.path(), address))?;
        let mut command = Command::new("/usr/sbin/nginx");
        command.arg("-p").arg(folder.path()).arg("-c").arg(folder.path().join("nginx.conf"));
        let master = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().context("cannot start nginx")?;
        let nchan = Self { address, master, _folder: folder };
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(address).is_err() || nchan.processes()?.0.len() < 3 {
            if Instant::now() > deadline {
                bail!("nginx does not serve");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(Some(nchan))
    }

    /// The master and its workers.
    pub(crate) fn processes(&self) -> Result<Processes> {
        let mut pids = process::children(self.master.id())?;
        pids.push(self.master.id());
        Ok(Processes(pids))
    }
}

impl Drop for Nchan {
    fn drop(&mut self) {
        // The master ends its workers when it is asked to end, not when it is killed.
        if let Some(master) = rustix::process::Pid::from_raw(self.master.id().cast_signed()) {
            let _ = rustix::process::kill_process(master, rustix::process::Signal::TERM);
        }
        let _ = self.master.wait();
    }
}

fn configuration(module: &Path, folder: &Path, address: SocketAddr) -> String {
    let (module, folder) = (module.display(), folder.display());
    format!(
        "load_module {module};
        daemon off;
        user root;
        worker_processes 2;
        worker_rlimit_nofile 20000;
        pid {folder}/pid;
        error_log {folder}/error.log;
        events {{ worker_connections 10500; }}
        http {{
            access_log off;
            client_body_temp_path {folder}/body;
            server {{
                listen {address} reuseport backlog=4096;
                location /feed {{ nchan_subscriber eventsource; nchan_channel_id feed; nchan_subscriber_first_message newest; }}
                location /publish {{ nchan_publisher; nchan_channel_id feed; nchan_message_buffer_length 1024; }}
            }}
        }}"
    )
}
