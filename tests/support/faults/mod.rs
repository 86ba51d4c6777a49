//! A machine that fails when it is told to: the real calls of a real hub to its disk, answered with errors, and to its clock,
//! answered with another time.

mod clock;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use rustix::io::Errno;

use crate::{Home, Hub};

pub use clock::Clock;

/// What the disk of a hub does from now on.
#[derive(Debug)]
pub struct Faults {
    shim: PathBuf,
    control: PathBuf,
}

/// Which calls fail.
#[derive(Clone, Copy, Debug)]
pub enum Call {
    /// Handing data to the system.
    Write,
    /// Having it put on the disk.
    Sync,
}

/// Which files they fail for.
#[derive(Clone, Copy, Debug)]
pub enum Files {
    /// The database and its log.
    Database,
    /// The logs of jobs.
    Logs,
}

/// How often they fail.
#[derive(Clone, Copy, Debug)]
pub enum Often {
    /// The next one only.
    Once,
    /// Until the disk is mended.
    Always,
}

/// A small file system of its own, mounted while this lives.
#[derive(Debug)]
pub struct SmallDisk(PathBuf);

#[expect(clippy::expect_used, reason = "a test whose disk cannot be made cannot go on")]
impl Faults {
    /// Builds what stands between the hub and its disk. The disk works.
    ///
    /// # Panics
    /// There is no C compiler.
    #[must_use]
    pub fn new(home: &Home) -> Self {
        Self { shim: shim(home, "disk", include_str!("disk.c")), control: home.path("faults") }
    }

    /// A hub on this disk.
    #[must_use]
    pub fn hub(&self, home: &Home) -> Hub {
        let mut command = home.doorbell(&["hub", "--listen", "127.0.0.1:0"]);
        Hub::start_as(home, command.env("LD_PRELOAD", &self.shim).env("FAULTS", &self.control))
    }

    /// Makes the disk fail under the database.
    ///
    /// # Panics
    /// The real disk does.
    pub fn fail(&self, call: Call, error: Errno, often: Often) {
        self.fail_for(Files::Database, call, error, often);
    }

    /// Makes the disk fail under some files.
    ///
    /// # Panics
    /// The real disk does.
    pub fn fail_for(&self, files: Files, call: Call, error: Errno, often: Often) {
        let place = match files {
            Files::Database => "doorbell.db",
            Files::Logs => "/logs/",
        };
        let call = match call {
            Call::Write => "write",
            Call::Sync => "sync",
        };
        let often = match often {
            Often::Once => "once",
            Often::Always => "always",
        };
        let draft = self.control.with_extension("draft");
        fs::write(&draft, format!("{call} {} {often} {place}", error.raw_os_error())).expect("the control file");
        fs::rename(draft, &self.control).expect("the control file");
    }

    /// Whether a failure that was to come has not come yet, or goes on.
    #[must_use]
    pub fn are_pending(&self) -> bool {
        self.control.exists()
    }

    /// Makes the disk work.
    ///
    /// # Panics
    /// It works already.
    pub fn mend(&self) {
        fs::remove_file(&self.control).expect("a disk that fails");
    }
}

impl SmallDisk {
    /// Mounts one at `path`; `None` when this user may not, which is said.
    ///
    /// # Panics
    /// There is no `mount`.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test without `mount` cannot go on")]
    pub fn mount(path: &Path, kibibytes: u32) -> Option<Self> {
        fs::create_dir_all(path).expect("a place for the disk");
        let size = format!("size={kibibytes}k,mode=0700");
        let output = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(path).output().expect("mount");
        if output.status.success() {
            return Some(Self(path.to_owned()));
        }
        eprintln!("skipped: no small disk can be mounted here: {}", String::from_utf8_lossy(&output.stderr).trim());
        None
    }

    /// Fills it to the last byte, and gives the file that does.
    ///
    /// # Panics
    /// It never is full.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test whose disk is not full cannot go on")]
    pub fn fill(&self) -> PathBuf {
        use std::io::Write;

        let path = self.0.join("ballast");
        let mut ballast = fs::File::create(&path).expect("a file on the disk");
        let error = std::iter::repeat_with(|| ballast.write_all(&[1; 512])).find_map(Result::err).expect("an error");
        assert_eq!(Errno::from_io_error(&error), Some(Errno::NOSPC));
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// Builds what stands between a program and a part of the machine.
#[expect(clippy::expect_used, reason = "a test without its shim cannot go on")]
fn shim(home: &Home, name: &str, source: &str) -> PathBuf {
    let (shim, file) = (home.path(format!("{name}.so")), home.path(format!("{name}.c")));
    fs::write(&file, source).expect("room for the shim");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&shim).arg(&file).status();
    assert!(built.expect("a C compiler, `cc`").success(), "the shim is built");
    shim
}
