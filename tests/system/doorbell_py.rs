//! `docs/doorbell.py` and the command give a token to the same hubs, and to nobody else.

use std::{
    fs::{self, File, Permissions},
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::fs::{PermissionsExt, chown, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc::{self, Receiver, Sender},
    thread,
};

use doorbell_protocol::place::HubFile;
use doorbell_tests::{Home, Hub, Running, hub::SOON};
use rustix::fs::{CWD, FileType, Mode, mknodat};

const TOKEN: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// Somebody who listens, and tells what is sent to them.
struct Listener {
    address: SocketAddr,
    heard: Receiver<String>,
}

impl Listener {
    fn new(answer: &str) -> Self {
        Self::on("127.0.0.1:0", answer)
    }

    fn on(address: &str, answer: &str) -> Self {
        let listener = TcpListener::bind(address).expect("an address");
        let address = listener.local_addr().expect("its number");
        let (tell, heard) = mpsc::channel();
        let answer = answer.to_owned();
        thread::spawn(move || {
            while let Ok((connection, _)) = listener.accept() {
                if hear(connection, &answer, &tell).is_none() {
                    return;
                }
            }
        });
        Self { address, heard }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was sent here since this was asked last.
    fn calls(&self) -> Vec<String> {
        // Calls are heard one by one, so all that came before this one were.
        let mut last = TcpStream::connect(self.address).expect("it listens");
        last.write_all(b"LAST\r\n\r\n").expect("it listens");
        let heard = std::iter::repeat_with(|| self.heard.recv_timeout(SOON).expect("it hears"));
        heard.take_while(|call| !call.starts_with("LAST")).collect()
    }

    fn has_token(&self) -> bool {
        self.calls().iter().any(|call| call.contains(TOKEN))
    }
}

/// `None` when nobody wants to know any more.
fn hear(mut connection: TcpStream, answer: &str, tell: &Sender<String>) -> Option<()> {
    let lines = BufReader::new(&connection).lines().map_while(Result::ok);
    let call: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let _ = write!(connection, "HTTP/1.1 {answer}content-length: 2\r\nconnection: close\r\n\r\n{{}}");
    tell.send(call.join("\n")).ok()
}

/// A home in which a hub is announced.
struct World {
    home: Home,
    hub: Listener,
    elsewhere: Listener,
    /// Held by the hub, so to say.
    lock: Option<File>,
    variables: Vec<(&'static str, PathBuf)>,
}

impl World {
    fn new() -> Self {
        let elsewhere = Listener::new("200 OK\r\n");
        let hub = Listener::new("200 OK\r\n");
        let mut world = Self { home: Home::new(), hub, elsewhere, lock: None, variables: Vec::new() };
        for folder in [world.run_dir(), world.home.data_dir()] {
            fs::create_dir_all(&folder).expect("a folder");
        }
        fs::write(world.token(), TOKEN).expect("a token");
        world.announce();
        world
    }

    fn announce(&mut self) {
        self.lock = None;
        let hub = HubFile { url: self.hub.url(), pid: 1, data_dir: self.home.data_dir() };
        let mut file = File::create(self.home.hub_file()).expect("an announcement");
        file.write_all(&serde_json::to_vec(&hub).expect("JSON")).expect("an announcement");
        file.lock().expect("its lock");
        self.lock = Some(file);
    }

    fn run_dir(&self) -> PathBuf {
        self.home.path("run/doorbell")
    }

    fn token(&self) -> PathBuf {
        self.home.data_dir().join("token")
    }

    /// Who gets the token: the hub, and anybody else.
    fn who_gets_it(&self, command: &mut Command) -> (bool, bool) {
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        command.stderr(Stdio::null()).env_remove("no_proxy").env_remove("NO_PROXY");
        // Its deadline is ours: one that waits for a pipe waits for ever.
        let _ = Running::start(command).end();
        (self.hub.has_token(), self.elsewhere.has_token())
    }
}

fn python(home: &Home) -> Command {
    let helper = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/doorbell.py");
    fs::copy(helper, home.path("doorbell.py")).expect("the helper");
    let mut command = Command::new("python3");
    home.live_in(&mut command);
    command.args(["-c", "import doorbell; doorbell._call('GET', '/v1/jobs?limit=1')"]);
    command
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("a mode");
}

fn pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).expect("a pipe");
}

/// Moves a file away and leaves a link to it.
fn make_a_link(path: &Path) {
    let aside = path.with_extension("aside");
    fs::rename(path, &aside).expect("a file");
    symlink(aside, path).expect("a link");
}

/// What is special, how it comes to be, and who gets the token then: the hub, and anybody else.
type Case = (&'static str, fn(&mut World), (bool, bool));

const NOBODY: (bool, bool) = (false, false);
const HUB: (bool, bool) = (true, false);

const CASES: &[Case] = &[
    ("nothing", |_| {}, HUB),
    ("a hub that has ended", |world| world.lock = None, NOBODY),
    ("an announcement that is a link", |world| make_a_link(&world.home.hub_file()), NOBODY),
    (
        "an announcement that is a pipe",
        |world| {
            fs::remove_file(world.home.hub_file()).expect("a file");
            pipe(&world.home.hub_file());
        },
        NOBODY,
    ),
    ("a runtime folder that a group can write to", |world| set_mode(&world.run_dir(), 0o770), NOBODY),
    ("a runtime folder that others can read", |world| set_mode(&world.run_dir(), 0o755), HUB),
    ("a data folder that everybody can write to", |world| set_mode(&world.home.data_dir(), 0o1777), NOBODY),
    ("a token that is a link", |world| make_a_link(&world.token()), NOBODY),
    (
        "a token that is a pipe",
        |world| {
            fs::remove_file(world.token()).expect("a file");
            pipe(&world.token());
        },
        NOBODY,
    ),
    (
        "a link that the user names",
        |world| {
            make_a_link(&world.token());
            world.variables.push(("DOORBELL_TOKEN_FILE", world.token()));
        },
        HUB,
    ),
    (
        "a pipe that the user names",
        |world| {
            pipe(&world.home.path("pipe"));
            world.variables.push(("DOORBELL_TOKEN_FILE", world.home.path("pipe")));
        },
        NOBODY,
    ),
    (
        "a redirect",
        |world| {
            world.hub = Listener::new(&format!("307 Temporary Redirect\r\nlocation: {}/v1/jobs\r\n", world.elsewhere.url()));
            world.announce();
        },
        HUB,
    ),
    (
        "a proxy",
        |world| {
            for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
                world.variables.push((name, world.elsewhere.url().into()));
            }
        },
        HUB,
    ),
];

/// Only root can make these.
const CASES_OF_ROOT: &[Case] = &[
    ("an announcement of another user", |world| chown(world.home.hub_file(), Some(65_534), None).expect("an owner"), NOBODY),
    ("a runtime folder of another user", |world| chown(world.run_dir(), Some(65_534), None).expect("an owner"), NOBODY),
    ("a token of another user", |world| chown(world.token(), Some(65_534), None).expect("an owner"), NOBODY),
    ("a data folder of another user", |world| chown(world.home.data_dir(), Some(65_534), None).expect("an owner"), NOBODY),
];

#[test]
fn the_command_and_the_helper_give_the_token_to_the_same() {
    let of_root = if rustix::process::geteuid().is_root() { CASES_OF_ROOT } else { &[] };
    if of_root.is_empty() {
        eprintln!("skipped in part: only root can be another user");
    }
    for (what, make, expected) in CASES.iter().chain(of_root) {
        let mut world = World::new();
        make(&mut world);
        assert_eq!(world.who_gets_it(&mut world.home.doorbell(&["ls"])), *expected, "the command, with {what}");
        assert_eq!(world.who_gets_it(&mut python(&world.home)), *expected, "the helper, with {what}");
    }
}

#[test]
fn who_takes_the_port_of_a_hub_that_was_killed_gets_no_token() {
    let home = Home::new();
    let hub = Hub::start(&home);
    let address = hub.address().to_owned();
    hub.kill();
    let listener = Listener::on(&address, "200 OK\r\n");
    for command in [&mut home.doorbell(&["ls"]), &mut python(&home)] {
        let _ = Running::start(command.stderr(Stdio::null())).end();
    }
    assert_eq!(listener.calls(), [""; 0], "nobody called");
}

#[test]
fn what_answers_and_is_no_hub_does_not_hurt_a_program() {
    for answer in ["SSH-2.0-OpenSSH_9.2\r\n", "500 Internal Server Error\r\n", "200 OK\r\ncontent-length: x\r\n"] {
        let mut world = World::new();
        world.hub = Listener::new(answer);
        world.announce();
        assert!(python(&world.home).status().unwrap().success(), "{answer}");
    }
}
