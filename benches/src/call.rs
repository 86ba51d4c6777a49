//! One request as bytes, and one answer on a connection that waits.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

use anyhow::{Context, Result, bail};

/// A request with a JSON body, or without any when `body` is empty.
pub(crate) fn request(method: &str, path: &str, token: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n");
    [head.as_bytes(), body.as_bytes()].concat()
}

/// How many bytes of `bytes` the first whole answer takes, if there is one.
pub(crate) fn whole_answer(bytes: &[u8]) -> Result<Option<usize>> {
    let Some(head) = find(bytes, b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&bytes[..head]).context("an answer's head is not text")?;
    if !text.starts_with("HTTP/1.1 2") {
        bail!("refused: {}", String::from_utf8_lossy(bytes));
    }
    let length = text.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:").map(|n| n.trim().parse::<usize>()));
    let whole = head + 4 + length.transpose()?.unwrap_or(0);
    Ok((bytes.len() >= whole).then_some(whole))
}

pub(crate) fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// A connection that is kept, for one call after another.
pub(crate) struct Caller {
    stream: TcpStream,
}

impl Caller {
    pub(crate) fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).context("cannot connect to the server")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream })
    }

    /// Sends a request; its answer is to be taken by [`answer`](Self::answer).
    pub(crate) fn send(&mut self, request: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(request)?)
    }

    /// The body of the answer.
    pub(crate) fn answer(&mut self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 16 * 1024];
        loop {
            if let Some(whole) = whole_answer(&bytes)? {
                let body = find(&bytes, b"\r\n\r\n").map_or(whole, |head| head + 4);
                return Ok(bytes[body..whole].to_vec());
            }
            match self.stream.read(&mut buffer)? {
                0 => bail!("the server hung up"),
                n => bytes.extend_from_slice(&buffer[..n]),
            }
        }
    }

    pub(crate) fn call(&mut self, request: &[u8]) -> Result<Vec<u8>> {
        self.send(request)?;
        self.answer()
    }
}
