//! A stream of server-sent events, block by block, as it comes over the socket.

use reqwest::{RequestBuilder, Response, StatusCode};
use tokio::time::timeout;

use crate::support::LONG;

pub(crate) struct Blocks {
    answer: Response,
    text: String,
}

impl Blocks {
    pub(crate) async fn of(call: RequestBuilder) -> Self {
        let answer = call.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        Self { answer, text: String::new() }
    }

    /// The next block, or `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = block.to_owned();
                self.text = rest.to_owned();
                return Some(block);
            }
            let chunk = timeout(LONG, self.answer.chunk()).await.expect("the stream is silent").ok()??;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

pub(crate) fn field<'a>(block: &'a str, name: &str) -> Option<&'a str> {
    block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}
