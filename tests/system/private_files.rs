//! A machine with other users: what they can reach of ours, and what is in the place of our files.
//!
//! The other user is a real one, so these tests run as root, and say so when they cannot.

use std::{
    fs::{self, Permissions},
    io::Write,
    os::unix::fs::{PermissionsExt, chown, symlink},
    path::Path,
    process::{Command, Stdio},
};

use doorbell_tests::{Home, Hub, Running};
use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};

/// Nobody, on every Linux.
const OTHER: u32 = 65_534;

/// Whether there can be another user in this test.
fn is_root() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        eprintln!("skipped: only root can be another user");
    }
    is_root
}

/// A program that the other user starts.
fn by_other(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args([&format!("--reuid={OTHER}"), &format!("--regid={OTHER}"), "--clear-groups", program]).stderr(Stdio::null());
    command
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("a mode");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

/// What it says when it is refused, within a moment.
fn refused(command: &mut Command) -> String {
    let mut process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
    let stderr = process.stderr.take().expect("its errors");
    let (status, said) = Running::reading(process, stderr).end();
    assert!(!status.success(), "{said}");
    said
}

fn hub(home: &Home) -> Command {
    home.doorbell(&["hub", "--listen", "127.0.0.1:0"])
}

#[test]
fn another_user_can_hold_no_lock_of_ours_and_read_no_token() {
    if !is_root() {
        return;
    }
    let home = Home::new();
    // Others may pass through all that is above, and what an older version made they could read.
    for folder in ["", "run", "run/doorbell", "data", "data/doorbell"].map(|name| home.path(name)) {
        fs::create_dir_all(&folder).unwrap();
        set_mode(&folder, 0o755);
    }
    Hub::start(&home).kill();
    for file in ["lock", "doorbell.db", "doorbell.db-wal", "doorbell.db-shm"].map(|name| home.data_dir().join(name)) {
        set_mode(&file, 0o644);
    }
    set_mode(&home.hub_file(), 0o644);
    let _hub = Hub::start(&home);
    let files = ["lock", "token", "doorbell.db", "doorbell.db-wal", "doorbell.db-shm"].map(|name| home.data_dir().join(name));
    for file in files.into_iter().chain([home.hub_file()]) {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
        assert!(by_other("test").arg("-f").arg(&file).status().unwrap().success(), "the other user gets there");
        let taken = by_other("flock").args(["--nonblock", "--shared"]).arg(&file).arg("true").status().unwrap();
        let read = by_other("cat").arg(&file).stdout(Stdio::null()).status().unwrap();
        assert!(!taken.success() && !read.success(), "{}", file.display());
    }
    assert!(home.run(&["ls"]).status.success());
}

#[test]
fn a_folder_that_another_user_can_change_is_used_by_nobody_of_ours() {
    if !is_root() {
        return;
    }
    let home = Home::new();
    set_mode(&home.path(""), 0o755);
    let shared = home.path("shared");
    fs::create_dir(&shared).unwrap();
    set_mode(&shared, 0o1777);
    // The other user has a hub there, so to say: announced, with its lock held, and with a token.
    let announce = format!(
        r#"cd '{0}'; echo '{{"url":"http://127.0.0.1:9","pid":1,"data_dir":"{0}"}}' > hub.json; echo {1} > token; exec flock hub.json sh -c 'echo there; exec cat'"#,
        shared.display(),
        "0".repeat(64),
    );
    let mut other = by_other("sh").args(["-c", &announce]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let _stays = other.stdin.take();
    let said = other.stdout.take().unwrap();
    let other = Running::reading(other, said);
    other.says("there");

    let in_it = |command: &mut Command| refused(command.env("DOORBELL_DATA_DIR", &shared).env_remove("XDG_RUNTIME_DIR"));
    let advice = format!("run `chmod go-w {}`, or set DOORBELL_DATA_DIR to a folder of your own", shared.display());
    for command in [&mut hub(&home), &mut home.doorbell(&["ls"])] {
        let said = in_it(command);
        assert!(said.contains("other users can write to it") && said.contains(&advice), "{said}");
    }
    // Closed now, but still with what the other user put there.
    set_mode(&shared, 0o755);
    for command in [&mut hub(&home), &mut home.doorbell(&["ls"])] {
        let said = in_it(command);
        assert!(said.contains("it belongs to another user (uid 65534); move it away"), "{said}");
    }
    chown(&shared, Some(OTHER), None).unwrap();
    for command in [&mut hub(&home), &mut home.doorbell(&["ls"])] {
        let said = in_it(command);
        let whose =
            format!("{}: it belongs to another user (uid 65534); run this as that user, or set DOORBELL_DATA_DIR", shared.display());
        assert!(said.contains(&whose), "{said}");
        assert_eq!(said.matches("belongs to").count(), 1, "a cause is told once: {said}");
    }
}

#[test]
fn the_runtime_folder_is_ours_alone_as_well() {
    let home = Home::new();
    let _hub = Hub::start(&home);
    set_mode(&home.path("run/doorbell"), 0o770);
    let advice = format!("run `chmod go-w {}`", home.path("run/doorbell").display());
    for command in [&mut hub(&home), &mut home.doorbell(&["ls"])] {
        let said = refused(command.env("DOORBELL_DATA_DIR", home.path("other")));
        assert!(said.contains(&advice), "{said}");
    }
}

/// Puts something at a path that is no file.
type Plant = fn(&Path);

fn plants() -> Vec<(&'static str, Plant)> {
    let pipe: Plant = |path| mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).expect("a pipe");
    let link: Plant = |path| symlink("/etc/hostname", path).expect("a link");
    let device: Plant = |path| mknodat(CWD, path, FileType::CharacterDevice, Mode::from_raw_mode(0o600), makedev(1, 5)).expect("a device");
    let folder: Plant = |path| fs::create_dir(path).expect("a folder");
    let mut plants = vec![("a pipe", pipe), ("a link", link), ("a folder", folder)];
    if is_root() {
        plants.push(("a device", device));
    }
    plants
}

#[test]
fn what_is_no_file_is_named_by_the_hub_and_by_its_clients() {
    for (what, plant) in plants() {
        for name in ["lock", "token", "doorbell.db", "doorbell.db-wal", "doorbell.db-shm"] {
            let home = Home::new();
            fs::create_dir_all(home.data_dir()).unwrap();
            let path = home.data_dir().join(name);
            plant(&path);
            let said = refused(&mut hub(&home));
            assert!(said.contains(&format!("{}: it is {what}, where a file should be; move it away", path.display())), "{said}");
        }

        let home = Home::new();
        fs::create_dir_all(home.path("run/doorbell")).unwrap();
        plant(&home.hub_file());
        for command in [&mut hub(&home), &mut home.doorbell(&["ls"])] {
            let said = refused(command);
            assert!(said.contains(&format!("{}: it is {what}, where a file should be", home.hub_file().display())), "{said}");
        }

        let home = Home::new();
        let _hub = Hub::start(&home);
        let token = home.data_dir().join("token");
        fs::remove_file(&token).unwrap();
        plant(&token);
        let said = refused(&mut home.doorbell(&["ls"]));
        assert!(said.contains(&format!("{}: it is {what}, where a file should be", token.display())), "{said}");
    }
}

#[test]
fn what_is_no_end_of_a_job_stops_no_end_behind_it() {
    for (what, plant) in plants() {
        let home = Home::new();
        let spool = home.data_dir().join("spool");
        // An end that no hub takes.
        let output = home.run(&["run", "--", "sh", "-c", "exit 3"]);
        assert_eq!((output.status.code(), fs::read_dir(&spool).unwrap().count()), (Some(3), 1));
        // In front of it.
        plant(&spool.join("00000000-0000-7000-8000-000000000000.json"));
        let hub = Hub::start(&home);
        home.run(&["ls"]);
        let job = hub.the_job_is(doorbell_protocol::JobState::Failed);
        assert_eq!(job.exit_code, Some(3), "{what}");
    }
}

#[test]
fn a_token_file_that_the_user_names_may_be_a_link_but_no_pipe() {
    let home = Home::new();
    let _hub = Hub::start(&home);
    let link = home.path("link");
    symlink(home.data_dir().join("token"), &link).unwrap();
    assert!(home.doorbell(&["ls"]).env("DOORBELL_TOKEN_FILE", &link).output().unwrap().status.success());
    let pipe = home.path("pipe");
    plants()[0].1(&pipe);
    let said = refused(home.doorbell(&["ls"]).env("DOORBELL_TOKEN_FILE", &pipe));
    assert!(said.contains(&format!("{}: it is a pipe", pipe.display())), "{said}");
}

/// The draft of a file that is replaced has a name that nobody can guess, so nobody can put something in its place.
#[test]
fn what_is_planted_at_an_old_drafts_name_is_left_alone() {
    let home = Home::new();
    fs::create_dir_all(home.path("run/doorbell")).unwrap();
    let target = home.path("precious");
    fs::File::create(&target).unwrap().write_all(b"mine").unwrap();
    // As an older version named it, after its own process.
    let script = format!("ln -s '{}' '{}'.$$; exec \"$0\" hub --listen 127.0.0.1:0", target.display(), home.hub_file().display());
    let mut command = Command::new("sh");
    home.live_in(command.args(["-c", &script]).arg(doorbell_tests::home::program()));
    let _hub = Hub::start_as(&home, &mut command);
    assert_eq!(fs::read_to_string(target).unwrap(), "mine");
}

/// Whose is what is in the home, by path.
fn owners(folder: &Path) -> Vec<(std::path::PathBuf, u32)> {
    let mut owners = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let metadata = fs::symlink_metadata(&path).expect("what it is");
        owners.push((path.clone(), std::os::unix::fs::MetadataExt::uid(&metadata)));
        if metadata.is_dir() {
            owners.extend(self::owners(&path));
        }
    }
    owners
}

#[test]
fn what_root_starts_for_a_user_makes_nothing_that_the_user_cannot_write_to() {
    if !is_root() {
        return;
    }
    let home = Home::new();
    for folder in ["", "run", "data"].map(|name| home.path(name)) {
        fs::create_dir_all(&folder).unwrap();
        chown(&folder, Some(OTHER), Some(OTHER)).unwrap();
    }
    let before = owners(&home.path(""));
    // As `sudo` where it keeps the home of who typed it.
    for args in [&["run", "true"][..], &["status"], &["ls"], &["add", "true"], &["config"]] {
        home.run(args);
        assert_eq!(owners(&home.path("")), before, "{args:?}");
    }
    assert_eq!(home.run(&["run", "--", "sh", "-c", "exit 3"]).status.code(), Some(3));
    let said = refused(&mut hub(&home));
    assert!(said.contains(&format!("uid {OTHER}")) && said.contains("run this as that user"), "{said}");
    assert_eq!(owners(&home.path("")), before);
}
