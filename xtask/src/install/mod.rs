//! `cargo xtask install`: app and command for this user, where shells and desktops find them. `--remove`
//! takes them away again.
//!
//! # Layout
//! - `places`: pure: what goes where, and what to type so that it is found · `file`: how it comes there, and
//!   how it goes · `entry`: what desktops show

mod entry;
mod file;
mod places;

use std::path::Path;

use anyhow::{Result, bail};

use self::{
    file::File,
    places::{Found, Places},
};
use crate::{
    build::{self, released},
    packages,
    phases::Phases,
    tool::{self, cargo, root},
};

const PROGRAMS: [&str; 3] = ["doorbell", "doorbell-tray", "doorbell-panel"];

/// Builds the programs as they are shipped, and puts them in place. What runs is not disturbed.
pub(crate) fn install() -> Result<()> {
    let places = places()?;
    let mut phases = Phases::of("install");
    build::page(&mut phases, &[packages::BUILD])?;
    phases.phase("programs", || {
        let packages = ["-p", "doorbell-cli", "-p", "doorbell-tray", "-p", "doorbell-panel"];
        tool::run(&mut cargo(&[&["build", "--release"][..], &packages].concat())?)
    })?;
    let files = files(&places, &released()?, &root()?);
    phases.phase("files", || files.iter().try_for_each(File::put))?;
    phases.finish();
    eprintln!("{}", in_place(&places, &files));
    Ok(())
}

/// Takes away what [`install`] puts in place, and nothing else.
pub(crate) fn remove() -> Result<()> {
    let places = places()?;
    let mut removed = Vec::new();
    for file in files(&places, &released()?, &root()?) {
        if file.remove()? {
            removed.push(file);
        }
    }
    eprintln!("{}", taken_away(&removed));
    Ok(())
}

fn places() -> Result<Places> {
    if cfg!(windows) {
        bail!(
            "this knows no place for programs on Windows. Build them with `cargo build --release -p doorbell-cli -p \
             doorbell-tray -p doorbell-panel`, and add the folder target\\release to Path"
        );
    }
    Places::of_user(|name| std::env::var_os(name))
}

/// All that is put in place. On macOS these are the programs alone: its desktop shows bundles.
fn files(places: &Places, released: &Path, project: &Path) -> Vec<File> {
    let mut files: Vec<File> = PROGRAMS.iter().map(|name| File::copy(released.join(name), places.program(name))).collect();
    if cfg!(target_os = "linux") {
        files.push(File::text(entry::desktop_entry(&places.program("doorbell-tray")), places.desktop_entry()));
        files.push(File::copy(project.join("icons/doorbell.svg"), places.icon()));
    }
    files
}

fn in_place(places: &Places, files: &[File]) -> String {
    let app = places.typed("doorbell-tray");
    let try_it = match places.found("doorbell", Path::is_file) {
        Found::Ours => "Start the app with `doorbell-tray &`, and a job with `doorbell run -- sleep 10`.".to_owned(),
        Found::Other(other) => format!(
            "`doorbell` is another program here: {} comes first in PATH. What works is the whole path:\n  {app} &\n  {} run -- sleep 10",
            other.display(),
            places.typed("doorbell")
        ),
        Found::Nothing => format!(
            "{} is not in PATH. Type this once, and open a new terminal:\n  {}\nUntil then, what works is the whole path:\n  {app} &\n  {} run -- sleep 10",
            places.programs().display(),
            places.how_to_extend_path(),
            places.typed("doorbell")
        ),
    };
    format!(
        "In place:{}\n\n{try_it}\nAn app that runs stays as it is until you quit it. `cargo xtask install --remove` takes all of this away.",
        listed(files)
    )
}

fn taken_away(removed: &[File]) -> String {
    let what = if removed.is_empty() { "Nothing was in place.".to_owned() } else { format!("Taken away:{}", listed(removed)) };
    what + "\nYour jobs and settings stay where they are. An app that runs goes on until you quit it."
}

