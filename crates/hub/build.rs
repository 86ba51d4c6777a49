//! Puts the built page into the hub. Without one, as on a machine without Node.js, the hub is built all the same and has no page.

use std::{env, fmt::Write, fs, io, path::Path};

fn main() -> io::Result<()> {
    let variable = |name: &str| env::var(name).map_err(io::Error::other);
    let page = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("../../ui/dist");
    println!("cargo::rerun-if-changed={}", page.display());
    let mut files = String::new();
    if page.is_dir() {
        list(&page.canonicalize()?, "", &mut files)?;
    }
    fs::write(Path::new(&variable("OUT_DIR")?).join("page.rs"), format!("const FILES: &[File] = &[{files}];\n"))
}

fn list(folder: &Path, path: &str, files: &mut String) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().into_string().map_err(|name| io::Error::other(format!("{} is no text", name.display())))?;
        let path = format!("{path}/{name}");
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &path, files)?;
        } else {
            write!(files, "File {{ path: {path:?}, content: include_bytes!({:?}) }},", entry.path()).map_err(io::Error::other)?;
        }
    }
    Ok(())
}
