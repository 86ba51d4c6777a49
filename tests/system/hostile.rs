//! A hub that means harm: whatever it says, no verb hands a terminal anything to act on but our own colours, and each one ends.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use doorbell_protocol::{
    log::Base64,
    routes::{self, Spec},
    text,
};
use doorbell_tests::{Home, eventually, home::program, hub::SOON, terminal::Terminal};
use serde_json::{Value, json};

/// A title, a clipboard, a screen that is cleared, colours that we do not use, C1, an override, and a line of its own.
const BAD: &str = "\u{1b}]0;t\u{7}\u{1b}]52;c;ZXZpbA==\u{1b}\\\u{1b}[2J\u{1b}[5;35;47m\u{9b}1;1H\u{202e}\u{2066}\u{8}\u{7f}\r\nevil";
const JOB: &str = "0192f0c1-7a3b-7c4d-8e5f-0123456789ab";
/// Values that are no text: another one could not be read.
const NO_TEXT: [&str; 21] = [
    "id", "now", "state", "epoch", "style", "status", "retry_of", "parent", "schedule", "bytes", "overlap", "catch_up", "roles", "role",
    "code", "running", "after", "job", "worker", "path", "reach",
];

/// How it answers.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Manner {
    /// As a hub does, with [`BAD`] in every text.
    Lies,
    /// Refuses everything, in such words.
    Refuses,
    /// Every page of jobs leads to another one, and each of them to one further down.
    Endless,
    /// Every page of jobs leads to the first.
    Circle,
    /// With JSON that breaks off.
    BreaksOff,
    /// With JSON that is something else.
    Nonsense,
}

fn hub(manner: Manner) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let pages = Arc::new(AtomicU32::new(u32::MAX));
    thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let pages = pages.clone();
            thread::spawn(move || answer(socket, manner, &pages));
        }
    });
    url
}

/// Answers one request, and holds a stream open until the other end closes.
fn answer(mut socket: TcpStream, manner: Manner, pages: &AtomicU32) -> Option<()> {
    let mut reader = BufReader::new(socket.try_clone().ok()?);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        (reader.read_until(b'\n', &mut head).ok()? > 0).then_some(())?;
    }
    let head = String::from_utf8(head).ok()?;
    let length = head.to_lowercase().split_once("content-length: ").and_then(|(_, rest)| rest.lines().next()?.trim().parse().ok());
    reader.read_exact(&mut vec![0; length.unwrap_or(0)]).ok()?;
    let (method, target) = head.split_once(' ').and_then(|(method, rest)| Some((method, rest.split(' ').next()?)))?;
    let path = target.split('?').next()?;
    let spec = routes::ALL.iter().find(|spec| spec.method.as_str() == method && is_path(spec, path))?;
    let whole = |status: &str, body: String| {
        format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
    };
    let stream = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nDoorbell-Newest: 00f3a1b2c4d5e6f7-42\r\nConnection: close\r\n\r\n";
    if manner == Manner::Refuses {
        let body = json!({"error": {"code": "bad_transition", "message": format!("no{BAD}"), "field": BAD}});
        return socket.write_all(whole("409 Conflict", body.to_string()).as_bytes()).ok();
    }
    if path == "/v1/feed" {
        let events = match manner {
            Manner::BreaksOff | Manner::Nonsense => "id: 00f3a1b2c4d5e6f7-41\nevent: snapshot\ndata: {\"counts\":\n\n".to_owned(),
            Manner::Lies | Manner::Refuses | Manner::Endless | Manner::Circle => [
                event(41, "snapshot", "snapshot"),
                event(42, "job.started", "event"),
                event(43, "question.asked", "event-question"),
                event(44, "job.finished", "event-late"),
                "id: 00f3a1b2c4d5e6f7-45\nevent: job.started\ndata: {\"at\":\"\u{1b}[2J\"}\n\n".to_owned(),
            ]
            .concat(),
        };
        socket.write_all([stream, &events].concat().as_bytes()).ok()?;
        return socket.read(&mut [0]).map(drop).ok();
    }
    if target.contains("follow=true") {
        let bytes = Base64(format!("more\x1b[32mgreen\x1b[0m{BAD}\n").into());
        let part = format!("id: 900\nevent: part\ndata: {}\n\n", json!({"offset": 800, "bytes": bytes}));
        let end = if manner == Manner::Lies { "id: 900\nevent: end\ndata: {\"end\":900}\n\n" } else { "event: part\ndata: {\n\n" };
        socket.write_all([stream, &part, end].concat().as_bytes()).ok()?;
        return socket.read(&mut [0]).map(drop).ok();
    }
    let body = match manner {
        Manner::BreaksOff => format!("{{\"job\":\"{BAD}"),
        Manner::Nonsense => json!([BAD, {BAD: BAD}]).to_string(),
        Manner::Lies | Manner::Refuses | Manner::Endless | Manner::Circle => body(spec, target, manner, pages).to_string(),
    };
    socket.write_all(whole(if spec.statuses.contains(&200) { "200 OK" } else { "201 Created" }, body).as_bytes()).ok()
}

