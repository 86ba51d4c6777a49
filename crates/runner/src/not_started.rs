//! Why a command could not be started, in the words of a shell, and what to do.

use std::{
    ffi::OsStr,
    fs,
    io::{self, Read, Write},
    path::Path,
};

use crate::ending::Exit;

/// Words that a shell takes for its own. There is no such program on the search path, or a shell would not run it.
const OF_SHELLS: &[&str] = &[
    ".",
    ":",
    "[[",
    "alias",
    "bg",
    "bind",
    "break",
    "builtin",
    "case",
    "cd",
    "command",
    "compgen",
    "complete",
    "continue",
    "declare",
    "dirs",
    "disown",
    "eval",
    "exec",
    "exit",
    "export",
    "fc",
    "fg",
    "for",
    "function",
    "getopts",
    "hash",
    "history",
    "if",
    "jobs",
    "let",
    "local",
    "logout",
    "mapfile",
    "popd",
    "pushd",
    "read",
    "readarray",
    "readonly",
    "return",
    "select",
    "set",
    "setopt",
    "shift",
    "shopt",
    "source",
    "suspend",
    "trap",
    "type",
    "typeset",
    "ulimit",
    "umask",
    "unalias",
    "unset",
    "until",
    "wait",
    "while",
];
/// Longest first line that is looked at: what Linux looks at.
const FIRST_LINE: u64 = 256;

/// Says on standard error why a command could not be started, and gives that as its exit.
pub(crate) fn refused(program: &OsStr, error: &io::Error) -> Exit {
    let exit = exit(program, error);
    if let Exit::NotFound(reason) | Exit::NotRunnable(reason) = &exit {
        let _ = writeln!(io::stderr(), "doorbell: {reason}");
    }
    exit
}

/// Why `program` could not be started.
pub(crate) fn exit(program: &OsStr, error: &io::Error) -> Exit {
    let name = program.to_string_lossy();
    if error.kind() == io::ErrorKind::NotFound {
        return Exit::NotFound(format!("cannot run {name}: {}", not_found(program)));
    }
    let why = if error.kind() == io::ErrorKind::PermissionDenied { not_permitted(program) } else { error.to_string() };
    Exit::NotRunnable(format!("cannot run {name}: {why}"))
}

fn not_found(program: &OsStr) -> String {
    let path = Path::new(program);
    if program.as_encoded_bytes().contains(&b'/') {
        return match fs::symlink_metadata(path) {
            Ok(found) if found.is_symlink() && !path.exists() => "it is a link to a file that does not exist".to_owned(),
            Ok(_) => without_interpreter(path),
            Err(_) => "no such file".to_owned(),
        };
    }
    if program.to_str().is_some_and(|word| OF_SHELLS.contains(&word)) {
        let shell = std::env::var_os("SHELL");
        let shell = shell.as_ref().and_then(|shell| Path::new(shell).file_name()?.to_str());
        let shell = shell.filter(|shell| ["bash", "zsh", "fish"].contains(shell)).unwrap_or("bash");
        return format!("it is a shell builtin: use `doorbell run -- {shell} -ic '…'`");
    }
    #[cfg(unix)]
    if let Ok(found) = crate::command::find_in(std::env::var_os("PATH"), program) {
        return without_interpreter(&found);
    }
    if path.is_file() {
        return format!("command not found; the file here is ./{}", path.display());
    }
    "command not found".to_owned()
}

/// The system says of a program whose interpreter or loader is missing that the program itself is.
fn without_interpreter(path: &Path) -> String {
    let mut first = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(FIRST_LINE).read_to_end(&mut first));
    let line = first.split(|byte| *byte == b'\n').next().unwrap_or_default();
    match (read, line.strip_prefix(b"#!")) {
        (Ok(_), Some(interpreter)) => {
            let interpreter = String::from_utf8_lossy(interpreter);
            // Carriage returns of an editor on Windows are a part of the name, which nobody sees.
            let lines = if interpreter.ends_with('\r') { ", as its lines end as on Windows" } else { "" };
            format!(
                "the interpreter on its first line, {}, does not exist{lines}",
                interpreter.split_whitespace().next().unwrap_or("nothing")
            )
        }
        _ => "the program that loads it does not exist on this machine".to_owned(),
    }
}

fn not_permitted(program: &OsStr) -> String {
    let path = Path::new(program);
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => "it is a directory".to_owned(),
        Ok(found) if is_executable(&found) => "its file system, or its interpreter, may not be run".to_owned(),
        Ok(_) | Err(_) => "it is not executable".to_owned(),
    }
}

#[cfg(unix)]
fn is_executable(found: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_found: &fs::Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(program: impl AsRef<OsStr>, kind: io::ErrorKind) -> (i32, String) {
        match exit(program.as_ref(), &kind.into()) {
            exit @ (Exit::NotFound(_) | Exit::NotRunnable(_)) => {
                let code = exit.code();
                let (Exit::NotFound(reason) | Exit::NotRunnable(reason)) = exit else { unreachable!() };
                (code, reason)
            }
            exit @ (Exit::Code(_) | Exit::Signal(_)) => panic!("{exit:?}"),
        }
    }

    #[test]
    fn a_command_that_cannot_start_says_why_in_the_shells_terms() {
        for (program, kind, code, text) in [
            ("nosuch", io::ErrorKind::NotFound, 127, "cannot run nosuch: command not found"),
            ("./nosuch", io::ErrorKind::NotFound, 127, "cannot run ./nosuch: no such file"),
            ("Cargo.toml", io::ErrorKind::NotFound, 127, "cannot run Cargo.toml: command not found; the file here is ./Cargo.toml"),
            ("/etc/passwd", io::ErrorKind::PermissionDenied, 126, "cannot run /etc/passwd: it is not executable"),
            ("./src", io::ErrorKind::PermissionDenied, 126, "cannot run ./src: it is a directory"),
        ] {
            assert_eq!(reason(program, kind), (code, text.to_owned()));
        }
        let (code, words) = reason("cd", io::ErrorKind::NotFound);
        assert_eq!(code, 127);
        assert!(
            words.starts_with("cannot run cd: it is a shell builtin: use `doorbell run -- ") && words.ends_with(" -ic '…'`"),
            "{words}"
        );
    }

    #[test]
    fn an_interpreter_that_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let said = |text: &str| {
            let path = folder.path().join("script");
            fs::write(&path, text).unwrap();
            let (code, words) = reason(&path, io::ErrorKind::NotFound);
            assert_eq!(code, 127);
            words.split_once(": ").unwrap().1.to_owned()
        };
        assert_eq!(said("#! /no/such -x\necho"), "the interpreter on its first line, /no/such, does not exist");
        assert_eq!(
            said("#!/bin/sh\r\necho\r\n"),
            "the interpreter on its first line, /bin/sh, does not exist, as its lines end as on Windows"
        );
        assert_eq!(said("#!"), "the interpreter on its first line, nothing, does not exist");
        assert_eq!(said("\u{7f}ELF"), "the program that loads it does not exist on this machine");
    }
}
