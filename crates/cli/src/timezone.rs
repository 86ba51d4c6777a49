//! The time zone of this machine, by its name in the IANA time zone database.
//!
//! Where it cannot be known for sure it is not guessed: a schedule that runs by another clock than its owner's is worse than none.

use jiff::tz::TimeZone;

/// The name, or why there is none.
pub(crate) fn here() -> Result<String, String> {
    match std::env::var("TZ") {
        Ok(text) => of_variable(&text),
        Err(std::env::VarError::NotUnicode(_)) => Err("TZ cannot be read".to_owned()),
        Err(std::env::VarError::NotPresent) => of_system(),
    }
}

/// What `TZ` names. An empty one is UTC, and a colon may stand before a name, both as POSIX has it.
fn of_variable(text: &str) -> Result<String, String> {
    let name = text.strip_prefix(':').unwrap_or(text);
    if name.is_empty() {
        return Ok("UTC".to_owned());
    }
    let name = name.split_once("/zoneinfo/").map_or(name, |(_, name)| name);
    known(name).ok_or_else(|| format!("TZ is {text:?}, which is no name of the time zone database"))
}

fn known(name: &str) -> Option<String> {
    TimeZone::get(name).ok()?.iana_name().map(str::to_owned)
}

#[cfg(target_os = "linux")]
fn of_system() -> Result<String, String> {
    linux::of_files(std::path::Path::new("/"))
}

#[cfg(not(target_os = "linux"))]
fn of_system() -> Result<String, String> {
    let zone = TimeZone::try_system().map_err(|e| format!("the time zone of this machine is not known: {e}"))?;
    zone.iana_name().map(str::to_owned).ok_or_else(|| "the time zone of this machine has no name".to_owned())
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{fs, io, path::Path};

    use super::known;

    /// What the files below `root` say. `/etc/localtime` is what every clock goes by; without it they show UTC.
    pub(super) fn of_files(root: &Path) -> Result<String, String> {
        let unknown = |why: &str| format!("the time zone of this machine is not known: {why}");
        let clock = root.join("etc/localtime");
        if let Ok(target) = fs::read_link(&clock) {
            let target = target.to_string_lossy();
            let name = target.split_once("zoneinfo/").and_then(|(_, name)| known(name));
            return name.ok_or_else(|| unknown(&format!("/etc/localtime leads to {target:?}")));
        }
        let rules = match fs::read(&clock) {
            Ok(rules) => rules,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok("UTC".to_owned()),
            Err(e) => return Err(unknown(&format!("/etc/localtime: {e}"))),
        };
        // A copy has no name. The file beside it may have one, and may be older than the copy.
        let named = fs::read_to_string(root.join("etc/timezone")).ok().and_then(|text| known(text.trim()));
        named
            .filter(|name| fs::read(root.join("usr/share/zoneinfo").join(name)).is_ok_and(|of_name| of_name == rules))
            .ok_or_else(|| unknown("/etc/localtime is a copy without a name"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_is_a_name_or_refused() {
        for (text, name) in [
            ("Europe/Berlin", "Europe/Berlin"),
            (":europe/berlin", "Europe/Berlin"),
            ("/usr/share/zoneinfo/Asia/Kolkata", "Asia/Kolkata"),
            ("UTC", "UTC"),
            ("", "UTC"),
        ] {
            assert_eq!(of_variable(text), Ok(name.to_owned()), "{text}");
        }
        for text in ["CET-1CEST,M3.5.0,M10.5.0/3", "Mars/Olympus", "/etc/localtime"] {
            assert_eq!(of_variable(text), Err(format!("TZ is {text:?}, which is no name of the time zone database")));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_files_of_a_machine_name_it_or_it_is_not_guessed() {
        use std::{fs, os::unix::fs::symlink, path::Path};

        /// How a machine says it.
        enum Clock {
            Absent,
            Link(&'static str),
            Copy(&'static str),
        }
        let of_files = |clock: Clock, name: Option<&str>| {
            let root = tempfile::tempdir().unwrap();
            let path = |name: &str| root.path().join(name);
            fs::create_dir_all(path("etc")).unwrap();
            fs::create_dir_all(path("usr/share/zoneinfo/Europe")).unwrap();
            for (zone, rules) in [("Europe/Berlin", "TZif one"), ("Europe/Lisbon", "TZif two")] {
                fs::write(Path::new(&path("usr/share/zoneinfo")).join(zone), rules).unwrap();
            }
            match clock {
                Clock::Absent => {}
                Clock::Link(target) => symlink(target, path("etc/localtime")).unwrap(),
                Clock::Copy(rules) => fs::write(path("etc/localtime"), rules).unwrap(),
            }
            if let Some(name) = name {
                fs::write(path("etc/timezone"), format!("{name}\n")).unwrap();
            }
            linux::of_files(root.path())
        };
        let known = |name: &str| Ok(name.to_owned());
        assert_eq!(of_files(Clock::Link("/usr/share/zoneinfo/Europe/Berlin"), None), known("Europe/Berlin"));
        assert_eq!(of_files(Clock::Link("../usr/share/zoneinfo/Europe/Lisbon"), Some("Europe/Berlin")), known("Europe/Lisbon"));
        assert_eq!(of_files(Clock::Absent, Some("Europe/Berlin")), known("UTC"));
        assert_eq!(of_files(Clock::Copy("TZif two"), Some("Europe/Lisbon")), known("Europe/Lisbon"));
        for (clock, name) in [
            (Clock::Link("/srv/clock"), None),
            (Clock::Copy("TZif two"), None),
            (Clock::Copy("TZif two"), Some("Europe/Berlin")),
            (Clock::Copy("TZif two"), Some("Mars/Olympus")),
        ] {
            assert!(of_files(clock, name).unwrap_err().starts_with("the time zone of this machine is not known: "));
        }
    }
}