fn is_path(spec: &Spec, path: &str) -> bool {
    match spec.path.split_once(routes::ID) {
        None => spec.path == path,
        Some((before, after)) => path.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)).is_some_and(|id| !id.contains('/')),
    }
}

fn body(spec: &Spec, target: &str, manner: Manner, pages: &AtomicU32) -> Value {
    if spec.path == "/v1/jobs" && spec.method == routes::Method::Get && target != "/v1/jobs?state=running" {
        let n = pages.fetch_sub(1, Ordering::Relaxed);
        let mut page = spoilt(fixture("job-page"));
        let id = |n: u32| format!("0192f0c1-0000-7000-8000-0000{n:08x}");
        page["jobs"].as_array_mut().unwrap().truncate(1);
        page["jobs"][0]["id"] = id(n).into();
        page["next_cursor"] = match manner {
            Manner::Endless => id(n).into(),
            Manner::Circle => JOB.into(),
            Manner::Lies | Manner::Refuses | Manner::BreaksOff | Manner::Nonsense => Value::Null,
        };
        return page;
    }
    let mut body = spoilt(spec.answers.first().map_or(json!({}), |name| fixture(name)));
    if spec.path == "/v1/browser-sessions" {
        body["path"] = "@evil.example/".into();
    }
    if spec.path.ends_with("/log") && body.get("parts").is_some() {
        body["parts"][0]["bytes"] = json!(Base64(format!("log\x1b[31mred\x1b[0m{BAD}\n").into()));
    }
    body
}

fn event(seq: u32, kind: &str, fixture_name: &str) -> String {
    format!("id: 00f3a1b2c4d5e6f7-{seq}\nevent: {kind}\ndata: {}\n\n", spoilt(fixture(fixture_name)))
}

fn fixture(name: &str) -> Value {
    let path = format!("{}/fixtures/protocol/v1/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))).unwrap()
}

/// With something bad in every text, and in the names of labels.
fn spoilt(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(format!("{text}{BAD}")),
        Value::Array(values) => values.into_iter().map(spoilt).collect(),
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| match name.as_str() {
                    "labels" => {
                        let labels = value.as_object().unwrap().keys().map(|label| (format!("{label}{BAD}"), BAD.into()));
                        (name, Value::Object(labels.collect()))
                    }
                    at if at.ends_with("_at") || at.ends_with("_fire") || at == "at" || at == "last_seen" => (name, value),
                    no_text if NO_TEXT.contains(&no_text) && !value.is_object() && !has_objects(&value) => (name, value),
                    _ => (name, spoilt(value)),
                })
                .collect(),
        ),
        value @ (Value::Null | Value::Bool(_) | Value::Number(_)) => value,
    }
}

fn has_objects(value: &Value) -> bool {
    value.as_array().is_some_and(|values| values.iter().any(Value::is_object))
}

/// Verbs that end by themselves.
const ENDING: &[&[&str]] = &[
    &["ls"],
    &["ls", "--json"],
    &["show", JOB],
    &["show", "nightly"],
    &["show", "--json", JOB],
    &["log", JOB],
    &["log", "-n", "5", JOB],
    &["log", "-f", JOB],
    &["log", "--json", JOB],
    &["questions"],
    &["questions", "--json"],
    &["status"],
    &["status", "--json"],
    &["config"],
    &["worker", "ls"],
    &["worker", "ls", "--json"],
    &["worker", "drain", "nobody"],
    &["schedule", "ls"],
    &["schedule", "ls", "--json"],
    &["schedule", "add", "@daily", "--timezone", "UTC", "--", "true"],
    &["schedule", "pause", "nothing"],
    &["token", "ls"],
    &["token", "ls", "--json"],
    &["token", "create", "--name", "ci", "--role", "report"],
    &["add", "--", "true"],
    &["test-job"],
    &["cancel", JOB],
    &["retry", JOB],
    &["rm", JOB],
    &["progress", "1/2", "--job", JOB],
    &["open", "--browser"],
];

