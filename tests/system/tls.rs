//! A hub with TLS, and programs that reach it.

use std::{
    fs,
    io::{ErrorKind, Read},
    net::TcpListener,
    process::{Command, Stdio},
};

use doorbell_protocol::JobState;
use doorbell_tests::{Home, Hub, Running, eventually, hub::SOON};

#[test]
fn programs_reach_a_hub_with_tls_whose_certificate_the_machine_trusts() {
    let home = Home::new();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (cert, key) = (home.path("cert.pem"), home.path("key.pem"));
    fs::write(&cert, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let trusting = |args: &[&str]| {
        let mut command = home.doorbell(args);
        command.env("SSL_CERT_FILE", &cert);
        command
    };
    let (cert_path, key_path) = (cert.to_str().unwrap(), key.to_str().unwrap());
    let args = ["hub", "--listen", "0.0.0.0:0", "--tls-cert", cert_path, "--tls-key", key_path, "--host-name", "localhost"];
    let hub = Hub::start_as(&home, &mut trusting(&args));
    assert!(hub.endpoint().url().starts_with("https://localhost:"), "{}", hub.endpoint().url());

    let said = |command: &mut Command| {
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let (code, text) = said(&mut trusting(&["status"]));
    assert_eq!(code, Some(0), "{text}");
    // The hub's own worker reaches it too: it runs the test job.
    assert_eq!(said(&mut trusting(&["test-job", "--duration", "10ms"])).0, Some(0));
    eventually("the test job ends", SOON, || {
        let (_, text) = said(&mut trusting(&["ls", "--json"]));
        text.contains(&format!("\"state\":\"{}\"", JobState::Succeeded.as_str())).then_some(())
    });

    // A machine that does not trust the certificate is told so, and sends no token.
    let (code, text) = said(home.doorbell(&["status"]).env("SSL_CERT_FILE", home.path("nothing.pem")));
    assert_eq!(code, Some(1), "{text}");
    let (code, text) = said(&mut home.doorbell(&["status"]));
    assert!(code == Some(1) && text.contains("certificate"), "{text}");
}

/// The address means any of this machine's, which is none of its loopback addresses.
#[test]
fn no_token_goes_to_another_machine_without_tls_unless_the_user_says_so() {
    let home = Home::new();
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://0.0.0.0:{}", listener.local_addr().unwrap().port());
    let there = |mut command: Command| {
        command.envs([("DOORBELL_URL", url.as_str()), ("DOORBELL_TOKEN", "a-secret")]).stdin(Stdio::null());
        command
    };
    for args in [&["status"][..], &["ls"], &["watch"], &["worker"], &["open", "--browser"], &["add", "--", "true"]] {
        let output = there(home.doorbell(args)).output().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.code() == Some(1) && said.contains("https") && said.contains("ssh -L"), "{args:?}: {said}");
    }
    assert!(there(home.doorbell(&["run", "true"])).status().unwrap().success());
    let helper = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/doorbell.py");
    let program = || {
        let mut python = Command::new("python3");
        home.live_in(&mut python);
        python.args(["-c", "import sys, runpy; runpy.run_path(sys.argv[1])['Job']('train').__enter__()", helper]);
        there(python)
    };
    assert!(program().status().unwrap().success());
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "somebody connected");

    for mut command in [there(home.doorbell(&["status"])), program()] {
        let mut running = Running::start(command.env("DOORBELL_INSECURE_HTTP", "1"));
        let (mut socket, _) = eventually("it calls", SOON, || listener.accept().ok());
        socket.set_nonblocking(false).unwrap();
        let mut head = String::new();
        socket.set_read_timeout(Some(SOON)).unwrap();
        while !head.contains("\r\n\r\n") {
            let mut block = [0; 4_096];
            let size = socket.read(&mut block).unwrap();
            assert!(size > 0, "{head}");
            head.push_str(std::str::from_utf8(&block[..size]).unwrap());
        }
        assert!(head.contains("Bearer a-secret"), "{head}");
        drop(socket);
        running.wait();
        while listener.accept().is_ok() {}
    }
}
