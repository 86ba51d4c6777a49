//! A file that is put in place, and taken away again.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process,
};

use anyhow::{Context, Result};

/// What is to be where.
#[derive(Clone, Debug)]
pub(super) struct File {
    content: Content,
    place: PathBuf,
}

#[derive(Clone, Debug)]
enum Content {
    /// Of this file, with its permissions.
    CopyOf(PathBuf),
    Text(String),
}

impl File {
    pub(super) fn copy(of: PathBuf, place: PathBuf) -> Self {
        Self { content: Content::CopyOf(of), place }
    }

    pub(super) fn text(text: String, place: PathBuf) -> Self {
        Self { content: Content::Text(text), place }
    }

    /// Where it goes.
    pub(super) fn place(&self) -> &Path {
        &self.place
    }

    /// Puts it in place in one step. A program of that name that runs goes on with the file that it was
    /// started from, and whoever starts it meanwhile gets all of the old one or all of the new one.
    pub(super) fn put(&self) -> Result<()> {
        let place = &self.place;
        let folder = place.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let draft = place.with_file_name(format!(".{name}.{}", process::id()));
        let put = self.write(&draft).and_then(|()| fs::rename(&draft, place));
        if put.is_err() {
            // It may not even be there.
            let _ = fs::remove_file(&draft);
        }
        put.with_context(|| format!("cannot put {} in place", place.display()))
    }

    /// Takes it away. Whether it was there.
    pub(super) fn remove(&self) -> Result<bool> {
        match fs::remove_file(&self.place) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error).with_context(|| format!("cannot take {} away", self.place.display())),
        }
    }

    fn write(&self, to: &Path) -> io::Result<()> {
        match &self.content {
            Content::CopyOf(file) => fs::copy(file, to).map(drop),
            Content::Text(text) => fs::write(to, text),
        }
    }
}
