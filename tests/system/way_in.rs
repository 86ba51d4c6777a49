//! `doorbell open --browser` on a machine with other users: the key of its link is for a browser of the same user alone.

use std::{
    ffi::OsString,
    fs,
    io::{Read, Write},
    net::TcpStream,
    process::{Command, Stdio},
};

use doorbell_client::rest::JobQuery;
use doorbell_tests::{Home, Hub, Running, eventually, home::program, hub::SOON, terminal::Terminal};
use rustix::process::geteuid;

/// Nobody, on every Linux.
const OTHER: u32 = 65_534;

/// A home whose browser writes down what it was asked to open, and stays.
fn with_browser() -> (Home, OsString) {
    let home = Home::new();
    let browser = format!("#!/bin/sh\necho \"$@\" > '{0}.new'; mv '{0}.new' '{0}'; sleep 60; :\n", home.path("opened").display());
    home.script("bin/xdg-open", &browser);
    let usual = std::env::var_os("PATH").expect("a PATH");
    let folders = std::iter::once(home.path("bin")).chain(std::env::split_paths(&usual));
    let path = std::env::join_paths(folders).expect("a PATH");
    (home, path)
}

/// The arguments of every process of this machine.
fn arguments() -> Vec<String> {
    let processes = fs::read_dir("/proc").expect("/proc").flatten();
    let read = |process: fs::DirEntry| Some(String::from_utf8_lossy(&fs::read(process.path().join("cmdline")).ok()?).replace('\0', " "));
    processes.filter_map(read).collect()
}

fn ask(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the way in");
    stream.set_read_timeout(Some(SOON)).expect("a deadline");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn the_key_is_in_no_arguments_and_only_a_browser_of_the_same_user_gets_it() {
    let (home, path) = with_browser();
    let hub = Hub::start(&home);
    let mut open = Running::start(home.doorbell(&["open", "--browser", "--role", "view"]).env("PATH", path));
    let target = eventually("the browser is started", SOON, || fs::read_to_string(home.path("opened")).ok());
    let address =
        target.trim().strip_prefix("http://").and_then(|rest| rest.strip_suffix('/')).expect("an address without a secret").to_owned();
    let arguments = arguments();
    assert!(arguments.iter().any(|line| line.contains(target.trim())), "{arguments:?}");

    if geteuid().is_root() {
        let mut other = Command::new("setpriv");
        other.args([&format!("--reuid={OTHER}"), &format!("--regid={OTHER}"), "--clear-groups", "bash", "-c"]);
        let call = format!("exec 3<>/dev/tcp/{}; printf 'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' >&3; cat <&3", address.replace(':', "/"));
        other.arg(&call);
        for _ in 0..3 {
            let output = other.stdin(Stdio::null()).output().expect("the other user's program");
            let answer = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(answer.starts_with("HTTP/1.1 403 ") && !answer.contains("key"), "{output:?}");
        }
    } else {
        eprintln!("skipped in part: only root can be another user");
    }

    let answer = ask(&address, "GET / HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: none\r\n\r\n");
    let link = answer.lines().find_map(|line| line.strip_prefix("Location: ")).unwrap_or_else(|| panic!("{answer}"));
    let key = link.strip_prefix(&format!("{}/#key=", hub.endpoint().url())).expect("a link to the hub");
    assert!(key.len() >= 32 && !arguments.iter().any(|line| line.contains(key)), "{arguments:?}");
    assert!(open.wait().success());
    assert!(!open.output().contains(key));
    assert!(TcpStream::connect(&address).is_err(), "it is still open");

    // The key is good.
    let body = format!("{{\"key\":\"{key}\"}}");
    let request = format!(
        "POST /v1/browser-sessions/open HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let session = ask(hub.address(), &request);
    assert!(session.starts_with("HTTP/1.1 201") && session.contains("\"view\""), "{session}");
    assert!(hub.ask(async |client| client.jobs(JobQuery::default()).await).is_ok());
}

#[test]
fn without_a_browser_the_address_is_shown_on_a_terminal_and_nowhere_else() {
    let home = Home::new();
    let _hub = Hub::start(&home);
    let mut command = Command::new(program());
    command.args(["open", "--browser"]).env("PATH", "");
    let (code, shown) = Terminal::start_as(&home, command, (24, 200), None).end();
    assert!(code == Some(0) && shown.contains("/#key="), "{shown}");
    let output = home.doorbell(&["open", "--browser"]).env("PATH", "").output().expect("doorbell starts");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.code() == Some(1) && said.contains("no browser") && !said.contains("key="), "{said}");
}
