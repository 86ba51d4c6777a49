//! What the command reads and writes is untouched, to the byte and in its order.

use std::{
    fs,
    io::{self, Read, Write},
    os::unix::process::ExitStatusExt,
    process::Stdio,
    time::{Duration, Instant},
};

use doorbell_protocol::JobState;
use doorbell_tests::{Home, Hub, Running, eventually, hub::SOON};

/// Bytes with every value in no order that anything could rely on.
fn noise(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        bytes.extend_from_slice(&(state ^ (state >> 29)).to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

#[test]
fn both_outputs_are_the_same_to_the_byte() {
    let home = Home::new();
    let _hub = Hub::start(&home);
    fs::write(home.path("out"), noise(5_000_000)).unwrap();
    fs::write(home.path("err"), noise(3_000_001)).unwrap();
    let output = home.run(&["run", "--", "sh", "-c", "cat err >&2 & cat out; wait"]);
    assert!(output.status.success());
    assert!(output.stdout == noise(5_000_000), "standard output differs");
    assert!(output.stderr == noise(3_000_001), "standard error differs");
}

#[test]
fn a_gigabyte_goes_in_and_comes_out_to_the_byte() {
    const BLOCK: usize = 1 << 20;
    const BLOCKS: u64 = 1 << 10;
    /// Each block has its number in it and noise otherwise: no block is equal to another one, or to itself
    /// shifted.
    fn block(noise: &mut [u8], number: u64) -> &[u8] {
        noise[..8].copy_from_slice(&number.to_le_bytes());
        noise
    }
    let home = Home::new();
    let _hub = Hub::start(&home);
    let mut child = home.doorbell(&["run", "cat"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let writer = std::thread::spawn(move || {
        let mut noise = noise(BLOCK);
        (0..BLOCKS).try_for_each(|number| stdin.write_all(block(&mut noise, number)))
    });
    let (mut expected, mut seen) = (noise(BLOCK), vec![0; BLOCK]);
    for number in 0..BLOCKS {
        stdout.read_exact(&mut seen).unwrap();
        assert!(seen == block(&mut expected, number), "block {number} differs");
    }
    assert_eq!(stdout.read(&mut seen).unwrap(), 0);
    writer.join().unwrap().unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn input_reaches_the_command() {
    let home = Home::new();
    let mut child = home.doorbell(&["run", "cat"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(&noise(2_000_000)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.stdout == noise(2_000_000));
}

#[test]
fn one_file_for_both_outputs_keeps_their_order() {
    let home = Home::new();
    let script = "for i in $(seq 500); do echo out $i; echo err $i >&2; done";
    let (mut reader, writer) = io::pipe().unwrap();
    let mut command = home.doorbell(&["run", "--", "sh", "-c", script]);
    let mut child = command.stdout(writer.try_clone().unwrap()).stderr(writer).spawn().unwrap();
    drop(command);
    let mut seen = String::new();
    reader.read_to_string(&mut seen).unwrap();
    assert!(child.wait().unwrap().success());
    let expected: String = (1..=500).map(|i| format!("out {i}\nerr {i}\n")).collect();
    assert_eq!(seen, expected);
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_command_as_without_doorbell() {
    let home = Home::new();
    let mut child = home.doorbell(&["run", "yes"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 4];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(&first, b"y\ny\n");
    // It died of SIGPIPE, as `yes` does.
    assert_eq!((status.code(), status.signal()), (None, Some(13)));
}

#[test]
fn a_grandchild_that_keeps_the_pipe_is_not_waited_for() {
    let home = Home::new();
    let start = Instant::now();
    let mut running = Running::start(&mut home.doorbell(&["run", "--", "sh", "-c", "sleep 30 & exit 4"]));
    assert_eq!(running.wait().code(), Some(4));
    let took = start.elapsed();
    assert!(took < Duration::from_secs(15), "{took:?}");
}

#[test]
fn a_grandchild_that_never_stops_writing_does_not_hold_the_end() {
    let home = Home::new();
    let start = Instant::now();
    let mut command = home.doorbell(&["run", "--", "sh", "-c", "yes & exit 5"]);
    assert_eq!(command.stdout(Stdio::null()).status().unwrap().code(), Some(5));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

/// Writes a word when the file `go` is there, and then says that it is alive.
const SERVER: &str = "(while [ ! -e go ]; do sleep 0.02; done; echo late; echo alive > seen) & exit 3";

#[test]
fn a_server_that_is_left_in_the_background_goes_on_and_its_output_too() {
    for (name, run) in [("pipes", vec!["run"]), ("a terminal", vec!["run", "--pty"])] {
        let home = Home::new();
        let args = [run, vec!["--", "sh", "-c", SERVER]].concat();
        let mut running = Running::start(&mut home.doorbell(&args));
        assert_eq!(running.wait().code(), Some(3), "{name}");
        assert!(!home.path("seen").exists(), "{name}");
        fs::write(home.path("go"), "").unwrap();
        running.says("late");
        eventually(&format!("it goes on after {name}"), SOON, || {
            fs::read_to_string(home.path("seen")).ok().filter(|seen| !seen.is_empty())
        });
        // The output ends when what was left in the background ends.
        assert!(running.end().1.trim_end() == "late", "{name}");
    }
}

#[test]
fn a_server_that_a_queued_job_leaves_goes_on() {
    let home = Home::new();
    let hub = Hub::start(&home);
    assert!(home.run(&["add", "--", "sh", "-c", SERVER]).status.success());
    assert_eq!(hub.the_job_is(JobState::Failed).exit_code, Some(3));
    fs::write(home.path("go"), "").unwrap();
    eventually("it goes on", SOON, || fs::read_to_string(home.path("seen")).ok().filter(|seen| !seen.is_empty()));
}

#[test]
fn a_stream_that_is_no_terminal_stays_none() {
    let home = Home::new();
    let output = home.run(&["run", "--", "sh", "-c", "for fd in 0 1 2; do test -t $fd && echo $fd is a terminal; done; exit 0"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
}