/// Verbs that go on until they are stopped, or until a job ends.
const LASTING: &[&[&str]] = &[&["watch"], &["watch", "--json"], &["wait", JOB]];

fn said(home: &Home, url: &str, args: &[&str], lasts: bool) -> String {
    let mut command = Command::new(program());
    command.args(args).envs([("DOORBELL_URL", url), ("DOORBELL_TOKEN", "a-secret"), ("TERM", "xterm"), ("PATH", "")]);
    let mut terminal = Terminal::start_as(home, command, (24, 100), None);
    if lasts {
        eventually("it says something", SOON, || (!terminal.program.output().is_empty()).then_some(()));
        // It may have ended by then.
        terminal.types("\u{3}");
    }
    terminal.end().1
}

/// Nothing but text, line ends, what `indicatif` draws its bars with, and our colours. A log may have its own.
fn is_safe(args: &[&str], shown: &str) -> bool {
    let ours = regex::Regex::new(r"\x1b\[(?:[0-9;]*m|[0-9]*[ABGKJ]|\?25[hl])").unwrap();
    let foreign = ["\u{1b}[2J", "\u{1b}]", if args[0] == "log" { "\u{1b}[2J" } else { "\u{1b}[5;35;47m" }];
    let rest = ours.replace_all(shown, "");
    !foreign.iter().any(|bad| shown.contains(bad)) && rest.chars().all(|c| matches!(c, '\r' | '\n' | '\t') || text::is_printable(c))
}

#[test]
fn no_verb_hands_a_terminal_anything_but_text_and_our_colours_and_each_one_ends() {
    for manner in [Manner::Lies, Manner::Refuses, Manner::Endless, Manner::Circle, Manner::BreaksOff, Manner::Nonsense] {
        let (home, url) = (Home::new(), hub(manner));
        let verbs = ENDING.iter().map(|args| (*args, false)).chain(LASTING.iter().map(|args| (*args, true)));
        let mut seen = String::new();
        for (args, lasts) in verbs {
            let said = said(&home, &url, args, lasts);
            assert!(is_safe(args, &said), "{manner:?} {args:?}: {said:?}");
            assert!(!said.contains("unrecognized") && !said.contains("Usage:"), "{args:?}: {said}");
            // What it lies in can be read.
            let is_read = !said.contains("this version") || args[0] == "open" || lasts;
            assert!(manner != Manner::Lies || is_read, "{args:?}: {said}");
            seen += &said;
        }
        match manner {
            Manner::Lies => {
                for text in ["evil", "\u{1b}[31mred", "\u{1b}[32mgreen", "leads elsewhere"] {
                    assert!(seen.contains(text), "{text:?} was not shown: {seen:?}");
                }
            }
            Manner::Endless | Manner::Circle => assert!(seen.contains("its list of jobs"), "{seen:?}"),
            Manner::Refuses | Manner::BreaksOff | Manner::Nonsense => {}
        }
    }
}

#[test]
fn a_log_goes_to_a_pipe_as_it_was_written_and_to_a_terminal_when_that_is_asked_for() {
    let (home, url) = (Home::new(), hub(Manner::Lies));
    let log = format!("log\x1b[31mred\x1b[0m{BAD}\n");
    let mut piped = home.doorbell(&["log", JOB]);
    let piped = piped.envs([("DOORBELL_URL", url.as_str()), ("DOORBELL_TOKEN", "a-secret")]).output().unwrap();
    assert!(String::from_utf8_lossy(&piped.stdout).contains(&log), "{piped:?}");
    // The terminal writes its own line ends.
    assert!(said(&home, &url, &["log", "--raw", JOB], false).contains(&log.replace('\n', "\r\n")));
}
