//! Many sockets that listen, in one thread and with one buffer, so that the client costs as little as a client can.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::{
    buffer::spare_capacity,
    event::{Timespec, epoll},
    net::sockopt::set_socket_linger,
};

/// Nothing that is waited for takes this long.
const LONG: Timespec = Timespec { tv_sec: 20, tv_nsec: 0 };
/// How many sockets that are ready are taken in one go.
const EVENTS: usize = 1_024;

pub(crate) struct Crowd {
    sockets: Vec<TcpStream>,
    epoll: rustix::fd::OwnedFd,
    buffer: Vec<u8>,
}

impl Crowd {
    /// Connects `size` sockets, each with `request`, and waits until each has its first message.
    pub(crate) fn gather(address: SocketAddr, size: usize, request: &[u8]) -> Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut sockets = Vec::with_capacity(size);
        for n in 0..size {
            let mut socket = TcpStream::connect(address).with_context(|| format!("cannot connect socket {n}"))?;
            socket.write_all(request)?;
            socket.set_nonblocking(true)?;
            epoll::add(&epoll, &socket, epoll::EventData::new_u64(u64::try_from(n)?), epoll::EventFlags::IN)?;
            sockets.push(socket);
        }
        let mut crowd = Self { sockets, epoll, buffer: vec![0; 64 * 1024] };
        crowd.hear(b"\n\n", Instant::now())?;
        Ok(crowd)
    }

    /// How long after `since` each socket has received `what`.
    pub(crate) fn hear(&mut self, what: &[u8], since: Instant) -> Result<Vec<Duration>> {
        let mut heard = vec![None; self.sockets.len()];
        let mut missing = heard.len();
        let mut events = Vec::with_capacity(EVENTS);
        while missing > 0 {
            events.clear();
            if epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&LONG))? == 0 {
                bail!("{missing} of {} sockets heard nothing", heard.len());
            }
            for event in &events {
                let n = usize::try_from(event.data.u64())?;
                let read = match self.sockets[n].read(&mut self.buffer) {
                    Ok(0) => bail!("the server hung up on a listener"),
                    Ok(read) => read,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                    Err(error) => return Err(error).context("a listener broke"),
                };
                if heard[n].is_none() && super::call::find(&self.buffer[..read], what).is_some() {
                    heard[n] = Some(since.elapsed());
                    missing -= 1;
                }
            }
        }
        Ok(heard.into_iter().flatten().collect())
    }
}

impl Drop for Crowd {
    /// Leaves by a reset: ten thousand ports that the kernel keeps back for a minute would slow down the next crowd.
    fn drop(&mut self) {
        for socket in &self.sockets {
            // This fails for a socket that is gone already, which needs no reset.
            let _ = set_socket_linger(socket, Some(Duration::ZERO));
        }
    }
}