fn listed(files: &[File]) -> String {
    files.iter().map(|file| format!("\n  {}", file.place().display())).collect()
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, read_to_string},
        io::Read,
        path::PathBuf,
    };

    use super::*;

    /// A project with built programs, and a user.
    struct World {
        folder: tempfile::TempDir,
        places: Places,
    }

    impl World {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir_all(folder.path().join("project/icons")).unwrap();
            fs::write(folder.path().join("project/icons/doorbell.svg"), "<svg/>").unwrap();
            let home = folder.path().join("home");
            let places = Places::of_user(|name| (name == "HOME").then(|| home.clone().into())).unwrap();
            let world = Self { folder, places };
            world.build("first");
            world
        }

        fn build(&self, content: &str) {
            fs::create_dir_all(self.path("release")).unwrap();
            for name in PROGRAMS {
                fs::write(self.path("release").join(name), content).unwrap();
            }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn files(&self) -> Vec<File> {
            files(&self.places, &self.path("release"), &self.path("project"))
        }

        fn put(&self) {
            self.files().iter().try_for_each(File::put).unwrap();
        }

        /// Every file in the user's home.
        fn home(&self) -> Vec<PathBuf> {
            let mut files = Vec::new();
            let mut folders = vec![self.path("home")];
            while let Some(folder) = folders.pop() {
                for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                    if entry.file_type().unwrap().is_dir() { folders.push(entry.path()) } else { files.push(entry.path()) }
                }
            }
            files.sort();
            files
        }
    }

    #[test]
    fn everything_is_put_in_place_and_can_be_put_there_again() {
        let world = World::new();
        world.put();
        let mut places: Vec<PathBuf> = world.files().iter().map(|file| file.place().to_owned()).collect();
        places.sort();
        assert_eq!(world.home(), places);
        let program = world.places.program("doorbell");
        assert_eq!(read_to_string(&program).unwrap(), "first");
        let mut running = fs::File::open(&program).unwrap();
        world.build("second");
        world.put();
        assert_eq!(world.home(), places, "nothing is left beside");
        assert_eq!(read_to_string(&program).unwrap(), "second");
        let mut first = String::new();
        running.read_to_string(&mut first).unwrap();
        assert_eq!(first, "first", "who has the old one keeps it");
    }

    #[cfg(unix)]
    #[test]
    fn programs_can_be_run() {
        use std::os::unix::fs::PermissionsExt;

        let world = World::new();
        fs::set_permissions(world.path("release/doorbell-tray"), fs::Permissions::from_mode(0o755)).unwrap();
        world.put();
        assert_eq!(fs::metadata(world.places.program("doorbell-tray")).unwrap().permissions().mode() & 0o777, 0o755);
    }

    #[test]
    fn exactly_what_was_put_in_place_is_taken_away() {
        let world = World::new();
        let others = [world.path("home/.local/bin/other"), world.path("home/.local/share/doorbell/doorbell.db")];
        for other in &others {
            fs::create_dir_all(other.parent().unwrap()).unwrap();
            fs::write(other, "theirs").unwrap();
        }
        world.put();
        assert!(world.files().iter().all(|file| file.remove().unwrap()));
        assert_eq!(world.home(), others);
        assert!(world.files().iter().all(|file| !file.remove().unwrap()), "nothing is left to take away");
    }

    #[test]
    fn what_cannot_be_put_in_place_is_named_and_leaves_nothing() {
        let world = World::new();
        fs::create_dir_all(world.places.program("doorbell").join("a folder of that name")).unwrap();
        let error = format!("{:#}", world.files().iter().try_for_each(File::put).unwrap_err());
        assert!(error.contains(".local/bin/doorbell"), "{error}");
        assert!(world.home().is_empty());
    }

    #[test]
    fn what_is_said_works_as_it_is_typed() {
        let world = World::new();
        let said = in_place(&world.places, &world.files());
        let whole = format!("{} run -- sleep 10", world.places.typed("doorbell"));
        assert!(said.contains("is not in PATH") && said.contains(&whole), "{said}");
        world.put();
        let path = world.places.programs().to_owned();
        let home = world.path("home");
        let found = Places::of_user(|name| match name {
            "HOME" => Some(home.clone().into()),
            "PATH" => Some(path.clone().into()),
            _ => None,
        });
        let said = in_place(&found.unwrap(), &world.files());
        assert!(said.contains("`doorbell run -- sleep 10`"), "{said}");
    }
}
