//! A socket without an HTTP client in between, for callers that do not behave.

use std::net::SocketAddr;

use doorbell_protocol::{EventId, FeedMessage};
use socket2::{SockRef, Socket};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::support::{LONG, TestHub, take_message};

pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
    /// Received, and not looked at yet.
    text: String,
}

impl Raw {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), text: String::new() }
    }

    /// A connection that takes few bytes without being read.
    pub(crate) async fn connect_narrow(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(2_048).unwrap();
        Self { stream: socket.connect(address).await.unwrap(), text: String::new() }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Asks for the feed. By HTTP/1.0, so that the answer has no chunks.
    pub(crate) async fn listen(&mut self, hub: &TestHub, headers: &str) {
        self.send(format!("GET /v1/feed HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n{headers}\r\n", hub.token)).await;
        let head = self.head().await;
        assert!(head.contains(" 200 OK\r\n") && !head.contains("chunked"), "{head}");
    }

    /// The head of an answer.
    pub(crate) async fn head(&mut self) -> String {
        loop {
            if let Some((head, rest)) = self.text.split_once("\r\n\r\n") {
                let head = head.to_owned() + "\r\n";
                self.text = rest.to_owned();
                return head;
            }
            assert!(self.receive().await, "the hub hung up after {:?}", self.text);
        }
    }

    /// The status of the answer, or `None` when there was none. An interim answer is passed over.
    pub(crate) async fn status(&mut self) -> Option<u16> {
        loop {
            if let Some((head, rest)) = self.text.split_once("\r\n\r\n") {
                let status = head.split(' ').nth(1)?.parse().ok()?;
                if status != 100 {
                    return Some(status);
                }
                self.text = rest.to_owned();
            } else if !self.receive().await {
                return None;
            }
        }
    }

    /// The next message of the feed.
    pub(crate) async fn next(&mut self) -> (EventId, FeedMessage) {
        loop {
            if let Some(message) = take_message(&mut self.text) {
                return message;
            }
            assert!(self.receive().await, "the hub hung up after {:?}", self.text);
        }
    }

    /// Everything up to the end.
    pub(crate) async fn rest(&mut self) -> String {
        while self.receive().await {}
        std::mem::take(&mut self.text)
    }

    /// Ends the connection without the usual farewell: what is under way is dropped, and the peer is told by a reset.
    pub(crate) fn reset(self) {
        let socket: SockRef<'_> = SockRef::from(&self.stream);
        Socket::set_linger(&socket, Some(std::time::Duration::ZERO)).unwrap();
    }

    /// Whether there was anything more.
    async fn receive(&mut self) -> bool {
        let mut buffer = [0; 4_096];
        match timeout(LONG, self.stream.read(&mut buffer)).await.expect("the hub is silent") {
            Ok(0) | Err(_) => false,
            Ok(read) => {
                self.text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
                true
            }
        }
    }
}
