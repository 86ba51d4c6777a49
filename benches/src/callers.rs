//! Some sockets that ask, each with one request under way, in one thread.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::{buffer::spare_capacity, event::epoll};

use crate::call::whole_answer;

/// Asks for `time` over `callers` connections and returns how many answers came a second. `request` makes the next request
/// of a caller.
pub(crate) fn answers_per_second(
    address: SocketAddr,
    callers: usize,
    time: Duration,
    mut request: impl FnMut(usize) -> Vec<u8>,
) -> Result<f64> {
    let start = Instant::now();
    let answers = answers(address, callers, |caller, _| (start.elapsed() < time).then(|| request(caller)))?;
    Ok(f64::from(answers) / start.elapsed().as_secs_f64())
}

/// Asks over `callers` connections until `request` has no next request for any of them, and returns how many answers came. It is told the
/// caller and the answer before, which is empty at first.
pub(crate) fn answers(address: SocketAddr, callers: usize, mut request: impl FnMut(usize, &[u8]) -> Option<Vec<u8>>) -> Result<u32> {
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let mut sockets = Vec::with_capacity(callers);
    let mut asking = 0;
    for n in 0..callers {
        let mut socket = TcpStream::connect(address).context("cannot connect to the server")?;
        socket.set_nodelay(true)?;
        socket.set_nonblocking(true)?;
        epoll::add(&epoll, &socket, epoll::EventData::new_u64(u64::try_from(n)?), epoll::EventFlags::IN)?;
        if let Some(request) = request(n, &[]) {
            // The socket's buffer is empty, as the request before was answered, so this one fits into it.
            socket.write_all(&request)?;
            asking += 1;
        }
        sockets.push((socket, Vec::new()));
    }
    let mut answers = 0;
    let mut buffer = vec![0; 16 * 1024];
    let mut events = Vec::with_capacity(callers);
    while asking > 0 {
        events.clear();
        epoll::wait(&epoll, spare_capacity(&mut events), None)?;
        for event in &events {
            let n = usize::try_from(event.data.u64())?;
            let (socket, answer) = &mut sockets[n];
            match socket.read(&mut buffer) {
                Ok(0) => bail!("the server hung up on a caller"),
                Ok(read) => answer.extend_from_slice(&buffer[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error).context("a caller broke"),
            }
            if let Some(whole) = whole_answer(answer)? {
                let answer: Vec<u8> = answer.drain(..whole).collect();
                answers += 1;
                match request(n, &answer) {
                    Some(request) => socket.write_all(&request)?,
                    None => asking -= 1,
                }
            }
        }
    }
    Ok(answers)
}
