//! Starting other programs: in the project's folder, without input, with an error that names what was run.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// The project's folder.
pub(crate) fn root() -> Result<PathBuf> {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").context("start this as `cargo xtask`")?;
    Ok(Path::new(&here).parent().context("xtask is a folder of the project")?.to_owned())
}

/// A program, to be run in the project's folder.
pub(crate) fn tool(program: &str, args: &[&str]) -> Result<Command> {
    let mut command = Command::new(program);
    command.args(args).current_dir(root()?).stdin(Stdio::null());
    Ok(command)
}

/// The cargo that started this.
pub(crate) fn cargo(args: &[&str]) -> Result<Command> {
    tool(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()), args)
}

/// npm, on the panel's page.
pub(crate) fn npm(args: &[&str]) -> Result<Command> {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let mut command = tool(program, &["--prefix", "ui"])?;
    command.args(args);
    Ok(command)
}

/// Runs a program to its end; what it prints goes to the terminal.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", line(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", line(command));
    }
    Ok(())
}

/// Runs a program to its end and returns what it prints on standard output.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {}", line(command)))?;
    if !output.status.success() {
        bail!("{} ended with {}: {}", line(command), output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The command as one would type it.
fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// A path as a shell takes it: in quotes when it needs them.
pub(crate) fn typed(path: &Path) -> String {
    let word = path.to_string_lossy();
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"/-_.+:@%".contains(&b);
    if word.bytes().all(is_plain) { word.into_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_for_a_shell() {
        assert_eq!(typed(Path::new("/home/me/.local/bin/doorbell")), "/home/me/.local/bin/doorbell");
        assert_eq!(typed(Path::new("/opt/it's here")), r"'/opt/it'\''s here'");
    }
}
