//! `cargo xtask bindings`: what is generated from the Rust types: the panel's own, which mirror them, and the wire as OpenAPI.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::tool::{self, cargo, npm, root};

/// Name and content of each file.
type Files = BTreeMap<String, String>;

/// The wire as a document for other programs, made of the table of routes and the wire types.
const DOCUMENT: &str = "docs/openapi.json";

pub(crate) fn bindings() -> Result<()> {
    let folder = folder()?;
    let (new, old) = (generate()?, read(&folder)?);
    fs::create_dir_all(&folder)?;
    for (name, content) in &new {
        fs::write(folder.join(name), content)?;
    }
    for stale in old.keys().filter(|name| !new.contains_key(*name)) {
        fs::remove_file(folder.join(stale))?;
    }
    let differences = differences(&old, &new);
    eprintln!("{} bindings in ui/src/bindings, {} changed", new.len(), differences.len());
    fs::write(root()?.join(DOCUMENT), document()?).with_context(|| format!("cannot write {DOCUMENT}"))
}

/// Fails when the files are not what the types would generate.
pub(crate) fn compare() -> Result<()> {
    let differences = differences(&read(&folder()?)?, &generate()?);
    if !differences.is_empty() {
        bail!("ui/src/bindings is not up to date ({}); run `cargo xtask bindings`", differences.join(", "));
    }
    if fs::read_to_string(root()?.join(DOCUMENT)).ok() != Some(document()?) {
        bail!("{DOCUMENT} is not up to date; run `cargo xtask bindings`");
    }
    Ok(())
}

/// Fails when the document is no OpenAPI, or an example is not what its schema says.
pub(crate) fn validate() -> Result<()> {
    tool::run(&mut npm(&["run", "openapi"])?)
}

fn document() -> Result<String> {
    tool::read(&mut cargo(&["run", "--quiet", "--package", "doorbell-protocol", "--features", "openapi", "--example", "openapi"])?)
}

fn folder() -> Result<PathBuf> {
    Ok(root()?.join("ui/src/bindings"))
}

/// Generates into a folder of its own, so that looking changes nothing.
fn generate() -> Result<Files> {
    let folder = root()?.join("target/bindings");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let packages = ["--package", "doorbell-desk", "--package", "doorbell-protocol", "--features", "doorbell-desk/ts"];
    let mut command = cargo(&[&["test", "--quiet"][..], &packages, &["--lib", "export_bindings"]].concat())?;
    tool::read(command.env("TS_RS_EXPORT_DIR", &folder))?;
    let files = read(&folder)?;
    if files.is_empty() {
        bail!("no bindings were generated");
    }
    Ok(files)
}

fn read(folder: &Path) -> Result<Files> {
    if !folder.exists() {
        return Ok(Files::new());
    }
    let mut files = Files::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let content = fs::read_to_string(entry.path()).with_context(|| format!("cannot read {}", entry.path().display()))?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), content);
    }
    Ok(files)
}

/// What to say about each file that is not the same on both sides.
fn differences(old: &Files, new: &Files) -> Vec<String> {
    let missing = new.keys().filter(|name| !old.contains_key(*name)).map(|name| format!("{name} is missing"));
    let others = old.iter().filter_map(|(name, content)| match new.get(name) {
        None => Some(format!("{name} is stale")),
        Some(new) if new != content => Some(format!("{name} differs")),
        Some(_) => None,
    });
    missing.chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_stale_and_different_files_are_named() {
        let files = |files: &[(&str, &str)]| files.iter().map(|(name, content)| ((*name).to_owned(), (*content).to_owned())).collect();
        let old: Files = files(&[("Same.ts", "1"), ("Stale.ts", "1"), ("Other.ts", "1")]);
        let new: Files = files(&[("Same.ts", "1"), ("New.ts", "1"), ("Other.ts", "2")]);
        assert_eq!(differences(&old, &new), ["New.ts is missing", "Other.ts differs", "Stale.ts is stale"]);
        assert!(differences(&old, &old).is_empty());
    }
}
