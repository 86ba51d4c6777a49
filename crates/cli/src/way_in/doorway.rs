//! A listener on loopback that hands an address to the first browser of this user that asks, and to nobody else.

use std::{ffi::OsStr, net::SocketAddr, time::Duration};

use anyhow::Context as _;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::spawn_blocking,
    time::{sleep, timeout},
};

use super::{outcome::Outcome, peer};

/// An address is good for as long.
const GOOD_FOR: Duration = Duration::from_secs(60);
/// A caller says within this time what it wants.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest head of a request, in bytes.
const HEAD: usize = 16 * 1024;

/// What an answer is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Answer {
    /// Here it is.
    Address,
    /// Not for you.
    Forbidden,
    /// Nothing else is here.
    NotFound,
}

/// Has `start` start a browser that comes here for `address`, and waits until it has come.
pub(super) async fn open(address: &str, start: impl FnOnce(&OsStr) -> bool + Send + 'static) -> anyhow::Result<Outcome> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("cannot listen on 127.0.0.1")?;
    let here = listener.local_addr()?;
    let started = async {
        let target = format!("http://{here}/");
        match spawn_blocking(move || start(target.as_ref())).await {
            Ok(true) => std::future::pending().await,
            Ok(false) | Err(_) => Outcome::NoBrowser,
        }
    };
    tokio::select! {
        handed = hand_over(&listener, here, address) => handed.map(|()| Outcome::Opened),
        none = started => Ok(none),
        () = sleep(GOOD_FOR) => Ok(Outcome::NobodyCame),
    }
}

/// Returns when a caller of this user has got the address.
async fn hand_over(listener: &TcpListener, here: SocketAddr, address: &str) -> anyhow::Result<()> {
    // Browsers also open connections that they may need later, so each has a task of its own.
    let (handed, mut heard) = mpsc::channel(1);
    loop {
        let (stream, theirs) = tokio::select! {
            accepted = listener.accept() => accepted.context("cannot take a connection")?,
            _ = heard.recv() => return Ok(()),
        };
        let owner = peer::owner(theirs, here).context("cannot look up who calls")?;
        let is_ours = owner == Some(rustix::process::geteuid().as_raw());
        let (handed, address) = (handed.clone(), address.to_owned());
        tokio::spawn(async move {
            if let Ok(Some(Answer::Address)) = timeout(PATIENCE, serve(stream, is_ours, &address)).await {
                let _ = handed.send(()).await;
            }
        });
    }
}

/// Answers one request. `None` when there was none, or the caller has gone.
async fn serve(mut stream: TcpStream, is_ours: bool, address: &str) -> Option<Answer> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() > HEAD || stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let answer = if is_ours { asked(&String::from_utf8_lossy(&head)) } else { Answer::Forbidden };
    stream.write_all(answer.written(address).as_bytes()).await.ok()?;
    stream.shutdown().await.ok()?;
    Some(answer)
}

/// What a browser of this user asks for. Pages that it shows may not ask.
fn asked(head: &str) -> Answer {
    let mut lines = head.lines();
    let is_page = lines.next().is_some_and(|line| line.starts_with("GET / HTTP/1."));
    let headers = lines.filter_map(|line| line.split_once(':'));
    let from_page = headers.filter(|(name, _)| name.eq_ignore_ascii_case("sec-fetch-site")).any(|(_, site)| site.trim() != "none");
    match (is_page, from_page) {
        (true, false) => Answer::Address,
        (true, true) => Answer::Forbidden,
        (false, _) => Answer::NotFound,
    }
}

impl Answer {
    fn written(self, address: &str) -> String {
        let (status, more) = match self {
            Self::Address => ("303 See Other", format!("Location: {address}\r\n")),
            Self::Forbidden => ("403 Forbidden", String::new()),
            Self::NotFound => ("404 Not Found", String::new()),
        };
        let always = "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nContent-Length: 0\r\nConnection: close\r\n";
        format!("HTTP/1.1 {status}\r\n{more}{always}\r\n")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    const ADDRESS: &str = "http://127.0.0.1:7117/#key=abc";

    #[tokio::test]
    async fn the_first_browser_that_asks_for_the_page_gets_the_address_and_others_hold_it_up_in_no_way() {
        let (told, target) = channel();
        let opened = tokio::spawn(open(ADDRESS, move |target| told.send(target.to_owned()).is_ok()));
        let target = spawn_blocking(move || target.recv().unwrap()).await.unwrap().into_string().unwrap();
        let here = target.strip_prefix("http://").and_then(|rest| rest.strip_suffix('/')).unwrap().to_owned();
        let ask = async |request: &str| {
            let mut stream = TcpStream::connect(&here).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        };
        let _silent = TcpStream::connect(&here).await.unwrap();
        for (request, status) in [
            ("GET /favicon.ico HTTP/1.1\r\n\r\n", "404"),
            ("POST / HTTP/1.1\r\n\r\n", "404"),
            ("GET / HTTP/1.1\r\nSec-Fetch-Site: cross-site\r\n\r\n", "403"),
        ] {
            let answer = ask(request).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && !answer.contains("key"), "{answer}");
        }
        let answer = ask("GET / HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: none\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 303 ") && answer.contains(&format!("Location: {ADDRESS}\r\n")), "{answer}");
        for header in ["Cache-Control: no-store", "Referrer-Policy: no-referrer"] {
            assert!(answer.contains(header), "{answer}");
        }
        assert_eq!(opened.await.unwrap().unwrap(), Outcome::Opened);
        assert!(TcpStream::connect(&here).await.is_err());
    }

    #[tokio::test]
    async fn without_a_browser_it_ends_at_once() {
        assert_eq!(open(ADDRESS, |_| false).await.unwrap(), Outcome::NoBrowser);
    }

    #[tokio::test(start_paused = true)]
    async fn when_nobody_comes_it_ends_with_the_address() {
        let start = tokio::time::Instant::now();
        let (_keep, started) = channel::<()>();
        assert_eq!(
            open(ADDRESS, move |_| {
                let _ = started.try_recv();
                true
            })
            .await
            .unwrap(),
            Outcome::NobodyCame
        );
        assert!(start.elapsed() >= GOOD_FOR);
    }
}
