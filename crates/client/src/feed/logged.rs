//! The token is in nothing that we and the libraries underneath log, with all levels switched on.

use std::{
    fmt::Write as _,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;
use crate::{BearerToken, Client, Endpoint};

const TOKEN: &str = "tok-5f2c9e81";

static LOGGED: Mutex<String> = Mutex::new(String::new());

fn logged() -> MutexGuard<'static, String> {
    LOGGED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes all that is logged by `log`, which the event source library and reqwest use, and by `tracing`.
#[derive(Clone, Copy)]
struct Everything;

impl log::Log for Everything {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        writeln!(logged(), "{} {}", record.target(), record.args()).unwrap();
    }

    fn flush(&self) {}
}

impl io::Write for Everything {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        logged().push_str(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The address of a server that gives each connection the same answer.
async fn server(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.read(&mut [0; 1024]).await;
            let _ = socket.write_all(answer.as_bytes()).await;
        }
    });
    url
}

#[tokio::test]
async fn the_token_is_in_nothing_that_is_logged_or_told() {
    log::set_logger(&Everything).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(|| Everything).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nretry: 1000\n\nevent: snapshot\n\
         data: {\"counts\":{\"running\":0},\"running\":[],\"now\":\"2026-11-21T10:00:00.000Z\",\"gap\":false}\n\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nevent: snapshot\ndata: {\n\n",
        "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        "no HTTP\r\n\r\n",
        "",
    ] {
        let source = EndpointSource::fixed(Endpoint::new(&server(answer).await, BearerToken::new(TOKEN).unwrap()).unwrap());
        let (feed, mut updates) = Feed::open(source.clone());
        let mut told = format!("{feed:?} {source:?}");
        while !told.contains("Down") && !told.contains("Refused") {
            write!(told, "{:?}", updates.recv().await.unwrap()).unwrap();
        }
        let client = Client::new(source);
        write!(told, "{client:?} {:?}", client.running(None).await).unwrap();
        assert!(!told.contains(TOKEN), "{told}");
    }
    let logged = logged();
    assert!(logged.contains("doorbell_client::feed") && logged.contains("eventsource_client"), "{logged}");
    assert!(!logged.contains(TOKEN), "{logged}");
}
