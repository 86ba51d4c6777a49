//! The pictures that were taken, and what each shows.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// A folder of pictures.
pub(crate) struct Album {
    folder: PathBuf,
    pictures: Vec<(PathBuf, &'static str)>,
}

impl Album {
    /// An empty one: pictures of an earlier run would be taken for new.
    pub(crate) fn create(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot write {}", folder.display()))?;
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "png") {
                fs::remove_file(path)?;
            }
        }
        Ok(Self { folder: folder.to_owned(), pictures: Vec::new() })
    }

    /// Where a picture goes that shows `what`. Absolute, since the tools that take pictures work elsewhere.
    pub(crate) fn page(&mut self, name: &str, what: &'static str) -> Result<PathBuf> {
        let path = self.folder.join(name).with_extension("png");
        self.pictures.push((path.clone(), what));
        Ok(std::path::absolute(path)?)
    }

    /// Says where the pictures are.
    pub(crate) fn print(&self) {
        for (path, what) in &self.pictures {
            println!("{:<36}  {what}", path.display());
        }
    }
}
