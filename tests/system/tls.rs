//! A hub with TLS, and programs that reach it.

use std::{fs, process::Command};

use doorbell_protocol::JobState;
use doorbell_tests::{Home, Hub};

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
    doorbell_tests::eventually("the test job ends", doorbell_tests::hub::SOON, || {
        let (_, text) = said(&mut trusting(&["ls", "--json"]));
        text.contains(&format!("\"state\":\"{}\"", JobState::Succeeded.as_str())).then_some(())
    });

    // A machine that does not trust the certificate is told so, and sends no token.
    let (code, text) = said(home.doorbell(&["status"]).env("SSL_CERT_FILE", home.path("nothing.pem")));
    assert_eq!(code, Some(1), "{text}");
    let (code, text) = said(&mut home.doorbell(&["status"]));
    assert!(code == Some(1) && text.contains("certificate"), "{text}");
}
